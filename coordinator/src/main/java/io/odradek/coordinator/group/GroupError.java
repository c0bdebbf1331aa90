package io.odradek.coordinator.group;

/**
 * Why a request was refused, in the coordinator's own words. The broker maps each to one error code of the wire protocol
 * in one place.
 */
public enum GroupError {
    INVALID_GROUP_ID,
    INVALID_SESSION_TIMEOUT,
    INCONSISTENT_GROUP_PROTOCOL,
    UNKNOWN_MEMBER_ID,
    /** The member must join again with the id it was just given (KIP-394). */
    MEMBER_ID_REQUIRED,
    /** Another process took over this {@code group.instance.id} (KIP-345). */
    FENCED_INSTANCE_ID,
    ILLEGAL_GENERATION,
    REBALANCE_IN_PROGRESS,
    GROUP_MAX_SIZE_REACHED,
    GROUP_ID_NOT_FOUND,
    NON_EMPTY_GROUP,
    GROUP_SUBSCRIBED_TO_TOPIC,
    OFFSET_METADATA_TOO_LARGE,
    /** The records of this request do not fit into one batch of the offsets topic. */
    RECORDS_TOO_LARGE,
    /** Try again, here or elsewhere: the write was not taken, or not confirmed in time. */
    COORDINATOR_NOT_AVAILABLE,
    COORDINATOR_LOADING,
    NOT_COORDINATOR
}
