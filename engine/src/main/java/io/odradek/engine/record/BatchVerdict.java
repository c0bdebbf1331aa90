package io.odradek.engine.record;

import java.util.List;

/** What {@link BatchCheck} says of a producer's bytes. */
public sealed interface BatchVerdict {

    /** It may be appended. The batch owns the lease, or memory of its own when it had to be rewritten. */
    record Accepted(ValidatedBatch batch) implements BatchVerdict {}

    /**
     * It may not; the lease was released.
     *
     * @param message for the client
     * @param recordErrors the single records at fault, in order, at most {@link RecordWalk#MAX_RECORD_ERRORS}; empty when
     *     the batch as a whole is at fault
     */
    record Refused(Refusal reason, String message, List<RecordError> recordErrors) implements BatchVerdict {}
}
