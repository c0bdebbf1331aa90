package io.odradek.replication.quorum;

import io.odradek.replication.quorum.EntryBatch.Payload;
import io.odradek.replication.quorum.VoterSet.Voter;
import org.jspecify.annotations.Nullable;

/** What happens to a server of the quorum. */
public sealed interface QuorumEvent {

    /** Nothing but that: a deadline may have come. */
    record TimePassed() implements QuorumEvent {}

    /**
     * Another server asks.
     *
     * @param requestId comes back in the effect that answers it, exactly once
     */
    record Asked(long requestId, QuorumRequest request) implements QuorumEvent {}

    /**
     * A request of ours was answered.
     *
     * @param requestId of its {@link QuorumEffect.Send}
     */
    record Answered(long requestId, QuorumAnswer answer) implements QuorumEvent {}

    /** A request of ours will not be answered: no connection, a time-out, or an answer that makes no sense. */
    record Failed(long requestId) implements QuorumEvent {}

    /**
     * A sync of the log has ended.
     *
     * @param end where the log ended when it began, exclusive
     * @param cuts {@link LogOutline#cuts} when it began. A log is only cut when all of it is on disk, so a sync from before a cut was one for
     *     nothing; still, what it made durable may have been written anew since, and it is not believed
     */
    record Synced(long end, long cuts) implements QuorumEvent {}

    /**
     * The controller has records for the log.
     *
     * @param epoch in which it was active: they are dropped when this server does not lead it any more
     * @param count how many records {@code payload} holds
     */
    record AppendRequested(int epoch, int count, Payload payload) implements QuorumEvent {}

    /** A snapshot of committed records was written, and is on disk. */
    record SnapshotTaken(OffsetAndEpoch snapshot) implements QuorumEvent {}

    /**
     * A snapshot was fetched for {@link QuorumEffect.FetchSnapshot}, is whole, and on disk beside the log.
     *
     * @param voters that it carries; null when it says nothing of them
     */
    record SnapshotFetched(
            OffsetAndEpoch snapshot, @Nullable VoterSet voters) implements QuorumEvent {}

    /** Another server fetches a piece of this one's snapshot: it hears this leader, though it acknowledges nothing. */
    record SnapshotRead(ReplicaKey by, int epoch) implements QuorumEvent {}

    /** It was not: the leader is gone, or has it no more. */
    record SnapshotFailed(OffsetAndEpoch snapshot) implements QuorumEvent {}

    /** @param timeoutMs how long it may wait for the new one to catch up */
    record AddVoterRequested(long requestId, Voter voter, int timeoutMs) implements QuorumEvent {}

    record RemoveVoterRequested(long requestId, ReplicaKey voter) implements QuorumEvent {}

    /** A voter has other endpoints. */
    record UpdateVoterRequested(long requestId, Voter voter) implements QuorumEvent {}

    /** The process is about to end: a leader hands over. */
    record ShutDown() implements QuorumEvent {}
}
