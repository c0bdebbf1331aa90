package io.odradek.replication.quorum;

import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Refusal;
import io.odradek.replication.quorum.QuorumAnswer.Refused;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One reign: how far the others have got, who waits for news, and what it makes of a fetch. */
final class Leadership implements Role {

    /** An observer that has not asked for so long is not told of any more; as in Kafka. */
    private static final long OBSERVER_FORGOTTEN_MS = 300_000;

    /** How far a replica has got, as its last fetch says. */
    static final class Progress {
        private final ReplicaKey replica;
        private long end = -1;
        private long fetchedAtMs;
        private long caughtUpAtMs = -1;

        Progress(ReplicaKey replica, long fetchedAtMs) {
            this.replica = replica;
            this.fetchedAtMs = fetchedAtMs;
        }

        ReplicaKey replica() {
            return replica;
        }

        /** Durable, exclusive. */
        long end() {
            return end;
        }

        long fetchedAtMs() {
            return fetchedAtMs;
        }

        /** -1 when it has never had all that there was. */
        long caughtUpAtMs() {
            return caughtUpAtMs;
        }
    }

    /** A fetch that waits for something new. */
    record Parked(long requestId, Fetch fetch, long untilMs) {}

    private final ReplicaKey self;
    private final int epoch;
    private final long firstOffset;
    private final long beganAtMs;
    private final LogOutline log;
    private final int checkQuorumTimeoutMs;

    /** By server: a fetch from another disk of it begins anew. */
    private final Map<Integer, Progress> progress = new TreeMap<>();

    /** When each server last asked for anything in this epoch: records, where the logs part, or a piece of a snapshot. */
    private final Map<ReplicaKey, Long> heardAtMs = new TreeMap<>();

    private final Map<Integer, Parked> parked = new TreeMap<>();
    private final VoterChanges changes;

    /** @param log whose next record opens the reign */
    Leadership(ReplicaKey self, int epoch, LogOutline log, QuorumSettings settings, long beganAtMs) {
        this.self = self;
        this.epoch = epoch;
        this.log = log;
        this.firstOffset = log.end();
        this.beganAtMs = beganAtMs;
        this.checkQuorumTimeoutMs = settings.checkQuorumTimeoutMs();
        this.changes = new VoterChanges(this, log, settings.fetchTimeoutMs());
    }

    int epoch() {
        return epoch;
    }

    long firstOffset() {
        return firstOffset;
    }

    /**
     * Up to where a majority of the voters holds the log durably, this server by its own disk and if it votes at all; and
     * no further than before when that lies below this reign, whose leader may not count what others appended (Raft 5.4.2, figure 8).
     */
    long committed() {
        VoterSet voters = log.voters();
        List<Long> ends = new ArrayList<>();
        for (Voter voter : voters.voters()) {
            ends.add(voter.key().names(self) ? log.durableEnd() : endOf(voter));
        }
        ends.sort(Comparator.reverseOrder());
        long held = ends.get(voters.majority() - 1);
        return held > firstOffset ? Math.max(held, log.highWatermark()) : log.highWatermark();
    }

    private long endOf(Voter voter) {
        Progress known = progress.get(voter.key().id());
        return known != null && voter.key().names(known.replica) ? known.end : -1;
    }

    /**
     * Why a fetch in this epoch cannot be served from the log: it is not from here, the log does not reach back so far, or the two logs
     * part. Null when it can: then it acknowledges.
     */
    @Nullable
    QuorumAnswer objection(Fetch fetch) {
        OffsetAndEpoch theirs = fetch.logEnd();
        if (fetch.replica().id() == self.id() || theirs.offset() < 0 || theirs.epoch() < 0) {
            return new Refused(epoch, self.id(), Refusal.INVALID_REQUEST);
        }
        if (theirs.offset() < log.start().offset()
                || theirs.epoch() < log.start().epoch()) {
            return new SnapshotNeeded(epoch, self.id(), log.start());
        }
        OffsetAndEpoch own = log.endOfEpoch(theirs.epoch());
        return theirs.offset() > own.offset() || theirs.epoch() != own.epoch()
                ? new Diverging(epoch, self.id(), own)
                : null;
    }

    void fetched(Fetch fetch, long nowMs) {
        Progress known = progress.get(fetch.replica().id());
        if (known == null || !known.replica.equals(fetch.replica())) {
            known = new Progress(fetch.replica(), nowMs);
            progress.put(fetch.replica().id(), known);
        }
        known.end = fetch.logEnd().offset();
        known.fetchedAtMs = nowMs;
        if (known.end >= log.end()) {
            known.caughtUpAtMs = nowMs;
        }
    }

    /** It knows who leads, whatever it makes of it. */
    void heard(ReplicaKey replica, long nowMs) {
        if (replica.id() != self.id()) {
            heardAtMs.keySet().removeIf(other -> other.id() == replica.id()); // one disk of a server
            heardAtMs.put(replica, nowMs);
        }
    }

    private long heardAtMs(Voter voter) {
        return heardAtMs.entrySet().stream()
                .filter(heard -> voter.key().names(heard.getKey()))
                .mapToLong(Map.Entry::getValue)
                .max()
                .orElse(beganAtMs);
    }

    /** Of this disk of that server; null when it has not fetched in this reign. */
    @Nullable
    Progress progressOf(ReplicaKey replica) {
        Progress known = progress.get(replica.id());
        return known != null && replica.names(known.replica) ? known : null;
    }

    /** Of this server, of all that have asked in this reign, and of the voters that have not. */
    List<ReplicaState> replicas(long nowMs) {
        VoterSet voters = log.voters();
        List<ReplicaState> states = new ArrayList<>();
        states.add(new ReplicaState(self, voters.has(self), log.end(), nowMs, nowMs));
        for (Progress known : progress.values()) {
            states.add(new ReplicaState(
                    known.replica, voters.has(known.replica), known.end, known.fetchedAtMs, known.caughtUpAtMs));
        }
        for (Voter voter : voters.voters()) {
            if (!voter.key().names(self) && progressOf(voter.key()) == null) {
                states.add(new ReplicaState(voter.key(), true, -1, -1, -1));
            }
        }
        return states;
    }

    /** Whether this voter has asked for something lately, and so knows who leads. */
    boolean hearsFrom(Voter voter, long sinceMs) {
        return heardAtMs.keySet().stream().anyMatch(voter.key()::names) && heardAtMs(voter) >= sinceMs;
    }

    /** When it stops being so that a majority of the voters has asked lately; a leader alone among voters never waits. */
    long hearsMajorityUntilMs() {
        VoterSet voters = log.voters();
        List<Long> heard = new ArrayList<>();
        for (Voter voter : voters.voters()) {
            heard.add(voter.key().names(self) ? Long.MAX_VALUE : heardAtMs(voter));
        }
        heard.sort(Comparator.reverseOrder());
        long least = heard.get(voters.majority() - 1);
        return least == Long.MAX_VALUE ? least : least + checkQuorumTimeoutMs;
    }

    /** Other voters, the one that is furthest first. */
    List<ReplicaKey> successors() {
        List<Voter> others = new ArrayList<>();
        log.voters().voters().stream().filter(voter -> !voter.key().names(self)).forEach(others::add);
        others.sort(Comparator.comparingLong(this::endOf).reversed());
        return others.stream().map(Voter::key).toList();
    }

    void forgetObservers(long nowMs) {
        VoterSet voters = log.voters();
        progress.values()
                .removeIf(known -> !voters.has(known.replica) && known.fetchedAtMs + OBSERVER_FORGOTTEN_MS < nowMs);
        heardAtMs
                .entrySet()
                .removeIf(heard -> !voters.has(heard.getKey()) && heard.getValue() + OBSERVER_FORGOTTEN_MS < nowMs);
    }

    /** Returns what the same server had waiting before: it does not wait for that any more. */
    @Nullable
    Parked park(Parked fetch) {
        return parked.put(fetch.fetch().replica().id(), fetch);
    }

    /** Those that wait for nothing more: their time is over, or {@code news}. */
    List<Parked> unpark(long nowMs, boolean news) {
        List<Parked> released = new ArrayList<>();
        for (Iterator<Parked> all = parked.values().iterator(); all.hasNext(); ) {
            Parked fetch = all.next();
            if (news || fetch.untilMs <= nowMs) {
                all.remove();
                released.add(fetch);
            }
        }
        return released;
    }

    VoterChanges changes() {
        return changes;
    }

    /** Of what waits here; whether a majority asks is {@link #hearsMajorityUntilMs}. */
    @Override
    public long deadlineMs() {
        long deadline = changes.deadlineMs();
        return parked.isEmpty()
                ? deadline
                : Math.min(
                        deadline, Collections.min(parked.values(), Comparator.comparingLong(Parked::untilMs)).untilMs);
    }
}
