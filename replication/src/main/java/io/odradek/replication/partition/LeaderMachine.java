package io.odradek.replication.partition;

import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.OutOfRange;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.IsrProposal.Member;
import io.odradek.replication.partition.IsrProposal.Verdict;
import io.odradek.replication.partition.LeaderEffect.ActAgain;
import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEffect.AlterPartition;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEffect.ReplyRecords;
import io.odradek.replication.partition.LeaderEffect.StopActing;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.LeaseLapsed;
import io.odradek.replication.partition.LeaderEvent.LeaseRenewed;
import io.odradek.replication.partition.LeaderEvent.LogGrew;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.LeaderEvent.ProposalAnswered;
import io.odradek.replication.partition.LeaderEvent.ProposalFailed;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reign over one partition: {@code tla/core/Isr}, the actions of a leader. What is committed, what a follower's fetch is answered, and
 * who should be in sync. Confined to the loop that settles the partition.
 *
 * <pre>
 *   high watermark = min over the maximal in-sync set of their durable ends,
 *                    never lower than before,
 *                    and only while |in-sync replicas| ≥ min(min.insync.replicas, replication factor)   (KIP-966)
 *
 *   maximal in-sync set = who is in sync, and whoever is proposed and would be                           (KIP-497)
 * </pre>
 *
 * A replica joins the in-sync set only at or past the high watermark, so the minimum cannot fall by its joining; and at or past where
 * the reign began, as the high watermark of a new leader may lag behind what was committed before it (KAFKA-7128). And only when what was
 * deleted here is deleted there for good: who is in sync may lead, and would bring it back.
 *
 * <p>What was proposed counts until the metadata log says something newer, or until it is certain that it was not accepted and will not
 * be. {@link #localEnd} is called once per settled group and allocates nothing.
 */
public final class LeaderMachine {

    private static final long NO_REQUEST = -1;

    private final int localId;
    private final long brokerEpoch;
    private final int leaderEpoch;
    private final long epochStart;
    private final ReplicaLog log;
    private final CommitRule rule;
    private final ReplicationSettings settings;
    private final ReplicaProgress local;

    /** In the metadata's order. */
    private ReplicaProgress[] replicas;

    private ReplicaProgress[] inSync;
    private ReplicaProgress[] maximalIsr;
    private List<Integer> counted = List.of();
    private int partitionEpoch;
    private int minInSyncReplicas;
    private long highWatermark;
    private boolean leased;
    private @Nullable Proposal proposal;
    private final List<Parked> parked = new ArrayList<>();
    private long nextRequestId;
    private long nowMs;

    /** Of the step that is being taken. */
    private List<LeaderEffect> effects = new ArrayList<>();

    /** A fetch that waits for something new. At most one of each replica: the next one takes its place. */
    private record Parked(long requestId, ReplicaFetch fetch, long untilMs) {}

    /** What was proposed to the controller, and not heard of in the metadata. */
    private static final class Proposal {
        /** As it was when it was made. Who has started again since is another process, of which nothing was known then. */
        private final List<Member> members;

        /** Who is in it and was not; null when somebody leaves. */
        private final @Nullable ReplicaProgress joins;

        private long requestId = NO_REQUEST;
        private long nextTryMs;

        /** A copy of it may still arrive, though nobody waits for its answer. */
        private boolean doubtful;

        /** Instead, the set as it is is proposed: it makes a new partition epoch, by which each copy of this is too late. */
        private boolean withdrawn;

        /** The controller has decided: the metadata will say what. */
        private boolean decided;

        Proposal(List<Member> members, @Nullable ReplicaProgress joins, long nowMs) {
            this.members = members;
            this.joins = joins;
            this.nextTryMs = nowMs;
        }
    }

    /**
     * Begins a reign.
     *
     * @param localId this broker
     * @param brokerEpoch of this process; -1 when it has none, and nobody to follow it
     * @param image as the metadata log says: {@code localId} leads, and is in sync
     * @param minInSyncReplicas of the topic
     * @param highWatermark last one known, from a checkpoint or from following; at most the log's end
     * @param durableEnd of the local log, exclusive
     * @param leased whether this broker may act as leader at first
     * @param firstRequestId of {@link AlterPartition}; the next reign goes on where this one ended, see {@link #nextRequestId}
     */
    public LeaderMachine(
            int localId,
            long brokerEpoch,
            PartitionImage image,
            int minInSyncReplicas,
            long highWatermark,
            long durableEnd,
            ReplicaLog log,
            CommitRule rule,
            ReplicationSettings settings,
            boolean leased,
            long firstRequestId,
            long nowMs) {
        if (highWatermark > log.logEndOffset()) {
            throw new IllegalArgumentException(
                    "high watermark " + highWatermark + " is beyond the log's end " + log.logEndOffset());
        }
        this.localId = localId;
        this.brokerEpoch = brokerEpoch;
        this.leaderEpoch = image.leaderEpoch();
        this.partitionEpoch = image.partitionEpoch();
        this.epochStart = log.logEndOffset();
        this.minInSyncReplicas = minInSyncReplicas;
        this.highWatermark = highWatermark;
        this.log = log;
        this.rule = rule;
        this.settings = settings;
        this.leased = leased;
        this.nextRequestId = firstRequestId;
        this.nowMs = nowMs;
        this.local = new ReplicaProgress(localId, durableEnd, nowMs);
        this.replicas = new ReplicaProgress[] {local};
        this.inSync = replicas;
        this.maximalIsr = replicas;
        learn(image);
        advance();
    }

    // ---- Looking at it. On the loop.

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

    /** Where the log ended when the reign began. */
    public long epochStart() {
        return epochStart;
    }

    /**
     * Whether it may say where the log ends (ListOffsets): as its leader, and only when it knows all that was committed before its epoch
     * (KIP-207).
     */
    public boolean tellsEnd() {
        return leased && highWatermark >= epochStart;
    }

    /**
     * Whether a produce with acks=all may be appended. When not, it is refused before anything is written (NOT_ENOUGH_REPLICAS):
     * it could not be acknowledged.
     */
    public boolean admitsAcksAll() {
        // A topic of one replica with min.insync.replicas=2 could never be written with acks=all; Kafka takes the
        // smaller, too.
        return rule.canCommit(inSync.length, Math.min(minInSyncReplicas, replicas.length));
    }

    /** Of whom the high watermark waits: the maximal in-sync set. The same object until it changes. */
    public List<Integer> counted() {
        return counted;
    }

    /** Whether it acts as leader: its lease holds. Without, fetches, produces and readers are told NOT_LEADER_OR_FOLLOWER. */
    public boolean acts() {
        return leased;
    }

    long nextRequestId() {
        return nextRequestId;
    }

    /** What a follower's last fetch says, -1 when it has not fetched in this reign; for who compares. */
    public long endOf(int replicaId) {
        ReplicaProgress replica = find(replicas, replicaId);
        return replica == null ? ReplicaProgress.NOT_HEARD : replica.durableEnd();
    }

    long brokerEpochOf(int replicaId) {
        ReplicaProgress replica = find(replicas, replicaId);
        return replica == null ? ReplicaProgress.NO_BROKER_EPOCH : replica.brokerEpoch();
    }

    /** Who would be in sync if what is proposed were accepted; null when nothing is. */
    @Nullable
    List<Member> proposed() {
        return proposal == null ? null : proposal.members;
    }

    /** Whether more than one copy of what is proposed may be under way. */
    boolean isInDoubt() {
        return proposal != null && proposal.doubtful;
    }

    /** When {@link TimePassed} is wanted, at the latest. */
    public long deadlineMs() {
        if (!leased) {
            return Long.MAX_VALUE;
        }
        long deadline = Long.MAX_VALUE;
        for (Parked fetch : parked) {
            deadline = Math.min(deadline, fetch.untilMs);
        }
        Proposal open = proposal;
        if (open == null) {
            if (inSync.length
                    > 1) { // the log grows without a word to the followers' lag, so it is looked at now and then
                deadline = Math.min(deadline, nowMs + settings.replicaLagTimeMaxMs() / 2 + 1);
            }
        } else if (open.requestId == NO_REQUEST && !open.decided) {
            deadline = Math.min(deadline, open.nextTryMs);
        }
        return deadline;
    }

    // ---- Steps.

    /**
     * The local log is as durable as the topic asks for up to {@code durableEnd}, exclusive. Returns the high watermark, moved or not. Who
     * has followers steps {@link LocallyAppended} instead, as they may wait for it.
     */
    public long localEnd(long durableEnd) {
        local.reached(durableEnd);
        advance();
        return highWatermark;
    }

    /** @param now of a clock that does not go back, in milliseconds; a time before the last one is taken for the last one */
    public List<LeaderEffect> step(long now, ReplicaEvent event) {
        long before = highWatermark;
        effects = new ArrayList<>();
        nowMs = Math.max(nowMs, now);
        switch (event) {
            case LocallyAppended(long durableEnd) -> localEnd(durableEnd);
            case LogGrew(), TimePassed() -> {}
            case FollowerFetched(long requestId, ReplicaFetch fetch) -> onFetch(requestId, fetch);
            case PartitionChanged(PartitionImage image) -> onPartitionChanged(image);
            case MinInSyncReplicasChanged(int min) -> {
                minInSyncReplicas = min;
                advance();
            }
            case ProposalAnswered(long requestId, Verdict verdict) -> onVerdict(requestId, verdict);
            case ProposalFailed(long requestId) -> onProposalFailed(requestId);
            case LeaseLapsed() -> onLeaseLapsed();
            case LeaseRenewed() -> onLeaseRenewed();
            case FollowerEvent _ -> {} // of a reign before, in which it followed
        }
        if (leased) {
            unpark();
            proposeShrink();
            sendProposal();
        }
        List<LeaderEffect> wanted = effects;
        effects = new ArrayList<>();
        if (highWatermark != before) {
            wanted.addFirst(new AdvanceHighWatermark(highWatermark));
        }
        return List.copyOf(wanted);
    }

    /** The reign is over: who waits for news is told that it asks the wrong one. */
    List<LeaderEffect> end() {
        List<LeaderEffect> last = parked.stream()
                .map(fetch -> refusal(fetch.requestId(), Refusal.NOT_LEADER_OR_FOLLOWER))
                .toList();
        parked.clear();
        return last;
    }

    // ---- What is committed.

    /** {@code Advance}. Who may not act as leader moves nothing: what it committed would be told. */
    private void advance() {
        if (leased && admitsAcksAll()) {
            highWatermark = Math.max(highWatermark, rule.committedEnd(maximalIsr));
        }
    }

    // ---- Fetches.

    /** {@code RefuseFetch}, {@code ServeDivergence}, {@code ServeRecords}. */
    private void onFetch(long requestId, ReplicaFetch fetch) {
        ReplicaProgress follower = find(replicas, fetch.replicaId());
        Refusal refused = objection(follower, fetch);
        if (follower == null || refused != null) {
            effects.add(refusal(requestId, refused == null ? Refusal.NOT_LEADER_OR_FOLLOWER : refused));
            return;
        }
        FetchAnswer other = mismatch(fetch);
        if (other != null) {
            // Nothing is noted: the offset counts records of another history (KAFKA-13141).
            effects.add(new Reply(requestId, other));
            return;
        }
        follower.fetched(fetch, log.logEndOffset(), nowMs);
        advance();
        proposeExpand(follower, fetch);
        // An earlier fetch of it was given up, or it would not ask again.
        parked.removeIf(earlier -> {
            boolean same = earlier.fetch().replicaId() == fetch.replicaId();
            if (same) {
                answer(earlier);
            }
            return same;
        });
        parked.add(new Parked(requestId, fetch, nowMs + Math.max(0, fetch.maxWaitMs())));
    }

    /** Why a fetch is not this leader's to answer; null when it is. */
    private @Nullable Refusal objection(@Nullable ReplicaProgress follower, ReplicaFetch fetch) {
        if (!leased || follower == null || follower == local) {
            return Refusal.NOT_LEADER_OR_FOLLOWER;
        }
        if (fetch.leaderEpoch() != leaderEpoch) { // KIP-320
            return fetch.leaderEpoch() < leaderEpoch ? Refusal.FENCED_LEADER_EPOCH : Refusal.UNKNOWN_LEADER_EPOCH;
        }
        // KIP-903: it says what a predecessor had, while the successor may be in sync, with less, and counts.
        return fetch.brokerEpoch() < follower.brokerEpoch() ? Refusal.STALE_BROKER_EPOCH : null;
    }

    /** What keeps a fetch from being served out of this log: it does not reach there, or the two part. Null when it can be. */
    private @Nullable FetchAnswer mismatch(ReplicaFetch fetch) {
        long start = log.logStartOffset();
        long end = log.logEndOffset();
        if (fetch.fetchOffset() < start) {
            return new OutOfRange(start, end);
        }
        if (fetch.lastFetchedEpoch() == ReplicaLog.NO_EPOCH) {
            // It has no record that could differ. It began there because all below was deleted, which only happens to
            // what is committed.
            return fetch.fetchOffset() > end ? new OutOfRange(start, end) : null;
        }
        EpochEnd own = endOfEpoch(fetch.lastFetchedEpoch());
        boolean diverges = own.endOffset() < fetch.fetchOffset() || own.epoch() < fetch.lastFetchedEpoch();
        return diverges ? new Diverging(own) : null;
    }

    /** The leader's own epoch counts although it may not have written in it. */
    private EpochEnd endOfEpoch(int epoch) {
        return epoch >= leaderEpoch ? new EpochEnd(leaderEpoch, log.logEndOffset()) : log.endOfEpoch(epoch);
    }

    /** Whoever waits gets what is new. */
    private void unpark() {
        parked.removeIf(waiting -> {
            boolean released = waiting.untilMs() <= nowMs
                    || waiting.fetch().fetchOffset() < log.logEndOffset()
                    || waiting.fetch().highWatermark() < highWatermark;
            if (released) {
                answer(waiting);
            }
            return released;
        });
    }

    private void answer(Parked waiting) {
        long from = waiting.fetch().fetchOffset();
        if (from < log.logStartOffset()) { // deleted while it waited
            effects.add(new Reply(waiting.requestId(), new OutOfRange(log.logStartOffset(), log.logEndOffset())));
        } else {
            effects.add(new ReplyRecords(
                    waiting.requestId(), leaderEpoch, from, log.logEndOffset(), highWatermark, log.logStartOffset()));
        }
    }

    private static LeaderEffect refusal(long requestId, Refusal why) {
        return new Reply(requestId, new Refused(why));
    }

    // ---- Who is in sync.

    /** {@code ProposeExpand}: when it fetches, so nobody dead is proposed again and again. */
    private void proposeExpand(ReplicaProgress follower, ReplicaFetch fetch) {
        if (proposal == null
                && find(inSync, follower.replicaId()) == null
                && follower.durableEnd() >= highWatermark
                && follower.durableEnd() >= epochStart
                && fetch.logStartOffset() >= log.logStartOffset()
                && follower.mayBeProposed(nowMs)) {
            List<ReplicaProgress> members = new ArrayList<>(List.of(inSync));
            members.add(follower);
            propose(new Proposal(named(members), follower, nowMs));
        }
    }

    /** {@code ProposeShrink}: of those that have lagged for too long, the one that is furthest behind. */
    private void proposeShrink() {
        if (proposal != null) {
            return;
        }
        ReplicaProgress last = null;
        for (ReplicaProgress member : inSync) {
            boolean lags =
                    member != local && member.lagsFromMs(log.logEndOffset(), settings.replicaLagTimeMaxMs()) <= nowMs;
            if (lags && (last == null || member.durableEnd() < last.durableEnd())) {
                last = member;
            }
        }
        if (last != null) {
            ReplicaProgress leaves = last;
            List<ReplicaProgress> members =
                    List.of(inSync).stream().filter(member -> member != leaves).toList();
            propose(new Proposal(named(members), null, nowMs));
        }
    }

    private void propose(Proposal next) {
        proposal = next;
        countMaximalIsr();
    }

    private void sendProposal() {
        Proposal open = proposal;
        if (open == null || open.decided || open.requestId != NO_REQUEST || open.nextTryMs > nowMs) {
            return;
        }
        open.requestId = nextRequestId++;
        List<Member> members = open.withdrawn ? named(List.of(inSync)) : open.members;
        effects.add(new AlterPartition(open.requestId, new IsrProposal(leaderEpoch, partitionEpoch, members)));
    }

    private List<Member> named(List<ReplicaProgress> members) {
        return members.stream()
                .map(member -> new Member(member.replicaId(), member == local ? brokerEpoch : member.brokerEpoch()))
                .toList();
    }

    private void onVerdict(long requestId, Verdict verdict) {
        Proposal open = proposal;
        if (open == null || open.requestId != requestId) {
            return; // of one that the metadata has decided, or of a copy that was given up
        }
        open.requestId = NO_REQUEST;
        switch (verdict) {
            case ACCEPTED, NEW_LEADER_ELECTED -> open.decided = true;
            // That it is refused because something newer is known means nothing: an earlier copy may be what is newer.
            // The metadata tells what has become of it.
            case INVALID_UPDATE_VERSION, FENCED_LEADER_EPOCH, STALE_BROKER_EPOCH -> open.decided = true;
            case INELIGIBLE_REPLICA -> onIneligible(open);
            case UNKNOWN_TOPIC_OR_PARTITION, OPERATION_NOT_ATTEMPTED ->
                open.nextTryMs = nowMs + settings.retryBackoffMs();
        }
    }

    /**
     * {@code RefuseProposal}, if no copy is left that could be accepted later; else {@code WithdrawProposal}: it goes on to count until the
     * metadata has a newer partition epoch.
     */
    private void onIneligible(Proposal open) {
        if (open.withdrawn) {
            open.nextTryMs = nowMs + settings.retryBackoffMs(); // somebody in sync is fenced: the metadata is to say so
        } else if (open.doubtful) {
            open.withdrawn = true;
        } else {
            refused(open);
            proposal = null;
            countMaximalIsr();
            advance();
        }
    }

    private void refused(Proposal over) {
        if (over.joins != null) {
            over.joins.notProposedBefore(nowMs + settings.retryBackoffMs());
        }
    }

    private void onProposalFailed(long requestId) {
        Proposal open = proposal;
        if (open != null && open.requestId == requestId) {
            open.requestId = NO_REQUEST;
            open.doubtful = true;
            open.nextTryMs = nowMs + settings.retryBackoffMs();
        }
    }

    // ---- The metadata.

    /** {@code ApplyMetadata}, in the same epoch: whatever was proposed, this is the answer. */
    private void onPartitionChanged(PartitionImage image) {
        if (image.partitionEpoch() <= partitionEpoch || image.leaderEpoch() != leaderEpoch) {
            return; // of before, or of another reign, which is another machine's
        }
        partitionEpoch = image.partitionEpoch();
        if (proposal != null && proposal.withdrawn) {
            refused(proposal);
        }
        proposal = null;
        learn(image);
        advance();
    }

    private void learn(PartitionImage image) {
        ReplicaProgress[] all = new ReplicaProgress[image.replicas().size()];
        for (int i = 0; i < all.length; i++) {
            int id = image.replicas().get(i);
            ReplicaProgress known = find(replicas, id);
            all[i] = known != null ? known : new ReplicaProgress(id, ReplicaProgress.NOT_HEARD, nowMs);
        }
        ReplicaProgress[] members = new ReplicaProgress[image.inSyncReplicas().size()];
        for (int i = 0; i < members.length; i++) {
            int id = image.inSyncReplicas().get(i);
            ReplicaProgress member = find(all, id);
            if (member == null) {
                throw new IllegalArgumentException("in sync is " + id + ", which is none of the replicas " + image);
            }
            members[i] = member;
            if (find(inSync, id) == null) {
                member.joined(nowMs);
            }
        }
        if (find(members, localId) == null) {
            throw new IllegalArgumentException("leader " + localId + " is not in its own in-sync set " + image);
        }
        replicas = all;
        inSync = members;
        parked.removeIf(waiting -> {
            boolean gone = find(all, waiting.fetch().replicaId()) == null;
            if (gone) {
                effects.add(refusal(waiting.requestId(), Refusal.NOT_LEADER_OR_FOLLOWER));
            }
            return gone;
        });
        countMaximalIsr();
    }

    private void countMaximalIsr() {
        Proposal open = proposal;
        if (open == null || open.joins == null) {
            maximalIsr = inSync; // who is to leave counts until it has left
        } else {
            ReplicaProgress[] maximal = new ReplicaProgress[inSync.length + 1];
            System.arraycopy(inSync, 0, maximal, 0, inSync.length);
            maximal[inSync.length] = open.joins;
            maximalIsr = maximal;
        }
        counted = List.of(maximalIsr).stream().map(ReplicaProgress::replicaId).toList();
    }

    private static @Nullable ReplicaProgress find(ReplicaProgress[] among, int replicaId) {
        for (ReplicaProgress progress : among) {
            if (progress.replicaId() == replicaId) {
                return progress;
            }
        }
        return null;
    }

    // ---- The lease.

    private void onLeaseLapsed() {
        if (leased) {
            leased = false;
            effects.addAll(end());
            effects.add(new StopActing());
        }
    }

    private void onLeaseRenewed() {
        if (!leased) {
            leased = true;
            effects.add(new ActAgain());
            advance(); // by what has become durable meanwhile
        }
    }
}
