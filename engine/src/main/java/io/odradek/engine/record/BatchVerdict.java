package io.odradek.engine.record;

import java.util.List;

/** What {@link BatchCheck} decided. */
public sealed interface BatchVerdict {

    /** It may be appended. The batch holds the lease from now on. */
    record Accepted(ValidatedBatch batch) implements BatchVerdict {}

    /** It may not. The lease has been released. */
    record Refused(Refusal reason, String message, List<RecordError> recordErrors) implements BatchVerdict {}
}
