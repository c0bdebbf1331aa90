package io.odradek.broker.request;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.AppendOutcome.Duplicate;
import io.odradek.engine.AppendOutcome.NotLeader;
import io.odradek.engine.AppendOutcome.OutOfOrderSequence;
import io.odradek.engine.AppendOutcome.ProducerFenced;
import io.odradek.engine.AppendOutcome.StorageFailed;
import io.odradek.engine.AppendOutcome.TooLarge;
import io.odradek.engine.record.Refusal;
import java.util.EnumSet;
import java.util.Set;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The one place where a batch that was not written gets its error code. */
final class ProduceErrors {
    private static final Set<Errors> EXPECTED = EnumSet.of(
            Errors.UNKNOWN_TOPIC_OR_PARTITION,
            Errors.NOT_LEADER_OR_FOLLOWER,
            Errors.INVALID_TOPIC_EXCEPTION,
            Errors.MESSAGE_TOO_LARGE,
            Errors.RECORD_LIST_TOO_LARGE,
            Errors.CORRUPT_MESSAGE,
            Errors.KAFKA_STORAGE_ERROR);

    /** @param status of the partition: a log that was closed because its topic went is no trouble of the storage */
    static Errors of(AppendOutcome outcome, Errors status) {
        return switch (outcome) {
            case Appended _, Duplicate _ -> Errors.NONE;
            case OutOfOrderSequence _ -> Errors.OUT_OF_ORDER_SEQUENCE_NUMBER;
            case ProducerFenced _ -> Errors.INVALID_PRODUCER_EPOCH;
            case NotLeader _ -> Errors.NOT_LEADER_OR_FOLLOWER;
            case TooLarge _ -> Errors.RECORD_LIST_TOO_LARGE;
            case AppendOutcome.NotNext _ -> Errors.UNKNOWN_SERVER_ERROR; // nobody produces what a leader sends
            case StorageFailed _ -> status == Errors.NONE ? Errors.KAFKA_STORAGE_ERROR : status;
        };
    }

    /** What the client is told besides the code; null when the code says it all. */
    static @Nullable String message(AppendOutcome outcome) {
        return switch (outcome) {
            case Appended _, Duplicate _, NotLeader _ -> null;
            case OutOfOrderSequence(int expected, int received) ->
                "Out of order sequence number: expected " + expected + ", received " + received + ".";
            case ProducerFenced(short current, short received) ->
                "Producer epoch " + received + " is older than the last one seen, " + current + ".";
            case TooLarge(int sizeBytes, int segmentBytes) ->
                "The batch has " + sizeBytes + " bytes, more than the segment size of " + segmentBytes + ".";
            case AppendOutcome.NotNext(String why) -> why;
            case StorageFailed(String reason) -> reason;
        };
    }

    /** Kafka's codes for what its validator finds. */
    static Errors of(Refusal reason) {
        return switch (reason) {
            case CORRUPT -> Errors.CORRUPT_MESSAGE;
            case INVALID_RECORD -> Errors.INVALID_RECORD;
            case TOO_LARGE -> Errors.MESSAGE_TOO_LARGE;
            case INVALID_TIMESTAMP -> Errors.INVALID_TIMESTAMP;
            case UNSUPPORTED_COMPRESSION -> Errors.UNSUPPORTED_COMPRESSION_TYPE;
        };
    }

    /**
     * Whether Kafka counts it among {@code FailedProduceRequestsPerSec}: what is nobody's fault, or a client's that it will
     * notice itself, is not (Kafka's ReplicaManager, where it appends).
     */
    static boolean isUnexpected(Errors error) {
        return !EXPECTED.contains(error);
    }

    private ProduceErrors() {}
}
