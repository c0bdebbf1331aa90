package io.odradek.replication.partition;

import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.LeaseLapsed;
import io.odradek.replication.partition.LeaderEvent.LeaseRenewed;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.ReplicaEffect.Follow;
import io.odradek.replication.partition.ReplicaEffect.Lead;
import io.odradek.replication.partition.ReplicaEffect.StandBy;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One replica of one partition, in one process: leads, follows or stands by, as the metadata log says ({@code tla/core/Isr}, {@code
 * ApplyMetadata}). A new leader epoch is a new {@link LeaderMachine} or {@link FollowerMachine}, which knows nothing of the one before but
 * where the log ends and what is known to be committed. Confined to the loop that settles the partition.
 *
 * <p>Nothing is cut when the leader changes: the leader will say where, when it is asked (KIP-595). While something is being done to the log,
 * news of the partition waits, so that no reign begins in the middle of that; of several the newest counts.
 */
public final class ReplicaMachine {

    /** What it is by the newest metadata. */
    private sealed interface Role {
        record Leading(LeaderMachine machine) implements Role {}

        record Following(FollowerMachine machine) implements Role {}

        record StandingBy() implements Role {}
    }

    private static final int NO_PARTITION_EPOCH = -1;
    private static final int BEFORE_ANY_LEADER_EPOCH = -1;

    private final int localId;
    private final long brokerEpoch;
    private final ReplicaLog log;
    private final CommitRule rule;
    private final ReplicationSettings settings;

    private Role role = new Role.StandingBy();
    private int partitionEpoch = NO_PARTITION_EPOCH;
    private int leaderEpoch = BEFORE_ANY_LEADER_EPOCH;
    private @Nullable PartitionImage waiting;
    private int minInSyncReplicas;
    private long highWatermark;
    private long durableEnd;
    private boolean leased;

    /** Of exchanges and requests, across reigns: what was asked in one says nothing in the next. */
    private long nextNumber;

    /**
     * A replica whose process has started; it stands by until it hears of the partition.
     *
     * @param brokerEpoch of this process
     * @param minInSyncReplicas of the topic
     * @param highWatermark last one known, at most the log's end: a checkpoint of {@link #checkpoint}, or the log's start
     * @param durableEnd of the log, exclusive
     * @param leased whether this broker may act as leader at first
     */
    public ReplicaMachine(
            int localId,
            long brokerEpoch,
            int minInSyncReplicas,
            long highWatermark,
            long durableEnd,
            ReplicaLog log,
            CommitRule rule,
            ReplicationSettings settings,
            boolean leased) {
        if (highWatermark > log.logEndOffset() || highWatermark < log.logStartOffset()) {
            throw new IllegalArgumentException("high watermark " + highWatermark
                    + " is not in the log, which goes from " + log.logStartOffset() + " to " + log.logEndOffset());
        }
        this.localId = localId;
        this.brokerEpoch = brokerEpoch;
        this.minInSyncReplicas = minInSyncReplicas;
        this.highWatermark = highWatermark;
        this.durableEnd = durableEnd;
        this.log = log;
        this.rule = rule;
        this.settings = settings;
        this.leased = leased;
    }

    // ---- Looking at it. On the loop.

    /** Null when it does not lead, by the metadata; whether it may act as leader is {@link LeaderMachine#acts}. */
    public @Nullable LeaderMachine leader() {
        return role instanceof Role.Leading(LeaderMachine machine) ? machine : null;
    }

    /** Whom it follows; {@link PartitionImage#NO_LEADER} when nobody. */
    public int follows() {
        return role instanceof Role.Following(FollowerMachine machine) ? machine.leader() : PartitionImage.NO_LEADER;
    }

    /** -1 before it has heard of the partition. */
    public int partitionEpoch() {
        return partitionEpoch;
    }

    /** -1 before it has heard of the partition. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** Exclusive: what lies below is committed, and here. */
    public long highWatermark() {
        return switch (role) {
            case Role.Leading(LeaderMachine machine) -> machine.highWatermark();
            case Role.Following(FollowerMachine machine) -> machine.highWatermark();
            case Role.StandingBy() -> highWatermark;
        };
    }

    /**
     * What may be written down of the high watermark: what it is worth after a crash. A follower hears of it before what lies below is durable
     * here, and a checkpoint beyond the log's end would be none.
     */
    public long checkpoint() {
        return role instanceof Role.Following(FollowerMachine machine)
                ? machine.checkpoint()
                : Math.min(highWatermark(), durableEnd);
    }

    /** When {@link ReplicaEvent.TimePassed} is wanted, at the latest. */
    public long deadlineMs() {
        return switch (role) {
            case Role.Leading(LeaderMachine machine) -> machine.deadlineMs();
            case Role.Following(FollowerMachine machine) -> machine.deadlineMs();
            case Role.StandingBy() -> Long.MAX_VALUE;
        };
    }

    // ---- Steps.

    /**
     * {@link ReplicaEvent.LocallyAppended} for who leads and has no followers: once per settled group, and allocates nothing. Returns the high
     * watermark, moved or not.
     */
    public long localEnd(long end) {
        if (!(role instanceof Role.Leading(LeaderMachine machine))) {
            throw new IllegalStateException("nobody leads here");
        }
        durableEnd = end;
        return machine.localEnd(end);
    }

    /** @param now of a clock that does not go back, in milliseconds; a time before the last one is taken for the last one */
    public List<ReplicaEffect> step(long now, ReplicaEvent event) {
        List<ReplicaEffect> effects = new ArrayList<>();
        switch (event) {
            case PartitionChanged(PartitionImage image) -> hear(image);
            case LocallyAppended(long end) -> durableEnd = end;
            case Truncated(long end) -> durableEnd = end;
            case MinInSyncReplicasChanged(int min) -> minInSyncReplicas = min;
            case LeaseLapsed() -> leased = false;
            case LeaseRenewed() -> leased = true;
            case LeaderEvent _, FollowerEvent _, ReplicaEvent.TimePassed _ -> {}
        }
        if (!(event instanceof PartitionChanged)) {
            if (event instanceof FollowerFetched(long requestId, ReplicaFetch _) && !(role instanceof Role.Leading)) {
                effects.add(new Reply(requestId, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)));
            }
            effects.addAll(stepRole(now, event));
        }
        applyWaiting(now, effects);
        return List.copyOf(effects);
    }

    private List<? extends ReplicaEffect> stepRole(long now, ReplicaEvent event) {
        return switch (role) {
            case Role.Leading(LeaderMachine machine) -> machine.step(now, event);
            case Role.Following(FollowerMachine machine) -> machine.step(now, event, waiting == null);
            case Role.StandingBy() -> List.of();
        };
    }

    private void hear(PartitionImage image) {
        int newest = waiting == null ? partitionEpoch : waiting.partitionEpoch();
        if (image.partitionEpoch() > newest) {
            waiting = image;
        }
    }

    private void applyWaiting(long now, List<ReplicaEffect> effects) {
        PartitionImage image = waiting;
        if (image == null || (role instanceof Role.Following(FollowerMachine machine) && machine.changesLog())) {
            return;
        }
        waiting = null;
        if (image.leaderEpoch() < leaderEpoch) {
            throw new IllegalArgumentException("partition epoch " + image.partitionEpoch() + " is of leader epoch "
                    + image.leaderEpoch() + ", but epoch " + leaderEpoch + " was before it");
        }
        // In the same epoch it may be given a replica, or have none any more.
        boolean standsBy = !image.hasLeader() || !image.replicas().contains(localId);
        boolean newReign = image.leaderEpoch() > leaderEpoch || standsBy != role instanceof Role.StandingBy;
        partitionEpoch = image.partitionEpoch();
        leaderEpoch = image.leaderEpoch();
        if (newReign) {
            become(image, standsBy, now, effects);
        } else if (role instanceof Role.Leading(LeaderMachine machine)) {
            effects.addAll(machine.step(now, new PartitionChanged(image)));
        } else if (role instanceof Role.Following(FollowerMachine machine)) {
            effects.addAll(machine.step(now, new ReplicaEvent.TimePassed(), true)); // it may have waited with its fetch
        }
    }

    private void become(PartitionImage image, boolean standsBy, long now, List<ReplicaEffect> effects) {
        highWatermark = highWatermark();
        switch (role) {
            case Role.Leading(LeaderMachine machine) -> {
                effects.addAll(machine.end());
                nextNumber = machine.nextRequestId();
            }
            case Role.Following(FollowerMachine machine) -> nextNumber = machine.nextExchange();
            case Role.StandingBy() -> {}
        }
        if (standsBy) {
            role = new Role.StandingBy();
            effects.add(new StandBy(leaderEpoch));
        } else if (image.leader() == localId) {
            LeaderMachine machine = new LeaderMachine(
                    localId,
                    brokerEpoch,
                    image,
                    minInSyncReplicas,
                    highWatermark,
                    durableEnd,
                    log,
                    rule,
                    settings,
                    leased,
                    nextNumber,
                    now);
            role = new Role.Leading(machine);
            effects.add(new Lead(leaderEpoch, machine.epochStart()));
            if (machine.highWatermark() > highWatermark) {
                effects.add(new LeaderEffect.AdvanceHighWatermark(machine.highWatermark()));
            }
        } else {
            FollowerMachine machine = new FollowerMachine(
                    localId,
                    brokerEpoch,
                    image.leader(),
                    leaderEpoch,
                    highWatermark,
                    durableEnd,
                    log,
                    settings,
                    nextNumber,
                    now);
            role = new Role.Following(machine);
            effects.add(new Follow(leaderEpoch, image.leader()));
            effects.addAll(machine.step(now, new ReplicaEvent.TimePassed(), true));
        }
    }
}
