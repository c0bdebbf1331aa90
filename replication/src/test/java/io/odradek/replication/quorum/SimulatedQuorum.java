package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.quorum.EntryBatch.Payload;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumEffect.Append;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.QuorumEffect.Commit;
import io.odradek.replication.quorum.QuorumEffect.Complain;
import io.odradek.replication.quorum.QuorumEffect.FetchSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Follow;
import io.odradek.replication.quorum.QuorumEffect.InstallSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Lead;
import io.odradek.replication.quorum.QuorumEffect.Persist;
import io.odradek.replication.quorum.QuorumEffect.Reply;
import io.odradek.replication.quorum.QuorumEffect.ReplyEntries;
import io.odradek.replication.quorum.QuorumEffect.ReplyToChange;
import io.odradek.replication.quorum.QuorumEffect.Send;
import io.odradek.replication.quorum.QuorumEffect.StopFetchingSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Truncate;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.AppendRequested;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.Failed;
import io.odradek.replication.quorum.QuorumEvent.RemoveVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.ShutDown;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFailed;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumEvent.SnapshotTaken;
import io.odradek.replication.quorum.QuorumEvent.Synced;
import io.odradek.replication.quorum.QuorumEvent.TimePassed;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A quorum of machines over disks that forget and a network that delays, doubles, loses and parts, in one thread and virtual time.
 * What the specification claims is checked after each step; the names are those of {@code tla/core/Quorum}.
 */
final class SimulatedQuorum {

    private static final long REQUEST_TIMEOUT_MS = 300;
    private static final int LINES_KEPT = Integer.getInteger("odradek.quorum.lines", 400);

    /** What happens in some of a few hundred histories, as {@link #of} counts it. */
    static final Set<String> HAPPENS = Set.of(
            "a crash took unsynced records",
            "a crash between the hard state and what follows",
            "a divergence is cut",
            "a snapshot is installed",
            "a snapshot is fetched in vain",
            "a snapshot comes that nobody waits for",
            "a snapshot is written that reaches less far than another",
            "an election is won",
            "the power fails everywhere",
            "a leader is shut down",
            "a leader is asked to remove itself",
            "a disk is replaced",
            "a change of the voters is answered COMMITTED",
            "a change of the voters is answered NOT_LEADER_OR_FOLLOWER",
            "a change of the voters is answered REQUEST_IN_PROGRESS",
            "a change of the voters is answered REQUEST_TIMED_OUT");

    /** A record of a client. */
    record Value(int id) implements Payload {}

    /** Sees every step, in the order in which they happen. */
    interface Watcher {
        Watcher NONE = new Watcher() {};

        /** Nothing of what the step wants is done yet. */
        default void stepped(Server server, QuorumEvent event, List<QuorumEffect> wanted) {}

        /** The last step is as if it had not been: the server crashes before its hard state is on disk. */
        default void undone() {}

        /** And keeps what is on its disk now. */
        default void crashed(Server server) {}

        default void wiped(Server server) {}
    }

    private record Timed(long atMs, long order, Runnable what) {}

    /** A request and its answer; whichever comes first of answer and time-out is told. */
    private static final class Call {
        private final Server from;
        private final long life;
        private final long requestId;
        private boolean done;

        Call(Server from, long requestId) {
            this.from = from;
            this.life = from.life;
            this.requestId = requestId;
        }
    }

    /** A request that is to be answered, within this time. */
    private record Arrived(Call call, QuorumRequest request, long untilMs) {}

    final class Server {
        private final int id;
        private UUID directory;

        // The disk.
        private HardState hardState = HardState.FIRST;
        private OffsetAndEpoch start = OffsetAndEpoch.NOTHING;
        private @Nullable VoterSet startVoters;
        private final List<EntryBatch> log = new ArrayList<>();
        private long durableEnd;

        // The process.
        private @Nullable QuorumMachine machine;
        private long life;
        private boolean syncing;
        private long checked;
        private @Nullable VoterSet fetchedVoters;
        private final TreeMap<Long, Arrived> toAnswer = new TreeMap<>();

        // What its host has been told, and asked.
        private int toldEpoch;
        private int toldLeader;
        private long toldHighWatermark;
        private final TreeSet<Long> changesAsked = new TreeSet<>();
        private @Nullable OffsetAndEpoch fetching;
        private boolean fetchedWhatItWaitsFor;

        private long timerAtMs = Long.MAX_VALUE;

        Server(int id) {
            this.id = id;
            this.directory = new UUID(id, 1);
        }

        int id() {
            return id;
        }

        ReplicaKey key() {
            return new ReplicaKey(id, directory);
        }

        long end() {
            return log.isEmpty() ? start.offset() : log.getLast().endOffset();
        }

        void start() {
            LogOutline outline = outline();
            outline.allDurable();
            durableEnd = end();
            checked = start.offset();
            toldEpoch = hardState.epoch();
            toldLeader = hardState.leader() == id ? HardState.NOBODY : hardState.leader();
            toldHighWatermark = start.offset();
            changesAsked.clear();
            fetching = null;
            syncing = false;
            life++;
            timerAtMs = Long.MAX_VALUE;
            machine = new QuorumMachine(
                    key(), hardState, outline, settings, List.copyOf(initialVoters.ids()), random.nextLong(), now);
            step(new TimePassed());
        }

        boolean isUp() {
            return machine != null;
        }

        QuorumMachine running() {
            QuorumMachine running = machine;
            if (running == null) {
                throw new IllegalStateException("server " + id + " is down");
            }
            return running;
        }

        /** Of what is not synced, any beginning stays. */
        void crash() {
            machine = null;
            toAnswer.clear();
            long before = end();
            while (end() > durableEnd && random.nextBoolean()) {
                log.removeLast();
            }
            if (end() < before) {
                count("a crash took unsynced records");
            }
            watcher.crashed(this);
        }

        void wipe() {
            lostDisks.put(key(), durableEnd);
            machine = null;
            toAnswer.clear();
            directory = new UUID(id, directory.getLeastSignificantBits() + 1);
            hardState = HardState.FIRST;
            start = OffsetAndEpoch.NOTHING;
            startVoters = null;
            log.clear();
            durableEnd = 0;
            watcher.wiped(this);
        }

        void step(QuorumEvent event) {
            if (machine == null) {
                return;
            }
            trace(() -> "server " + id + " " + event);
            List<QuorumEffect> wanted = machine.step(now, event);
            watcher.stepped(this, event, wanted);
            carryOut(wanted, life);
            if (machine != null) {
                checkStep(machine);
                long deadline = Math.max(now + 1, machine.deadlineMs());
                if (deadline < timerAtMs || timerAtMs <= now) {
                    timerAtMs = deadline;
                    long atLife = life;
                    at(deadline, () -> {
                        if (life == atLife && machine != null) {
                            step(new TimePassed());
                        }
                    });
                }
            }
        }

        /** Its host knows what it knows, and nobody waits longer than was asked for. */
        private void checkStep(QuorumMachine machine) {
            assertThat(machine.log().durableEnd())
                    .as("what server " + id + " takes for durable, of what is")
                    .isLessThanOrEqualTo(durableEnd);
            assertThat(machine.log().end())
                    .as("where the log of server " + id + " ends")
                    .isEqualTo(end());
            assertThat(hardState).as("what is on the disk of server " + id).isEqualTo(machine.hardState());
            assertThat(toldEpoch)
                    .as("the epoch that the host of server " + id + " knows")
                    .isEqualTo(hardState.epoch());
            assertThat(toldLeader)
                    .as("who leads epoch " + toldEpoch + " as the host of server " + id + " knows")
                    .isEqualTo(hardState.leader() == id && !machine.leads() ? HardState.NOBODY : hardState.leader());
            assertThat(toldHighWatermark)
                    .as("the high watermark that the host of server " + id + " knows")
                    .isEqualTo(machine.log().highWatermark());
            assertThat(fetching)
                    .as("the snapshot that the host of server " + id + " fetches")
                    .isEqualTo(machine.role() instanceof Following following ? following.fetchedSnapshot() : null);
            for (Arrived waiting : toAnswer.values()) {
                assertThat(now)
                        .as("when server " + id + " answers " + waiting.request)
                        .isLessThanOrEqualTo(waiting.untilMs);
            }
        }

        /** Between steps what the machine knows of its log is what it would find on the disk. */
        private void checkOutline() {
            if (machine == null) {
                return;
            }
            LogOutline known = machine.log();
            LogOutline found = outline();
            assertThat(known.start()).as("the start of the log of server " + id).isEqualTo(found.start());
            assertThat(known.voters())
                    .as("the voters by the log of server " + id)
                    .isEqualTo(found.voters());
            assertThat(known.votersAt(known.highWatermark()))
                    .as("the committed voters by the log of server " + id)
                    .isEqualTo(found.votersAt(known.highWatermark()));
            for (int epoch = 0; epoch <= hardState.epoch(); epoch++) {
                assertThat(known.endOfEpoch(epoch))
                        .as("the end of epoch " + epoch + " by the log of server " + id)
                        .isEqualTo(found.endOfEpoch(epoch));
            }
        }

        private LogOutline outline() {
            LogOutline outline = new LogOutline(initialVoters);
            if (start.offset() > 0) {
                outline.beginWith(start, startVoters);
            }
            log.forEach(outline::append);
            return outline;
        }

        private void carryOut(List<QuorumEffect> effects, long inLife) {
            for (QuorumEffect effect : effects) {
                if (machine == null || life != inLife) {
                    return; // crashed on the way
                }
                trace(() -> "      " + id + " wants " + effect);
                if (!(effect instanceof Persist)) {
                    assertThat(hardState)
                            .as("what is on the disk of server " + id + " before " + effect)
                            .isEqualTo(running().hardState());
                }
                switch (effect) {
                    case Persist(HardState state, List<QuorumEffect> onceDurable) -> {
                        checkVotesPersist(state);
                        if (faults && random.nextInt(crashesAtPersist) == 0) {
                            if (random.nextBoolean()) {
                                hardState = state;
                            } else {
                                watcher.undone();
                            }
                            count("a crash between the hard state and what follows");
                            crashAndRestart(this);
                            return;
                        }
                        hardState = state;
                        carryOut(onceDurable, inLife);
                    }
                    case Send(long requestId, int to, QuorumRequest request) -> send(this, requestId, to, request);
                    case Reply(long requestId, QuorumAnswer answer) -> reply(requestId, answer);
                    case ReplyEntries(long requestId, int epoch, int leader, long from, long highWatermark) ->
                        reply(requestId, new Entries(epoch, leader, read(from), highWatermark));
                    case Append(EntryBatch batch) -> {
                        assertThat(batch.baseOffset())
                                .as("an append at the end")
                                .isEqualTo(end());
                        if (batch.voters() != null && running().leads()) {
                            checkChange();
                        }
                        log.add(batch);
                        syncSoon();
                    }
                    case Truncate(long to) -> {
                        count("a divergence is cut");
                        cut(to);
                    }
                    case FetchSnapshot(int from, int epoch, OffsetAndEpoch snapshot) -> {
                        assertThat(fetching)
                                .as("what server " + id + " fetches besides snapshot " + snapshot)
                                .isNull();
                        fetching = snapshot;
                        fetchSnapshot(this, servers.get(from), epoch, snapshot);
                    }
                    case InstallSnapshot(OffsetAndEpoch snapshot) -> {
                        count("a snapshot is installed");
                        assertThat(fetchedWhatItWaitsFor)
                                .as("server " + id + " waits for snapshot " + snapshot)
                                .isTrue();
                        log.clear();
                        start = snapshot;
                        startVoters = fetchedVoters;
                        durableEnd = snapshot.offset();
                        checked = Math.max(checked, snapshot.offset());
                    }
                    case StopFetchingSnapshot(OffsetAndEpoch snapshot) -> {
                        assertThat(snapshot)
                                .as("what server " + id + " has begun to fetch")
                                .isEqualTo(fetching);
                        fetching = null; // and what is on its way comes all the same
                    }
                    case Commit(long highWatermark) -> {
                        toldHighWatermark = highWatermark;
                        onCommit(highWatermark);
                        if (running().leads()) {
                            onLeaderCommit(highWatermark);
                        }
                    }
                    case Lead(int epoch, long _) -> {
                        toldEpoch = epoch;
                        toldLeader = id;
                        onLead(epoch);
                    }
                    case Follow(int epoch, int leader) -> {
                        assertThat(leader).isNotEqualTo(id);
                        toldEpoch = epoch;
                        toldLeader = leader;
                    }
                    case ReplyToChange(long requestId, ChangeOutcome outcome, String message) -> {
                        count("a change of the voters is answered " + outcome);
                        assertThat(changesAsked.remove(requestId))
                                .as("server " + id + " was asked for what it answers: " + effect)
                                .isTrue();
                        if (outcome == ChangeOutcome.COMMITTED) {
                            assertThat(running().log().votersAreChanging())
                                    .as("server " + id + " says that a change is committed, and it is not")
                                    .isFalse();
                        }
                    }
                    case Complain(String line) -> {
                        // Of a server whose disk was replaced others know more than it does.
                        if (directory.getLeastSignificantBits() == 1) {
                            complaints.add("server " + id + ": " + line);
                        }
                    }
                }
            }
        }

        private void fetched(OffsetAndEpoch snapshot, boolean there, @Nullable VoterSet voters) {
            fetchedWhatItWaitsFor = snapshot.equals(fetching);
            if (fetchedWhatItWaitsFor) {
                fetching = null;
            } else {
                count("a snapshot comes that nobody waits for");
            }
            if (there) {
                fetchedVoters = voters;
                step(new SnapshotFetched(snapshot, voters));
            } else {
                count("a snapshot is fetched in vain");
                step(new SnapshotFailed(snapshot));
            }
        }

        private void reply(long requestId, QuorumAnswer answer) {
            Arrived arrived = toAnswer.remove(requestId);
            if (arrived == null) {
                throw new AssertionError("request " + requestId + " is answered twice");
            }
            if (answer instanceof Voted voted && voted.granted() && arrived.request instanceof Vote vote) {
                onVoteGranted(vote);
            }
            answerTo(arrived.call(), id, answer);
        }

        /** What fits into an answer: some batches. */
        private List<EntryBatch> read(long from) {
            assertThat(from).as("a fetch of what the snapshot covers").isGreaterThanOrEqualTo(start.offset());
            List<EntryBatch> found = new ArrayList<>();
            int most = 1 + random.nextInt(batchesRead);
            for (EntryBatch batch : log) {
                if (batch.baseOffset() >= from && found.size() < most) {
                    found.add(batch);
                }
            }
            return found;
        }

        private void cut(long to) {
            while (!log.isEmpty() && log.getLast().baseOffset() >= to) {
                log.removeLast();
            }
            assertThat(end()).as("a cut between batches").isEqualTo(to);
            durableEnd = Math.min(durableEnd, to);
        }

        private void syncSoon() {
            if (syncing) {
                return;
            }
            syncing = true;
            long atLife = life;
            long syncedEnd = end();
            long cutsThen = running().log().cuts();
            after(1 + random.nextInt(faults ? syncMs : 5), () -> {
                if (life == atLife && machine != null) {
                    syncing = false;
                    if (running().log().cuts() == cutsThen) {
                        durableEnd = syncedEnd;
                    }
                    if (end() > durableEnd) {
                        syncSoon();
                    }
                    step(new Synced(syncedEnd, cutsThen));
                }
            });
        }

        private @Nullable EntryBatch entryAt(long offset) {
            for (EntryBatch batch : log) {
                if (batch.baseOffset() <= offset && offset < batch.endOffset()) {
                    return batch;
                }
            }
            return null;
        }

        // What is claimed.

        /** StateMachineSafety: whatever a server takes for committed is what every other one takes for it. */
        private void onCommit(long highWatermark) {
            assertThat(highWatermark).as("committed is in the log").isLessThanOrEqualTo(end());
            for (long offset = Math.max(checked, start.offset()); offset < highWatermark; offset++) {
                EntryBatch mine = entryAt(offset);
                EntryBatch known = committed.putIfAbsent(offset, mine);
                assertThat(known == null || known.equals(mine))
                        .as("StateMachineSafety at offset " + offset + ": server " + id + " has " + mine
                                + ", committed was " + known)
                        .isTrue();
            }
            checked = Math.max(checked, highWatermark);
        }

        /** CommittedIsDurable, and what is committed last is of the leader's own epoch (Raft 5.4.2). */
        private void onLeaderCommit(long highWatermark) {
            assertThat(epochBelow(highWatermark))
                    .as("the epoch of what server " + id + " commits up to offset " + highWatermark)
                    .isEqualTo(hardState.epoch());
            EntryBatch last = entryAt(highWatermark - 1);
            VoterSet voters = running().log().voters();
            long holders = voters.voters().stream()
                    .filter(voter -> holds(voter.key(), highWatermark, last))
                    .count();
            assertThat(holders)
                    .as("CommittedIsDurable: voters of " + voters + " that hold what server " + id
                            + " commits up to offset " + highWatermark)
                    .isGreaterThanOrEqualTo(voters.majority());
        }

        private boolean holds(ReplicaKey voter, long end, @Nullable EntryBatch last) {
            Server other = servers.get(voter.id());
            if (!other.key().equals(voter)) {
                return lostDisks.getOrDefault(voter, 0L)
                        >= end; // what it had acknowledged may still have been on its way
            }
            return other.durableEnd >= end
                    && (last == null || other.start.offset() >= end || last.equals(other.entryAt(end - 1)));
        }

        /** Of the last record below, in the log or in its snapshot. */
        private int epochBelow(long end) {
            EntryBatch last = entryAt(end - 1);
            return last == null ? start.epoch() : last.epoch();
        }

        /** OneChangeInFlight, and none before something of the leader's own epoch is committed (Ongaro 2015). */
        private void checkChange() {
            assertThat(epochBelow(toldHighWatermark))
                    .as("the epoch of what is committed when server " + id + " changes the voters")
                    .isEqualTo(hardState.epoch());
            assertThat(log)
                    .as("OneChangeInFlight: changes that server " + id + " has not committed when it begins another")
                    .noneMatch(batch -> batch.voters() != null && batch.endOffset() > toldHighWatermark);
        }

        /** ElectionSafety and LeaderComplete. */
        private void onLead(int epoch) {
            count("an election is won");
            Integer other = leaders.putIfAbsent(epoch, id);
            assertThat(other == null || other == id)
                    .as("ElectionSafety: epoch " + epoch + " is led by " + other + " and by " + id)
                    .isTrue();
            if (leaders.lastKey() == epoch) {
                for (Map.Entry<Long, EntryBatch> entry : committed.entrySet()) {
                    assertThat(entry.getKey() < start.offset()
                                    || entry.getValue().equals(entryAt(entry.getKey())))
                            .as("LeaderComplete: server " + id + " leads epoch " + epoch
                                    + " without what was committed at offset " + entry.getKey())
                            .isTrue();
                }
            }
        }

        /** VoteOnce, and for nobody whose log lacks something (Raft 5.4.1). */
        private void onVoteGranted(Vote vote) {
            OffsetAndEpoch theirs = vote.logEnd();
            int lastEpoch = epochBelow(end());
            assertThat(theirs.epoch() > lastEpoch || (theirs.epoch() == lastEpoch && theirs.offset() >= end()))
                    .as("server " + id + ", whose log ends at " + end() + " of epoch " + lastEpoch + ", grants " + vote)
                    .isTrue();
            if (!vote.preVote()) {
                ReplicaKey other = granted.putIfAbsent(key() + " in epoch " + vote.epoch(), vote.candidate());
                assertThat(other == null || other.equals(vote.candidate()))
                        .as("VoteOnce: server " + key() + " votes in epoch " + vote.epoch() + " for " + other + " and "
                                + vote.candidate())
                        .isTrue();
            }
        }

        /** VotesPersist. */
        private void checkVotesPersist(HardState next) {
            assertThat(next.epoch() > hardState.epoch()
                            || (next.epoch() == hardState.epoch()
                                    && (hardState.votedFor() == null
                                            || hardState.votedFor().equals(next.votedFor()))))
                    .as("VotesPersist: server " + id + " goes from " + hardState + " to " + next)
                    .isTrue();
        }
    }

    private final long seed;
    private final SplittableRandom random;
    private final Map<String, Integer> counts;
    private final VoterSet initialVoters;
    private final List<Server> servers = new ArrayList<>();
    private final PriorityQueue<Timed> queue =
            new PriorityQueue<>(Comparator.comparingLong(Timed::atMs).thenComparingLong(Timed::order));
    private final TreeMap<Long, EntryBatch> committed = new TreeMap<>();
    private final TreeMap<Integer, Integer> leaders = new TreeMap<>();
    private final Map<String, ReplicaKey> granted = new HashMap<>();
    private final Map<ReplicaKey, Long> lostDisks = new HashMap<>();
    private final List<String> complaints = new ArrayList<>();
    private final ArrayDeque<Supplier<String>> trace = new ArrayDeque<>();
    private Watcher watcher = Watcher.NONE;
    private final boolean[][] cut;
    private final boolean replacesADisk;
    // Each history has a temper of its own (swarm testing): rare combinations are likely in some.
    private final QuorumSettings settings;
    private final int crashesAtPersist;
    private final int faultGapMs;
    private final int slowPercent;
    private final int syncMs;
    private final int batchesRead;
    private final int changeGapMs;
    private final int snapshotMs;
    private final boolean snapshotsMany;
    private boolean faults = true;
    private int lossPercent;
    private int wipesLeft;
    private long now;
    private long order;
    private long nextArrival;
    private int nextValue;

    /** @param seed of the whole history; it says how many servers there are, too */
    static SimulatedQuorum of(long seed, Map<String, Integer> counts) {
        int voters = 1 + (int) Math.floorMod(seed, 5L);
        int observers = 1 + (int) Math.floorMod(seed / 5, 2L);
        return new SimulatedQuorum(seed, voters, observers, counts);
    }

    private SimulatedQuorum(long seed, int voters, int observers, Map<String, Integer> counts) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.counts = counts;
        int all = voters + observers;
        this.cut = new boolean[all][all];
        for (int id = 0; id < all; id++) {
            servers.add(new Server(id));
        }
        this.initialVoters = VoterSet.of(servers.subList(0, voters).stream()
                .map(server -> new Voter(server.key(), List.of()))
                .toList());
        // Where a disk is lost, no other voter may go besides: a majority has to be left.
        this.replacesADisk = voters >= 3 && random.nextInt(4) == 0;
        this.wipesLeft = replacesADisk ? 1 : 0;
        this.lossPercent = oneOf(0, 3, 10, 25);
        int electionMs = oneOf(20, 200);
        this.settings = new QuorumSettings(oneOf(150, 400), electionMs, electionMs, 20, 100);
        this.crashesAtPersist = oneOf(400, 20);
        this.faultGapMs = oneOf(40, 120, 300);
        this.slowPercent = oneOf(0, 5, 30);
        this.syncMs = oneOf(5, 30, 300);
        this.batchesRead = oneOf(1, 2, 6);
        this.changeGapMs = oneOf(Integer.MAX_VALUE, 2_000, 100);
        this.snapshotMs = oneOf(10, 300, 3_000);
        this.snapshotsMany = random.nextInt(3) == 0;
    }

    void watch(Watcher by) {
        watcher = by;
    }

    int size() {
        return servers.size();
    }

    VoterSet initialVoters() {
        return initialVoters;
    }

    /** Faults for a while, then peace, in which everything has to get well. A failure says the seed, and how it came to it. */
    void run() {
        try {
            run(8_000, 8_000);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (" + initialVoters.size() + " voters of " + servers.size() + " servers): "
                            + e.getMessage() + "\n" + history(),
                    e);
        }
    }

    private void run(long faultyMs, long peacefulMs) {
        servers.forEach(Server::start);
        disturb();
        writeOn();
        after(random.nextInt(changeGapMs), this::changeOn);
        runUntil(faultyMs);
        faults = false;
        lossPercent = 0;
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
        servers.stream().filter(server -> !server.isUp()).forEach(Server::start);
        runUntil(now + peacefulMs);
        assertThat(complaints).as("complaints among honest servers").isEmpty();
        List<Server> leading =
                servers.stream().filter(server -> server.running().leads()).toList();
        assertThat(leading).as("LeaderEventually: who leads").hasSize(1);
        Server leader = leading.getFirst();
        long end = leader.end();
        leader.step(new AppendRequested(leader.hardState.epoch(), 1, new Value(nextValue++)));
        runUntil(now + 2_000);
        for (Server server : servers) {
            assertThat(server.running().log().highWatermark())
                    .as("what server " + server.id + " knows to be committed, of " + end + " and more")
                    .isGreaterThan(end);
            assertThat(server.changesAsked)
                    .as("changes that server " + server.id + " was asked for and has not answered")
                    .isEmpty();
            server.checkOutline();
        }
    }

    private String history() {
        return trace.stream().map(Supplier::get).collect(Collectors.joining("\n"));
    }

    private void runUntil(long untilMs) {
        while (!queue.isEmpty() && queue.element().atMs <= untilMs) {
            Timed next = queue.remove();
            now = Math.max(now, next.atMs);
            next.what.run();
        }
        now = untilMs;
    }

    private void at(long atMs, Runnable what) {
        queue.add(new Timed(atMs, order++, what));
    }

    private void after(long ms, Runnable what) {
        at(now + ms, what);
    }

    private int oneOf(int... values) {
        return values[random.nextInt(values.length)];
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private void trace(Supplier<String> line) {
        long at = now;
        trace.add(() -> at + " " + line.get());
        if (trace.size() > LINES_KEPT) {
            trace.remove();
        }
    }

    // The network.

    private void send(Server from, long requestId, int to, QuorumRequest request) {
        Call call = new Call(from, requestId);
        after(REQUEST_TIMEOUT_MS, () -> tell(call, new Failed(requestId)));
        int copies = faults && random.nextInt(50) == 0 ? 2 : 1;
        for (int copy = 0; copy < copies; copy++) {
            if (lost(from.id, to)) {
                continue;
            }
            after(delay(), () -> {
                Server receiver = servers.get(to);
                if (receiver.isUp() && !cut[from.id][to]) {
                    long arrival = nextArrival++;
                    long untilMs = now + (request instanceof Fetch fetch ? fetch.maxWaitMs() : 0);
                    receiver.toAnswer.put(arrival, new Arrived(call, request, untilMs));
                    receiver.step(new Asked(arrival, request));
                }
            });
        }
    }

    private void answerTo(Call call, int from, QuorumAnswer answer) {
        if (!lost(from, call.from.id)) {
            after(delay(), () -> {
                if (!cut[from][call.from.id]) {
                    tell(call, new Answered(call.requestId, answer));
                }
            });
        }
    }

    private static void tell(Call call, QuorumEvent event) {
        if (!call.done && call.from.life == call.life && call.from.isUp()) {
            call.done = true;
            call.from.step(event);
        }
    }

    private boolean lost(int from, int to) {
        return cut[from][to] || random.nextInt(100) < lossPercent;
    }

    private long delay() {
        return faults && random.nextInt(100) < slowPercent ? 50 + random.nextInt(400) : 1 + random.nextInt(10);
    }

    /** What comes of it does so late, too: when nobody waits for it any more, or its leader is gone. */
    private void fetchSnapshot(Server to, Server from, int epoch, OffsetAndEpoch snapshot) {
        long life = to.life;
        after(pieces(), () -> {
            boolean there = from.isUp()
                    && !cut[from.id][to.id]
                    && from.running().leads()
                    && from.hardState.epoch() == epoch
                    && from.start.equals(snapshot);
            VoterSet voters = from.startVoters;
            after(pieces(), () -> {
                if (to.life == life && to.isUp()) {
                    to.fetched(snapshot, there, voters);
                }
            });
        });
    }

    /** How long half of a snapshot takes, to fetch or to write. */
    private long pieces() {
        return delay() + random.nextInt(faults ? snapshotMs : 10);
    }

    // Clients and faults.

    private void writeOn() {
        for (Server server : servers) {
            if (server.isUp() && server.running().leads()) {
                server.step(new AppendRequested(server.hardState.epoch(), 1, new Value(nextValue++)));
            }
        }
        if (faults) {
            after(5 + random.nextInt(60), this::writeOn);
        }
    }

    private void disturb() {
        if (!faults) {
            return;
        }
        if (snapshotsMany) { // whoever was away for a moment needs one
            servers.forEach(this::snapshot);
        }
        Server one = servers.get(random.nextInt(servers.size()));
        Server other = servers.get(random.nextInt(servers.size()));
        switch (random.nextInt(11)) {
            case 0, 1 -> {
                if (one.isUp()) {
                    one.checkOutline();
                    crashAndRestart(one);
                }
            }
            case 2 -> cut[one.id][other.id] = one != other;
            case 3 -> {
                cut[one.id][other.id] = one != other;
                cut[other.id][one.id] = one != other;
            }
            case 4 -> {
                for (int id = 0; id < servers.size(); id++) {
                    cut[one.id][id] = id != one.id;
                    cut[id][one.id] = id != one.id;
                }
            }
            case 5, 6 -> {
                for (boolean[] row : cut) {
                    Arrays.fill(row, false);
                }
            }
            case 7 -> snapshot(one);
            case 8 -> shutDownLeader(one);
            case 10 -> {
                if (random.nextInt(4) > 0) {
                    break;
                }
                count("the power fails everywhere");
                servers.stream().filter(Server::isUp).forEach(server -> {
                    server.checkOutline();
                    crashAndRestart(server);
                });
            }
            case 9 -> {
                if (wipesLeft > 0 && one.isUp() && now > 1_000) {
                    wipesLeft--;
                    count("a disk is replaced");
                    one.wipe();
                    after(10, one::start);
                }
            }
            default -> throw new AssertionError();
        }
        after(5 + random.nextInt(faultGapMs), this::disturb);
    }

    private void shutDownLeader(Server server) {
        if (server.isUp() && server.running().leads()) {
            count("a leader is shut down");
            server.step(new ShutDown());
        }
    }

    private void crashAndRestart(Server server) {
        server.crash();
        long life = server.life;
        after(1 + random.nextInt(600), () -> {
            if (!server.isUp() && server.life == life) {
                server.start();
            }
        });
    }

    private void snapshot(Server server) {
        if (!server.isUp()) {
            return;
        }
        QuorumMachine machine = server.running();
        long most = machine.log().snapshotEnd();
        EntryBatch last = null;
        for (EntryBatch batch : server.log) {
            if (batch.endOffset() <= most && (last == null || random.nextBoolean())) {
                last = batch;
            }
        }
        if (last == null) {
            return;
        }
        OffsetAndEpoch snapshot = new OffsetAndEpoch(last.endOffset(), last.epoch());
        VoterSet voters = machine.log().votersAt(snapshot.offset());
        long life = server.life;
        after(pieces() + pieces(), () -> {
            if (server.life != life || !server.isUp()) {
                return;
            }
            if (snapshot.offset() > server.start.offset()) {
                server.startVoters = voters;
                server.start = snapshot;
                server.log.removeIf(batch -> batch.endOffset() <= snapshot.offset());
            } else {
                count("a snapshot is written that reaches less far than another");
            }
            server.step(new SnapshotTaken(snapshot));
        });
    }

    private void changeOn() {
        if (faults) {
            changeVoters(servers.get(random.nextInt(servers.size())));
            after(1 + random.nextInt(changeGapMs), this::changeOn);
        }
    }

    private void changeVoters(Server other) {
        for (Server server : servers) {
            if (!server.isUp() || !server.running().leads()) {
                continue;
            }
            VoterSet voters = server.running().log().voters();
            Voter same = voters.voter(other.id);
            if (same == null) {
                server.changesAsked.add(order);
                server.step(new AddVoterRequested(order++, new Voter(other.key(), List.of()), 300));
            } else if (!same.key().equals(other.key()) || (voters.size() > 1 && !replacesADisk)) {
                if (other == server) {
                    count("a leader is asked to remove itself");
                }
                server.changesAsked.add(order);
                server.step(new RemoveVoterRequested(order++, same.key()));
            }
        }
    }
}
