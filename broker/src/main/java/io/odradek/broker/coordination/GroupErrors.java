package io.odradek.broker.coordination;

import io.odradek.coordinator.group.GroupError;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The one place where the coordinator's refusals become error codes. */
public final class GroupErrors {

    private GroupErrors() {}

    /** The code for a whole request or one part of it; {@code NONE} for null. */
    public static short code(@Nullable GroupError error) {
        return (error == null ? Errors.NONE : of(error)).code();
    }

    public static Errors of(GroupError error) {
        return switch (error) {
            case INVALID_GROUP_ID -> Errors.INVALID_GROUP_ID;
            case INVALID_SESSION_TIMEOUT -> Errors.INVALID_SESSION_TIMEOUT;
            case INCONSISTENT_GROUP_PROTOCOL -> Errors.INCONSISTENT_GROUP_PROTOCOL;
            case UNKNOWN_MEMBER_ID -> Errors.UNKNOWN_MEMBER_ID;
            case MEMBER_ID_REQUIRED -> Errors.MEMBER_ID_REQUIRED;
            case FENCED_INSTANCE_ID -> Errors.FENCED_INSTANCE_ID;
            case ILLEGAL_GENERATION -> Errors.ILLEGAL_GENERATION;
            case REBALANCE_IN_PROGRESS -> Errors.REBALANCE_IN_PROGRESS;
            case GROUP_MAX_SIZE_REACHED -> Errors.GROUP_MAX_SIZE_REACHED;
            case GROUP_ID_NOT_FOUND -> Errors.GROUP_ID_NOT_FOUND;
            case NON_EMPTY_GROUP -> Errors.NON_EMPTY_GROUP;
            case GROUP_SUBSCRIBED_TO_TOPIC -> Errors.GROUP_SUBSCRIBED_TO_TOPIC;
            case OFFSET_METADATA_TOO_LARGE -> Errors.OFFSET_METADATA_TOO_LARGE;
            // As Kafka: clients know no better code here, and must not retry for ever.
            case RECORDS_TOO_LARGE -> Errors.UNKNOWN_SERVER_ERROR;
            case COORDINATOR_NOT_AVAILABLE -> Errors.COORDINATOR_NOT_AVAILABLE;
            case COORDINATOR_LOADING -> Errors.COORDINATOR_LOAD_IN_PROGRESS;
            case NOT_COORDINATOR -> Errors.NOT_COORDINATOR;
        };
    }
}
