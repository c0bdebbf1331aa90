package io.odradek.replication.partition;

import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.InSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.LocallyAppended;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import java.util.List;

/**
 * One reign over one partition: what is committed. Confined to the loop that settles the partition.
 *
 * <pre>
 *   high watermark = min over in-sync replicas of their durable end,
 *                    never lower than before,
 *                    and only while |in-sync replicas| ≥ min(min.insync.replicas, replication factor)   (KIP-966)
 * </pre>
 *
 * A replica joins the in-sync set only at or past the high watermark, so the minimum cannot fall by its joining; that it shrinks
 * when a slow one leaves is how the set is meant to work. {@link #localEnd} is called once per settled group and allocates
 * nothing; {@link #step} wraps it for whoever records or replays events.
 */
public final class LeaderMachine {

    private final int localId;
    private final int leaderEpoch;
    private ReplicaProgress[] inSync;
    private final ReplicaProgress local;
    private int partitionEpoch;
    private int minInSyncReplicas;
    private int replicationFactor;
    private long highWatermark;

    /**
     * Begins a reign.
     *
     * @param localId this broker
     * @param inSyncReplicas ids, with {@code localId} among them
     * @param highWatermark last one known, from a checkpoint or from following; at most {@code durableEnd}
     * @param durableEnd the local log's end, exclusive, durable
     */
    public LeaderMachine(
            int localId,
            int leaderEpoch,
            int partitionEpoch,
            List<Integer> inSyncReplicas,
            int replicationFactor,
            int minInSyncReplicas,
            long highWatermark,
            long durableEnd) {
        if (highWatermark > durableEnd) {
            throw new IllegalArgumentException(
                    "high watermark " + highWatermark + " is beyond the log's end " + durableEnd);
        }
        this.localId = localId;
        this.leaderEpoch = leaderEpoch;
        this.partitionEpoch = partitionEpoch;
        this.minInSyncReplicas = minInSyncReplicas;
        this.replicationFactor = replicationFactor;
        this.local = new ReplicaProgress(localId, durableEnd);
        this.inSync = new ReplicaProgress[] {local};
        this.highWatermark = highWatermark;
        this.inSync = progressOf(inSyncReplicas);
        advance();
    }

    public int leaderEpoch() {
        return leaderEpoch;
    }

    public int partitionEpoch() {
        return partitionEpoch;
    }

    /** Exclusive; never goes back. */
    public long highWatermark() {
        return highWatermark;
    }

    /**
     * Whether a produce with acks=all may be appended. When not, it is refused before anything is written (NOT_ENOUGH_REPLICAS):
     * it could not be acknowledged.
     */
    public boolean admitsAcksAll() {
        // A topic of one replica with min.insync.replicas=2 could never be written with acks=all; Kafka takes the
        // smaller, too.
        return inSync.length >= Math.min(minInSyncReplicas, replicationFactor);
    }

    /** The local log is durable up to {@code durableEnd}, exclusive. Returns the high watermark, moved or not. */
    public long localEnd(long durableEnd) {
        assert durableEnd >= local.durableEnd() : "durable end went back to " + durableEnd;
        local.reached(durableEnd);
        return advance();
    }

    public List<LeaderEffect> step(LeaderEvent event) {
        long before = highWatermark;
        switch (event) {
            case LocallyAppended(long durableEnd) -> localEnd(durableEnd);
            case FollowerFetched(int replicaId, long fetchOffset) -> onFollowerFetch(replicaId, fetchOffset);
            case InSyncReplicasChanged change -> onInSyncReplicas(change);
            case MinInSyncReplicasChanged(int min) -> {
                minInSyncReplicas = min;
                advance();
            }
        }
        return highWatermark == before ? List.of() : List.of(new AdvanceHighWatermark(highWatermark));
    }

    private void onFollowerFetch(int replicaId, long fetchOffset) {
        for (ReplicaProgress progress : inSync) {
            // A follower cannot have what the leader's own disk does not have yet; what it holds beyond counts when it
            // does.
            if (progress.replicaId() == replicaId && replicaId != localId) {
                progress.reached(fetchOffset);
            }
        }
        advance();
    }

    private void onInSyncReplicas(InSyncReplicasChanged change) {
        if (change.partitionEpoch() > partitionEpoch) {
            inSync = progressOf(change.inSyncReplicas());
            partitionEpoch = change.partitionEpoch();
            replicationFactor = change.replicationFactor();
            advance();
        }
    }

    private ReplicaProgress[] progressOf(List<Integer> ids) {
        ReplicaProgress[] next = new ReplicaProgress[ids.size()];
        boolean withLocal = false;
        for (int i = 0; i < ids.size(); i++) {
            next[i] = known(ids.get(i));
            withLocal |= ids.get(i) == localId;
        }
        if (!withLocal) {
            throw new IllegalArgumentException("leader " + localId + " is not in its own in-sync set");
        }
        return next;
    }

    /** Whoever joins has at least everything committed; more is learnt from its fetches. */
    private ReplicaProgress known(int id) {
        for (ReplicaProgress progress : inSync) {
            if (progress.replicaId() == id) {
                return progress;
            }
        }
        return new ReplicaProgress(id, highWatermark);
    }

    private long advance() {
        if (admitsAcksAll()) {
            long least = Long.MAX_VALUE;
            for (int i = 0; i < inSync.length; i++) {
                least = Math.min(least, inSync[i].durableEnd());
            }
            highWatermark = Math.max(highWatermark, least);
        }
        return highWatermark;
    }
}
