package io.odradek.broker.request;

import io.odradek.replication.controller.ControllerError;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The controller's refusals as Kafka's error codes. */
public final class ControllerErrors {

    public static Errors toKafka(ControllerError error) {
        return switch (error) {
            case TOPIC_ALREADY_EXISTS -> Errors.TOPIC_ALREADY_EXISTS;
            case INVALID_TOPIC -> Errors.INVALID_TOPIC_EXCEPTION;
            case INVALID_PARTITIONS -> Errors.INVALID_PARTITIONS;
            case INVALID_REPLICATION_FACTOR -> Errors.INVALID_REPLICATION_FACTOR;
            case INVALID_REPLICA_ASSIGNMENT -> Errors.INVALID_REPLICA_ASSIGNMENT;
            case INVALID_CONFIG -> Errors.INVALID_CONFIG;
            case INVALID_REQUEST -> Errors.INVALID_REQUEST;
            case POLICY_VIOLATION -> Errors.POLICY_VIOLATION;
            case UNKNOWN_TOPIC_OR_PARTITION -> Errors.UNKNOWN_TOPIC_OR_PARTITION;
            case UNKNOWN_TOPIC_ID -> Errors.UNKNOWN_TOPIC_ID;
            case DUPLICATE_BROKER_REGISTRATION -> Errors.DUPLICATE_BROKER_REGISTRATION;
            case BROKER_ID_NOT_REGISTERED -> Errors.BROKER_ID_NOT_REGISTERED;
            case STALE_BROKER_EPOCH -> Errors.STALE_BROKER_EPOCH;
            case UNSUPPORTED_VERSION -> Errors.UNSUPPORTED_VERSION;
            case FENCED_LEADER_EPOCH -> Errors.FENCED_LEADER_EPOCH;
            case INVALID_UPDATE_VERSION -> Errors.INVALID_UPDATE_VERSION;
            case INELIGIBLE_REPLICA -> Errors.INELIGIBLE_REPLICA;
            case NEW_LEADER_ELECTED -> Errors.NEW_LEADER_ELECTED;
            case ELECTION_NOT_NEEDED -> Errors.ELECTION_NOT_NEEDED;
            case PREFERRED_LEADER_NOT_AVAILABLE -> Errors.PREFERRED_LEADER_NOT_AVAILABLE;
            case ELIGIBLE_LEADERS_NOT_AVAILABLE -> Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE;
            case NO_REASSIGNMENT_IN_PROGRESS -> Errors.NO_REASSIGNMENT_IN_PROGRESS;
            case NOT_LEADER_OR_FOLLOWER -> Errors.NOT_LEADER_OR_FOLLOWER;
            // Retriable, and makes the client look for the controller again.
            case NOT_CONTROLLER, CONTROLLER_UNAVAILABLE -> Errors.NOT_CONTROLLER;
        };
    }

    /** Of another node's controller; null for an error that ours does not have. */
    public static @Nullable ControllerError fromKafka(Errors error) {
        for (ControllerError known : ControllerError.values()) {
            if (toKafka(known) == error) {
                return known;
            }
        }
        return null;
    }

    private ControllerErrors() {}
}
