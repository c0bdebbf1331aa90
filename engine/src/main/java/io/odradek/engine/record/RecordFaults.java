package io.odradek.engine.record;

import java.util.ArrayList;
import java.util.List;

/** Records of a batch that are well-formed and still not welcome (KIP-467). */
final class RecordFaults {
    private final List<RecordError> errors = new ArrayList<>();
    private boolean timestamps;

    void clear() {
        errors.clear();
        timestamps = false;
    }

    void missingKey(int index) {
        errors.add(new RecordError(index, "Compacted topic cannot accept message without key."));
    }

    void tooFar(int index, long timestamp, long nowMs, BatchRules rules) {
        timestamps = true;
        errors.add(new RecordError(
                index,
                "Timestamp " + timestamp + " of message with offset delta " + index
                        + " is out of range. The timestamp should be within [" + (nowMs - rules.timestampBeforeMaxMs())
                        + ", " + (nowMs + rules.timestampAfterMaxMs()) + "]"));
    }

    boolean isEmpty() {
        return errors.isEmpty();
    }

    /** As Kafka answers: one bad timestamp makes the whole batch's error INVALID_TIMESTAMP. */
    BatchVerdict.Refused refused() {
        return timestamps
                ? new BatchVerdict.Refused(
                        Refusal.INVALID_TIMESTAMP,
                        "One or more records have been rejected due to invalid timestamp",
                        List.copyOf(errors))
                : new BatchVerdict.Refused(
                        Refusal.INVALID_RECORD,
                        "One or more records have been rejected due to " + errors.size() + " record errors in total",
                        List.copyOf(errors));
    }
}
