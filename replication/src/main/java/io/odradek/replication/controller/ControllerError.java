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
    /** This node is not the active controller, and has not looked at the request. */
    NOT_CONTROLLER,
    /** The metadata log can't be written, its loop has stopped, or another node leads: nothing is known about the request's fate. */
    CONTROLLER_UNAVAILABLE
}
