package io.odradek.coordinator.group;

import java.util.List;

/** What the host must do, in list order. */
public sealed interface GroupEffect {

    /**
     * Append these records as one batch, after all earlier ones, and report back in the same order:
     * {@link GroupEvent.Appended} when they are committed, {@link GroupEvent.AppendRefused} when they certainly are not in
     * the log. When neither is known, the machine must be dropped and loaded anew from the log. Answers that
     * depend on the records come out of the report, so they cannot leave too early.
     *
     * @param appendId counts up by one
     */
    record Append(long appendId, List<GroupRecord> records) implements GroupEffect {}

    /** Exactly one for every request that was stepped. */
    record Answer(long requestId, GroupReply reply) implements GroupEffect {}

    /** For logs and metrics only. */
    record ReportTransition(
            String groupId, GroupState from, GroupState to, int generationId, int memberCount, String reason)
            implements GroupEffect {}
}
