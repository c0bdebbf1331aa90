package io.odradek.replication.controller;

/** Why the controller refuses. Named as in Kafka's protocol, so that each maps to one error code in one place. */
public enum ControllerError {
    TOPIC_ALREADY_EXISTS,
    INVALID_TOPIC,
    INVALID_PARTITIONS,
    INVALID_REPLICATION_FACTOR,
    INVALID_REPLICA_ASSIGNMENT,
    INVALID_CONFIG,
    INVALID_REQUEST,
    POLICY_VIOLATION,
    UNKNOWN_TOPIC_OR_PARTITION,
    UNKNOWN_TOPIC_ID,
    DUPLICATE_BROKER_REGISTRATION,
    BROKER_ID_NOT_REGISTERED,
    STALE_BROKER_EPOCH,
    UNSUPPORTED_VERSION,
    FENCED_LEADER_EPOCH,
    INVALID_UPDATE_VERSION,
    INELIGIBLE_REPLICA,
    /** Done, and by it the partition has another leader than who asked. */
    NEW_LEADER_ELECTED,
    ELECTION_NOT_NEEDED,
    PREFERRED_LEADER_NOT_AVAILABLE,
    ELIGIBLE_LEADERS_NOT_AVAILABLE,
    NO_REASSIGNMENT_IN_PROGRESS,
    NOT_LEADER_OR_FOLLOWER,
    /** Another node is in charge: this one is not the active controller, or who asks knows of decisions that it does not. Nothing was done. */
    NOT_CONTROLLER,
    /** The metadata log can't be written, its loop has stopped, or another node leads: nothing is known about the request's fate. */
    CONTROLLER_UNAVAILABLE
}
