package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.ControllerEffect;
import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerEvent;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerMachine;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicPolicy;
import io.odradek.replication.partition.FetchAnswer.Records;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.AdvanceLogStart;
import io.odradek.replication.partition.FollowerEffect.AppendFetched;
import io.odradek.replication.partition.FollowerEffect.Complain;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.LearnHighWatermark;
import io.odradek.replication.partition.FollowerEffect.StartOver;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.FetchFailed;
import io.odradek.replication.partition.FollowerEvent.FetchedAppended;
import io.odradek.replication.partition.FollowerEvent.Truncated;
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
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.LeaderEvent.ProposalAnswered;
import io.odradek.replication.partition.LeaderEvent.ProposalFailed;
import io.odradek.replication.partition.ReplicaEffect.Follow;
import io.odradek.replication.partition.ReplicaEffect.Lead;
import io.odradek.replication.partition.ReplicaEffect.StandBy;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A partition: replicas' machines over logs that forget, the controller's machine, whose records are committed at once, and a network that
 * delays, doubles, loses and parts; in one thread and virtual time. What the specification claims is checked after each step; the names are its own.
 */
final class SimulatedPartition {

    static final int NOBODY = PartitionImage.NO_LEADER;
    private static final long REQUEST_TIMEOUT_MS = 150;
    private static final int LINES_KEPT = Integer.getInteger("odradek.partition.lines", 400);

    /** What a leader wrote; {@code history} is of it and all before it. */
    record Written(int epoch, int id, long history) {}

    /** A decision of the controller; its index is its partition epoch. */
    record Decision(PartitionImage image, boolean unclean) {}

    /** Sees every step, in the order in which they happen. */
    interface Watcher {
        Watcher NONE = new Watcher() {};

        /** Nothing of what the step wants is done yet. */
        default void stepped(Host host, ReplicaEvent event, List<ReplicaEffect> wanted) {}

        /** The controller has decided about a broker, or found that nothing is to be changed. The actions are the specification's. */
        default void decided(String action, int broker) {}

        /** A record was appended by the leader. */
        default void wrote(Host host) {}

        /** A fetch was answered with these records of the leader's log. */
        default void served(Host leader, long requestId, List<Written> records) {}

        /** A consumer has read everything that this replica shows. */
        default void read(Host host) {}

        /** A process has ended, and this is left. */
        default void ended(Host host, boolean clean) {}
    }

    private record Timed(long atMs, long order, Runnable what) {}

    /** A fetch on its way, and its answers. */
    private record Call(Host from, long life, Fetch fetch) {}

    final class Host implements ReplicaLog {
        private final int id;

        // The disk.
        private final List<Written> log = new ArrayList<>();
        private long base;
        private long baseHistory;
        private long logStart;
        private long syncedEnd;
        private long keptHighWatermark;

        // The process.
        private @Nullable ReplicaMachine machine;
        private long life;
        private boolean stoppedCleanly = true;
        private boolean leased = true;
        private long leaseEndMs;
        private int heard = -1;
        private long metadataOffset = -1;
        private boolean syncing;
        private long cuts;
        private final Map<Long, Call> toAnswer = new HashMap<>();
        private final Map<Long, List<Written>> fetched = new HashMap<>();
        private long timerAtMs = Long.MAX_VALUE;
        private long highWatermarkBefore;

        private long brokerEpoch = -1;

        Host(int id) {
            this.id = id;
        }

        int id() {
            return id;
        }

        boolean isUp() {
            return machine != null;
        }

        boolean isFenced() {
            BrokerImage broker = committedImage.broker(id);
            return broker == null || broker.fenced();
        }

        boolean leased() {
            return leased;
        }

        long syncedEnd() {
            return syncedEnd;
        }

        long brokerEpoch() {
            return brokerEpoch;
        }

        List<Written> log() {
            return log;
        }

        /** What has come in this exchange. */
        List<Written> fetched(long exchange) {
            return fetched.getOrDefault(exchange, List.of());
        }

        ReplicaMachine running() {
            ReplicaMachine running = machine;
            if (running == null) {
                throw new IllegalStateException("broker " + id + " is down");
            }
            return running;
        }

        // The log, as the machine asks.

        @Override
        public long logStartOffset() {
            return logStart;
        }

        @Override
        public long durableLogStart() {
            return logStart;
        }

        @Override
        public long logEndOffset() {
            return base + log.size();
        }

        @Override
        public int lastEpoch() {
            return logStart == logEndOffset() ? NO_EPOCH : log.getLast().epoch();
        }

        @Override
        public EpochEnd endOfEpoch(int epoch) {
            int found = NO_EPOCH;
            for (long offset = logStart; offset < logEndOffset(); offset++) {
                int of = at(offset).epoch();
                if (of > epoch) {
                    return new EpochEnd(found, offset);
                }
                found = of;
            }
            return new EpochEnd(found, logEndOffset());
        }

        private Written at(long offset) {
            return log.get((int) (offset - base));
        }

        /** Of all below {@code end}. */
        private long historyTo(long end) {
            return end == base ? baseHistory : at(end - 1).history();
        }

        /** Whether it has what was committed up to {@code end}, at its place. */
        private boolean holds(long end) {
            return end <= logEndOffset() && (end < base || historyTo(end) == committed.get((int) end));
        }

        private void append(int epoch, int recordId) {
            Written next = new Written(epoch, recordId, 31 * historyTo(logEndOffset()) + 1009L * epoch + recordId);
            append(next);
        }

        private void append(Written next) {
            long offset = logEndOffset();
            Long known = histories.putIfAbsent(offset + "@" + next.epoch(), next.history());
            assertThat(known == null || known == next.history())
                    .as("LogMatching at offset %d of epoch %d, broker %d", offset, next.epoch(), id)
                    .isTrue();
            log.add(next);
        }

        private void cut(long to) {
            while (logEndOffset() > to) {
                log.removeLast();
            }
            syncedEnd = Math.min(syncedEnd, to);
            cuts++;
        }

        // The process.

        /** @param highWatermark from the checkpoint, or as it was when the process stopped */
        void start(long highWatermark) {
            life++;
            syncing = false;
            cuts = 0;
            fetched.clear();
            timerAtMs = Long.MAX_VALUE;
            syncedEnd = logEndOffset();
            highWatermarkBefore = highWatermark;
            machine = new ReplicaMachine(
                    id,
                    brokerEpoch,
                    minIsr,
                    highWatermark,
                    logEndOffset(),
                    this,
                    CommitRule.named(CommitRule.IN_SYNC_REPLICAS),
                    settings,
                    leased);
            heard = metadata.size() - 1;
            metadataOffset = committedImage.lastOffset();
            step(new PartitionChanged(current()));
            beatOn();
        }

        /** @return whether the controller has taken it for the next process of its broker */
        boolean restart() {
            long previous = stoppedCleanly ? brokerEpoch : -1;
            if (ask(registration(id, ++incarnations, previous)).epoch() instanceof Done<Long>(Long epoch)) {
                starts.put(epoch, starts.getOrDefault(brokerEpoch, 0) + 1);
                brokerEpoch = epoch;
                leased = !timelyLeases;
                leaseEndMs = 0;
                start(keptHighWatermark);
                return true;
            }
            count("a process that may be another's double is refused");
            return false;
        }

        private void beatOn() {
            beat();
            inThisLife(1 + sessionMs / 6 + random.nextInt(sessionMs / 6), this::beatOn);
        }

        /** What a process has sent before it ended does not arrive here. If it did, that would be as if it had arrived before. */
        private void beat() {
            if (isLostToController(this)) {
                return;
            }
            long sentMs = now;
            Heartbeat heartbeat = new Heartbeat(id, brokerEpoch, metadataOffset, false, false);
            inThisLife(delay(), () -> {
                boolean fenced = isFenced();
                boolean stays =
                        ask(heartbeat).state() instanceof Done<BrokerState>(BrokerState answer) && answer.fenced();
                if (fenced && !stays) {
                    renewLease(sentMs); // in the specification unfencing is one step
                } else if (!fenced && !isLostToController(this)) {
                    inThisLife(delay(), () -> {
                        if (sentMs + sessionMs - 1 > now) {
                            renewLease(sentMs);
                        }
                    });
                }
            });
        }

        /** It ends before the controller's session, which begins when the heartbeat arrives. */
        private void renewLease(long sentMs) {
            if (!timelyLeases) {
                return;
            }
            leaseEndMs = Math.max(leaseEndMs, sentMs + sessionMs - 1);
            if (!leased) {
                count("a lease is renewed");
                leased = true;
                step(new LeaseRenewed());
            }
            inThisLife(Math.max(0, leaseEndMs - now), () -> {
                if (now >= leaseEndMs) {
                    lapse();
                }
            });
        }

        void lapse() {
            if (timelyLeases && leased) {
                leased = false;
                step(new LeaseLapsed());
            }
        }

        void stop() {
            count("a clean stop");
            keptHighWatermark = running().highWatermark();
            syncedEnd = logEndOffset();
            end(true);
        }

        private int toAppendMs() {
            return random.nextInt(faults ? appendMs : 3);
        }

        /** Of what is not synced, any beginning stays; of page caches that is any beginning at all. */
        void crash() {
            long before = logEndOffset();
            long kept = Math.max(logStart, synchronous ? syncedEnd : random.nextInt(3) == 0 ? before : 0);
            if (before > kept) {
                kept += random.nextLong(before - kept + 1);
            }
            cut(kept);
            if (kept < before) {
                count("a crash took unsynced records");
            }
            lossyCrashes += synchronous ? 0 : 1;
            if (!checkpoints) {
                keptHighWatermark = 0;
            } else if (!synchronous) {
                keptHighWatermark = Math.min(keptHighWatermark, kept);
            }
            keptHighWatermark = Math.max(keptHighWatermark, logStart);
            end(false);
        }

        private void end(boolean clean) {
            machine = null;
            stoppedCleanly = clean;
            toAnswer.clear();
            fetched.clear();
            watcher.ended(this, clean);
        }

        void step(ReplicaEvent event) {
            if (machine == null) {
                return;
            }
            if (faults || !(event instanceof TimePassed)) {
                trace(() -> "broker " + id + " " + event);
            }
            List<ReplicaEffect> wanted = machine.step(now, event);
            watcher.stepped(this, event, wanted);
            long inLife = life;
            for (ReplicaEffect effect : wanted) {
                if (machine == null || life != inLife) {
                    return;
                }
                trace(() -> "      " + id + " wants " + effect);
                carryOut(effect);
            }
            if (machine != null && life == inLife) {
                checkAfterStep(this);
                setTimer();
            }
        }

        private void setTimer() {
            long deadline = Math.max(now + 1, running().deadlineMs());
            if (deadline < timerAtMs || timerAtMs <= now) {
                timerAtMs = deadline;
                inThisLife(deadline - now, () -> step(new TimePassed()));
            }
        }

        private void inThisLife(long ms, Runnable what) {
            long atLife = life;
            after(ms, () -> {
                if (life == atLife && machine != null) {
                    what.run();
                }
            });
        }

        private void carryOut(ReplicaEffect effect) {
            switch (effect) {
                case Lead(int leaderEpoch, long epochStart) -> {
                    count("a reign begins");
                    assertThat(epochStart).isEqualTo(logEndOffset());
                }
                case Follow(int leaderEpoch, int leader) -> assertThat(leader).isNotEqualTo(id);
                case StandBy _, StopActing _, ActAgain _ -> {}
                case AdvanceHighWatermark(long offset) -> onCommit(this, offset);
                case LearnHighWatermark _ -> {}
                case ReplyRecords reply -> readAndAnswer(reply);
                case Reply(long requestId, FetchAnswer answer) -> {
                    count("a fetch is answered " + word(answer));
                    answer(requestId, answer, List.of());
                }
                case AlterPartition(long requestId, IsrProposal proposal) -> alterPartition(this, requestId, proposal);
                case Fetch fetch -> send(new Call(this, life, fetch));
                case AppendFetched(long exchange) -> inThisLife(toAppendMs(), () -> appendFetched(exchange));
                case Truncate(long to, long highWatermark) -> {
                    if (to < highWatermark()) {
                        assertThat(uncleanly)
                                .as("LogsKept: broker %d cuts what is committed", id)
                                .isTrue();
                        count("an unclean election took what was committed");
                    }
                    keptHighWatermark = Math.min(keptHighWatermark, highWatermark);
                    inThisLife(toAppendMs(), () -> truncate(to));
                }
                case StartOver(long from) -> {
                    keptHighWatermark = Math.min(keptHighWatermark, from);
                    inThisLife(toAppendMs(), () -> startOver(from));
                }
                case AdvanceLogStart(long start) -> logStart = Math.max(logStart, start);
                case Complain(String line) -> complaints.add("broker " + id + ": " + line);
            }
        }

        private long highWatermark() {
            return running().highWatermark();
        }

        /** By another thread: it looks afterwards whether something was cut meanwhile. */
        private void readAndAnswer(ReplyRecords reply) {
            long cutsThen = cuts;
            inThisLife(random.nextInt(faults ? readMs : 3), () -> {
                int most = faults ? 1 + random.nextInt(recordsRead) : 50;
                List<Written> records = new ArrayList<>();
                for (long offset = reply.from();
                        offset < Math.min(reply.to(), logEndOffset()) && records.size() < most;
                        offset++) {
                    if (offset < logStart) {
                        break;
                    }
                    records.add(at(offset));
                }
                if (cuts != cutsThen || reply.from() < logStart) {
                    count("a log is cut between a fetch and its answer");
                    answer(reply.requestId(), new Refused(Refusal.NOT_LEADER_OR_FOLLOWER), List.of());
                } else {
                    watcher.served(this, reply.requestId(), records);
                    answer(
                            reply.requestId(),
                            new Records(spans(reply.from(), records), reply.highWatermark(), reply.logStartOffset()),
                            records);
                }
            });
        }

        private static List<BatchSpan> spans(long from, List<Written> records) {
            List<BatchSpan> spans = new ArrayList<>();
            for (int i = 0; i < records.size(); i++) {
                spans.add(new BatchSpan(from + i, from + i + 1, records.get(i).epoch()));
            }
            return spans;
        }

        private void answer(long requestId, FetchAnswer answer, List<Written> records) {
            Call call = toAnswer.remove(requestId);
            if (call == null) {
                throw new AssertionError("request " + requestId + " is answered twice");
            }
            if (isLost(id, call.from.id)) {
                return;
            }
            after(delay(), () -> {
                // Also when it was given up meanwhile: the machine has to know.
                if (call.from.life == call.life && call.from.isUp() && !cut[id][call.from.id]) {
                    call.from.fetched.putIfAbsent(call.fetch.exchange(), records);
                    call.from.step(new FetchAnswered(
                            call.fetch.exchange(), call.fetch.fetch().leaderEpoch(), answer));
                }
            });
        }

        private void appendFetched(long exchange) {
            List<Written> records = fetched.get(exchange);
            if (records == null) {
                throw new AssertionError("nothing was fetched in exchange " + exchange);
            }
            records.forEach(this::append);
            fetched.clear();
            step(new FetchedAppended(exchange, logEndOffset()));
            appended();
        }

        private void appended() {
            if (synchronous) {
                syncSoon();
            } else {
                syncedEnd = logEndOffset();
                step(new LocallyAppended(logEndOffset()));
            }
        }

        private void truncate(long to) {
            count("a divergence is cut");
            cut(to);
            step(new Truncated(to));
        }

        private void startOver(long from) {
            count("a follower starts over");
            log.clear();
            base = from;
            baseHistory = committed.get((int) from);
            logStart = from;
            syncedEnd = from;
            cuts++;
            step(new Truncated(from));
        }

        private void syncSoon() {
            if (syncing) {
                return;
            }
            syncing = true;
            long end = logEndOffset();
            long cutsThen = cuts;
            inThisLife(1 + random.nextInt(faults ? syncMs : 5), () -> {
                syncing = false;
                if (cuts == cutsThen && end > syncedEnd) {
                    syncedEnd = end;
                    step(new LocallyAppended(end));
                }
                if (machine != null && logEndOffset() > syncedEnd) {
                    syncSoon();
                }
            });
        }

        void write() {
            LeaderMachine leader = running().leader();
            if (leader == null || !leader.acts() || !leader.admitsAcksAll()) {
                return;
            }
            append(leader.leaderEpoch(), ++lastId);
            watcher.wrote(this);
            trace(() -> "broker " + id + " writes record " + lastId + " at offset " + (logEndOffset() - 1));
            if (synchronous) {
                step(new LogGrew());
                syncSoon();
            } else {
                appended();
            }
        }

        /** As DeleteRecords does, and retention: up to what is committed. */
        void deleteRecords() {
            if (running().leader() != null && highWatermark() > logStart) {
                count("records are deleted");
                logStart += 1 + random.nextLong(highWatermark() - logStart);
            }
        }

        void checkpoint() {
            keptHighWatermark = Math.max(keptHighWatermark, running().checkpoint());
        }
    }

    private static String word(FetchAnswer answer) {
        return answer instanceof Refused(Refusal why)
                ? why.name()
                : answer.getClass().getSimpleName();
    }

    private final long seed;
    private final SplittableRandom random;
    private final Map<String, Integer> counts;
    private final List<Host> hosts = new ArrayList<>();
    private final List<Decision> metadata = new ArrayList<>();
    private final PriorityQueue<Timed> queue =
            new PriorityQueue<>(Comparator.comparingLong(Timed::atMs).thenComparingLong(Timed::order));
    private final ArrayDeque<Supplier<String>> trace = new ArrayDeque<>();
    private final List<String> complaints = new ArrayList<>();
    private Watcher watcher = Watcher.NONE;

    /** The history up to each offset of the longest prefix that was ever below a leader's high watermark. */
    private final List<Long> committed = new ArrayList<>(List.of(0L));

    /** Of each record that was ever in a log: by offset and epoch. */
    private final Map<String, Long> histories = new HashMap<>();

    /** Of the brokers, from one to another, and of each with the controller. */
    private final boolean[][] cut;

    private final boolean[] cutFromController;

    // Each history has a temper of its own (swarm testing): rare combinations are likely in some.
    private final int minIsr;
    private final boolean synchronous;
    private final boolean timelyLeases;
    private final boolean uncleanElection;
    private final boolean checkpoints;
    private final boolean retention;
    private final ReplicationSettings settings;
    private final int faultGapMs;
    private final int slowPercent;
    private final int syncMs;
    private final int appendMs;
    private final int readMs;
    private final int recordsRead;
    private final int writeGapMs;
    private final int sessionMs;

    // The controller.
    private final ControllerSettings controllerSettings;
    private final ConfigRules rules;
    private ControllerMachine controller;
    private ClusterImage committedImage = ClusterImage.empty("c");
    private UUID topicId = new UUID(0, 0);
    private long nextRequest;
    private long incarnations;

    /** Of the decision with that index, in the metadata log. */
    private final List<Long> offsets = new ArrayList<>();

    /** Of each broker epoch: which start of its broker that was, from 1. */
    private final Map<Long, Integer> starts = new HashMap<>();

    /** Whose proposal is judged, and whether it is the set as it is. */
    private int proposing;

    private boolean withdraws;

    private boolean faults = true;
    private int lossPercent;
    private boolean uncleanly;
    private int lossyCrashes;
    private int lastId;
    private int readEnd;
    private long now;
    private long order;
    private long nextArrival;

    /** @param seed of the whole history; it says how many replicas there are, too */
    static SimulatedPartition of(long seed, Map<String, Integer> counts) {
        return new SimulatedPartition(seed, counts, false);
    }

    /** What the specification has, and no more: no retention, and of the high watermark there is no checkpoint. */
    static SimulatedPartition asSpecified(long seed, Map<String, Integer> counts) {
        return new SimulatedPartition(seed, counts, true);
    }

    private SimulatedPartition(long seed, Map<String, Integer> counts, boolean asSpecified) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.counts = counts;
        int replicas = oneOf(1, 2, 2, 3, 3, 3, 4);
        this.cut = new boolean[replicas][replicas];
        this.cutFromController = new boolean[replicas];
        for (int id = 0; id < replicas; id++) {
            hosts.add(new Host(id));
        }
        this.minIsr = 1 + random.nextInt(replicas);
        this.synchronous = random.nextBoolean();
        this.timelyLeases = random.nextBoolean();
        this.uncleanElection = random.nextInt(6) == 0;
        this.checkpoints = random.nextBoolean() && !asSpecified;
        this.retention = random.nextInt(3) == 0 && !uncleanElection && !asSpecified;
        this.settings = new ReplicationSettings(oneOf(60, 300), oneOf(5, 40), oneOf(0, 20, 100));
        this.lossPercent = oneOf(0, 3, 10, 25);
        this.faultGapMs = oneOf(40, 120, 300);
        this.slowPercent = oneOf(0, 5, 30);
        this.syncMs = oneOf(3, 30, 200);
        this.appendMs = oneOf(1, 5, 60);
        this.readMs = oneOf(1, 5, 400);
        this.recordsRead = oneOf(1, 2, 20);
        this.writeGapMs = oneOf(10, 60, 300);
        this.sessionMs = oneOf(60, 150, 1000);
        this.controllerSettings =
                ControllerSettings.of(1, 1).with(it -> it.sessionMs(sessionMs).rebalanceIntervalMs(0));
        this.rules = new SimulatedPartitionRules(new TopicPolicy(minIsr, uncleanElection, synchronous));
        this.controller = new ControllerMachine(committedImage, controllerSettings, rules);
    }

    void watch(Watcher by) {
        watcher = by;
    }

    int replicas() {
        return hosts.size();
    }

    int minIsr() {
        return minIsr;
    }

    boolean synchronous() {
        return synchronous;
    }

    boolean timelyLeases() {
        return timelyLeases;
    }

    boolean uncleanElection() {
        return uncleanElection;
    }

    Host host(int id) {
        return hosts.get(id);
    }

    /** Which start of its broker an epoch is of, from 1; 0 when it is none. */
    int start(long brokerEpoch) {
        return starts.getOrDefault(brokerEpoch, 0);
    }

    List<Decision> metadata() {
        return metadata;
    }

    private PartitionImage current() {
        return metadata.getLast().image();
    }

    /** Faults for a while, then peace, in which everything has to get well. A failure says the seed, and how it came to it. */
    void run() {
        try {
            run(6_000, 6_000);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (" + hosts.size() + " replicas, min.insync.replicas " + minIsr + ", "
                            + (synchronous ? "sync" : "page-cache") + (timelyLeases ? ", timely leases" : "")
                            + (uncleanElection ? ", unclean elections" : "") + (retention ? ", retention" : "")
                            + "): " + e.getMessage() + "\n" + history(),
                    e);
        }
    }

    private void run(long faultyMs, long peacefulMs) {
        setUp();
        disturb();
        writeOn();
        readOn();
        controlOn();
        runUntil(faultyMs);
        faults = false;
        lossPercent = 0;
        mend();
        runUntil(now + peacefulMs);
        PartitionImage last = current();
        if (last.leader() == NOBODY
                && last.inSyncReplicas().isEmpty()
                && last.eligibleLeaderReplicas().isEmpty()) {
            assertThat(synchronous || lossyCrashes < minIsr)
                    .as("CandidatesLeft: nobody can be elected, after %d crashes", lossyCrashes)
                    .isFalse();
            count("page caches of all candidates are lost");
            return;
        }
        if (!uncleanly) {
            assertThat(complaints).as("complaints among honest replicas").isEmpty();
        }
        checkHealed(last);
        hosts.get(last.leader()).write();
        runUntil(now + 1_500);
        checkHealed(current());
    }

    /** Healed. */
    private void checkHealed(PartitionImage last) {
        assertThat(last.leader()).as("LeaderAgain: who leads").isNotEqualTo(NOBODY);
        assertThat(last.inSyncReplicas()).as("Heals: who is in sync").hasSize(hosts.size());
        Host leader = hosts.get(last.leader());
        for (Host host : hosts) {
            assertThat(host.isUp() && !host.isFenced())
                    .as("Heals: broker %d is up", host.id)
                    .isTrue();
            assertThat(host.running().partitionEpoch()).isEqualTo(last.partitionEpoch());
            assertThat(host.logEndOffset())
                    .as("Heals: end of broker %d", host.id)
                    .isEqualTo(leader.logEndOffset());
            assertThat(host.historyTo(host.logEndOffset()))
                    .as("Heals: log of broker %d", host.id)
                    .isEqualTo(leader.historyTo(leader.logEndOffset()));
            assertThat(host.running().highWatermark())
                    .as("Heals: high watermark of broker %d", host.id)
                    .isEqualTo(leader.logEndOffset());
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

    private void after(long ms, Runnable what) {
        queue.add(new Timed(now + ms, order++, what));
    }

    private int oneOf(int... values) {
        return values[random.nextInt(values.length)];
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private void trace(Supplier<String> line) {
        long at = now;
        String text = line.get();
        trace.add(() -> at + " " + text);
        if (trace.size() > LINES_KEPT) {
            trace.remove();
        }
    }

    // ---- The network.

    private void send(Call call) {
        Fetch fetch = call.fetch;
        call.from.inThisLife(
                REQUEST_TIMEOUT_MS + settings.fetchMaxWaitMs(),
                () -> call.from.step(new FetchFailed(fetch.exchange())));
        int copies = faults && random.nextInt(20) == 0 ? 2 : 1;
        for (int copy = 0; copy < copies; copy++) {
            if (isLost(call.from.id, fetch.leader())) {
                continue;
            }
            after(delay(), () -> {
                Host leader = hosts.get(fetch.leader());
                if (leader.isUp() && !cut[call.from.id][leader.id]) {
                    long arrival = nextArrival++;
                    leader.toAnswer.put(arrival, call);
                    leader.step(new FollowerFetched(arrival, fetch.fetch()));
                }
            });
        }
    }

    private boolean isLost(int from, int to) {
        return cut[from][to] || random.nextInt(100) < lossPercent;
    }

    private long delay() {
        return faults && random.nextInt(100) < slowPercent ? 50 + random.nextInt(400) : 1 + random.nextInt(10);
    }

    private void alterPartition(Host leader, long requestId, IsrProposal proposal) {
        count("the in-sync set is to be changed");
        leader.inThisLife(REQUEST_TIMEOUT_MS, () -> leader.step(new ProposalFailed(requestId)));
        if (isLostToController(leader)) {
            return;
        }
        long brokerEpoch = leader.brokerEpoch;
        long life = leader.life;
        after(delay(), () -> {
            Verdict verdict = judge(leader, brokerEpoch, proposal);
            count("a proposal is answered " + verdict);
            trace(() -> "the controller answers " + verdict + " to " + proposal + " of " + leader.id);
            if (leader.life != life || isLostToController(leader)) {
                return; // connections end with their processes
            }
            leader.inThisLife(delay(), () -> leader.step(new ProposalAnswered(requestId, verdict)));
        });
    }

    // ---- The controller.

    private static RegisterBroker registration(int id, long incarnation, long previousEpoch) {
        return new RegisterBroker(
                id, new UUID(id, incarnation), List.of(), Map.of(), null, List.of(new UUID(7, id)), previousEpoch);
    }

    private boolean isLostToController(Host host) {
        return cutFromController[host.id] || random.nextInt(100) < lossPercent;
    }

    /** Everybody is registered and in sync, and somebody leads. */
    private void setUp() {
        controller.step(new ControllerEvent.TimePassed(now));
        for (Host host : hosts) {
            if (ask(registration(host.id, 0, -1)).epoch() instanceof Done<Long>(Long epoch)) {
                host.brokerEpoch = epoch;
                starts.put(epoch, 1);
            }
            ask(new Heartbeat(host.id, host.brokerEpoch, committedImage.lastOffset(), false, false));
        }
        List<Integer> ids = new ArrayList<>(hosts.stream().map(Host::id).toList());
        Collections.rotate(ids, random.nextInt(ids.size()));
        ask(new CreateTopics(
                List.of(new NewTopic("t", -1, -1, List.of(new ManualAssignment(0, ids)), List.of())), false));
        topicId = Objects.requireNonNull(committedImage.topic("t")).id();
        metadata.add(new Decision(Objects.requireNonNull(committedImage.partition(topicId, 0)), false));
        offsets.add(committedImage.lastOffset());
        for (Host host : hosts) {
            host.start(0);
            host.renewLease(now);
        }
    }

    private <R extends ControllerReply> R ask(ControllerRequest<R> request) {
        ControllerReply reply = commit(controller.step(new Requested(nextRequest++, request, random.nextLong())));
        return request.replyType().cast(Objects.requireNonNull(reply));
    }

    private @Nullable ControllerReply commit(List<ControllerEffect> effects) {
        ControllerReply body = null;
        for (ControllerEffect effect : effects) {
            switch (effect) {
                case AppendRecords(List<MetadataRecord> records, boolean _, ControllerEffect.Reply reply) -> {
                    if (!records.isEmpty()) {
                        commitBatch(records);
                    }
                    if (reply != null) {
                        body = reply.body();
                    }
                }
            }
        }
        return body;
    }

    /** What happened to a broker is one action with what becomes of the partition by it, an unclean election another. */
    private void commitBatch(List<MetadataRecord> records) {
        ClusterImage at = committedImage;
        committedImage = committedImage.apply(records);
        if (metadata.isEmpty()) {
            return;
        }
        boolean acted = false;
        for (MetadataRecord record : records) {
            at = at.apply(List.of(record));
            if (record instanceof PartitionChange change) {
                PartitionImage next = Objects.requireNonNull(at.partition(topicId, 0));
                boolean unclean = change.leaderRecovery() == LeaderRecovery.RECOVERING;
                if (unclean) {
                    if (!acted) {
                        happened(records.getLast(), null, 0);
                    }
                    count("an unclean election");
                    uncleanly = true;
                    decide("ElectUnclean", next.leader(), next, at.lastOffset());
                } else {
                    happened(records.getLast(), next, at.lastOffset());
                }
                acted = true;
            }
        }
        if (!acted) {
            happened(records.getLast(), null, 0);
        }
    }

    private void happened(MetadataRecord why, @Nullable PartitionImage next, long offset) {
        switch (why) {
            case MetadataRecord.RegisterBroker broker -> decide("Register", broker.brokerId(), next, offset);
            case BrokerRegistrationChange change -> {
                boolean fenced = Boolean.TRUE.equals(change.fenced());
                if (fenced) {
                    count(
                            hosts.get(change.brokerId()).isUp()
                                    ? "a living broker is fenced"
                                    : "a dead broker is fenced");
                }
                decide(fenced ? "Fence" : "Unfence", change.brokerId(), next, offset);
            }
            default -> decide(withdraws ? "WithdrawProposal" : "AcceptProposal", proposing, next, offset);
        }
    }

    private void decide(String action, int about, @Nullable PartitionImage next, long offset) {
        if (next != null) {
            assertThat(next.partitionEpoch()).as("partition epoch").isEqualTo(metadata.size());
            if (next.leader() != current().leader()
                    && current().eligibleLeaderReplicas().contains(next.leader())
                    && !action.equals("ElectUnclean")) {
                count("an eligible replica is elected");
            }
            boolean unclean = action.equals("ElectUnclean")
                    || (next.leaderEpoch() == current().leaderEpoch()
                            && metadata.getLast().unclean());
            metadata.add(new Decision(next, unclean));
            offsets.add(offset);
        }
        hosts.forEach(host -> after(delay(), () -> tell(host)));
        trace(() -> action + " " + about + ": " + current());
        watcher.decided(action, about);
        checkDecision();
    }

    /** Brokers hear of decisions in their order, and sometimes of the last of several. */
    private void tell(Host host) {
        if (!host.isUp()) {
            return;
        }
        if (host.heard == metadata.size() - 1) {
            host.metadataOffset = committedImage.lastOffset();
            return;
        }
        if (cutFromController[host.id]) {
            after(20, () -> tell(host));
            return;
        }
        host.heard = random.nextBoolean() ? metadata.size() - 1 : host.heard + 1;
        if (host.heard < metadata.size() - 1) {
            after(delay(), () -> tell(host));
        }
        boolean all = host.heard == metadata.size() - 1;
        host.metadataOffset = all ? committedImage.lastOffset() : offsets.get(host.heard + 1) - 1;
        host.step(new PartitionChanged(metadata.get(host.heard).image()));
    }

    /** AlterPartition. */
    private Verdict judge(Host leader, long brokerEpoch, IsrProposal proposal) {
        if (faults && random.nextInt(30) == 0) {
            return random.nextBoolean() ? Verdict.OPERATION_NOT_ATTEMPTED : Verdict.UNKNOWN_TOPIC_OR_PARTITION;
        }
        List<ProposedMember> members = proposal.inSyncReplicas().stream()
                .map(member -> new ProposedMember(member.replicaId(), member.brokerEpoch()))
                .toList();
        proposing = leader.id;
        withdraws = Set.copyOf(current().inSyncReplicas())
                .equals(members.stream().map(ProposedMember::brokerId).collect(Collectors.toSet()));
        Outcome<List<Outcome<PartitionImage>>> all = ask(new ControllerRequest.AlterPartition(
                        leader.id,
                        brokerEpoch,
                        List.of(new ProposedInSync(
                                topicId,
                                0,
                                proposal.leaderEpoch(),
                                proposal.partitionEpoch(),
                                members,
                                LeaderRecovery.RECOVERED))))
                .partitions();
        return switch (all) {
            case Outcome.Refused<List<Outcome<PartitionImage>>>(ControllerError error, String _) ->
                Verdict.valueOf(error.name());
            case Done<List<Outcome<PartitionImage>>>(List<Outcome<PartitionImage>> outcomes) ->
                switch (outcomes.getFirst()) {
                    case Done<PartitionImage>(PartitionImage after) -> {
                        assertThat(after).isEqualTo(current());
                        count(withdraws ? "a proposal is withdrawn" : "a proposal is accepted");
                        yield Verdict.ACCEPTED;
                    }
                    case Outcome.Refused<PartitionImage>(ControllerError error, String message) -> {
                        if (error == ControllerError.INELIGIBLE_REPLICA) {
                            count(
                                    message.contains("fenced")
                                            ? "a fenced replica is proposed"
                                            : "a predecessor is proposed");
                            watcher.decided("RefuseProposal", leader.id);
                        }
                        yield Verdict.valueOf(error.name());
                    }
                };
        };
    }

    /** Sessions end, elections follow. */
    private void controlOn() {
        commit(controller.step(new ControllerEvent.TimePassed(now)));
        after(Math.clamp(controller.deadlineMs() - now, 1, 20), this::controlOn);
    }

    /** Another one, that knows what was committed. */
    private void replaceController() {
        count("another controller begins");
        controller = new ControllerMachine(committedImage, controllerSettings, rules);
        commit(controller.step(new ControllerEvent.BecameActive(Collections.emptySortedMap())));
        commit(controller.step(new ControllerEvent.TimePassed(now)));
    }

    // ---- Clients and faults.

    private void writeOn() {
        for (Host host : hosts) {
            if (host.isUp()) {
                host.write();
            }
        }
        if (faults) {
            after(1 + random.nextInt(writeGapMs), this::writeOn);
        }
    }

    /** ConsumersGoOn: of any replica, what it shows. */
    private void readOn() {
        Host host = hosts.get(random.nextInt(hosts.size()));
        if (host.isUp() && !uncleanly && host.running().highWatermark() > readEnd) {
            int end = (int) host.running().highWatermark();
            assertThat(host.holds(end) && (readEnd < host.logStart || host.holds(readEnd)))
                    .as("ConsumersGoOn: from %d to %d of broker %d", readEnd, end, host.id)
                    .isTrue();
            readEnd = end;
            watcher.read(host);
        }
        after(5 + random.nextInt(100), this::readOn);
    }

    private void disturb() {
        if (!faults) {
            return;
        }
        Host one = hosts.get(random.nextInt(hosts.size()));
        Host other = hosts.get(random.nextInt(hosts.size()));
        switch (random.nextInt(13)) {
            case 0, 1 -> endAndRestart(one, false);
            case 2 -> endAndRestart(one, true);
            case 3 -> cut[one.id][other.id] = one != other;
            case 4 -> {
                cut[one.id][other.id] = one != other;
                cut[other.id][one.id] = one != other;
            }
            case 5, 6 -> mend();
            case 7 -> cutFromController[one.id] = true;
            case 8 -> {
                if (one.isUp()) {
                    one.lapse();
                }
            }
            case 9 -> {
                if (random.nextInt(4) == 0) {
                    count("the power fails everywhere");
                    hosts.forEach(host -> endAndRestart(host, false));
                }
            }
            case 10 -> {
                if (retention && one.isUp()) {
                    one.deleteRecords();
                }
            }
            case 12 -> replaceController();
            case 11 -> hosts.stream().filter(Host::isUp).forEach(Host::checkpoint);
            default -> throw new AssertionError();
        }
        after(5 + random.nextInt(faultGapMs), this::disturb);
    }

    private void mend() {
        for (int id = 0; id < cut.length; id++) {
            Arrays.fill(cut[id], false);
            cutFromController[id] = false;
        }
    }

    private void endAndRestart(Host host, boolean clean) {
        if (!host.isUp()) {
            return;
        }
        trace(() -> "broker " + host.id + (clean ? " stops" : " crashes"));
        if (clean) {
            host.stop();
        } else {
            host.crash();
        }
        long life = host.life;
        after(1 + random.nextInt(400), () -> restart(host, life));
    }

    private void restart(Host host, long life) {
        if (host.isUp() || host.life != life) {
            return;
        }
        if (cutFromController[host.id] || !host.restart()) {
            after(20, () -> restart(host, life));
        }
    }

    // ---- What is claimed.

    private void onCommit(Host leader, long offset) {
        if (uncleanly) {
            return;
        }
        for (long end = committed.size(); end <= offset; end++) {
            committed.add(leader.historyTo(end));
        }
        checkCandidates();
    }

    /** Whoever could be elected has what is committed. */
    private void checkCandidates() {
        if (uncleanly) {
            return;
        }
        int end = committed.size() - 1;
        int copies = 0;
        int candidates = 0;
        for (Host host : hosts) {
            boolean has = host.holds(end);
            boolean candidate = current().inSyncReplicas().contains(host.id)
                    || current().eligibleLeaderReplicas().contains(host.id);
            if (candidate && (synchronous || host.isUp() || host.stoppedCleanly)) {
                assertThat(has)
                        .as("CandidateComplete: broker %d, which ends at %d, of %d", host.id, host.logEndOffset(), end)
                        .isTrue();
            }
            copies += has && (!synchronous || host.syncedEnd >= end) ? 1 : 0;
            candidates += candidate ? 1 : 0;
        }
        int lost = synchronous ? 0 : lossyCrashes;
        assertThat(copies).as("LossTolerance: copies of what is committed").isGreaterThanOrEqualTo(minIsr - lost);
        assertThat(candidates).as("CandidatesLeft").isGreaterThanOrEqualTo(minIsr - lost);
    }

    private void checkDecision() {
        PartitionImage p = current();
        assertThat(p.inSyncReplicas())
                .as("FencedOut")
                .noneMatch(id -> hosts.get(id).isFenced());
        assertThat(p.inSyncReplicas().size() < minIsr
                        || p.eligibleLeaderReplicas().isEmpty())
                .as("EligibleRules: %s", p)
                .isTrue();
        assertThat(p.leader() == NOBODY || p.inSyncReplicas().contains(p.leader()))
                .as("EligibleRules: %s", p)
                .isTrue();
        checkCandidates();
        hosts.forEach(this::checkSuperset);
    }

    /** Superset: who could be elected counts for the high watermark of the present leader, while that may advance. */
    private void checkSuperset(Host host) {
        LeaderMachine leader = host.machine == null ? null : host.machine.leader();
        if (leader == null || leader.leaderEpoch() != current().leaderEpoch()) {
            return;
        }
        PartitionImage known = metadata.get(leader.partitionEpoch()).image();
        if (known.inSyncReplicas().size() < minIsr) {
            return;
        }
        List<Integer> counted = new ArrayList<>(known.inSyncReplicas());
        List<Member> proposed = leader.proposed();
        if (proposed != null) {
            proposed.forEach(member -> counted.add(member.replicaId()));
        }
        assertThat(counted)
                .as("Superset: counted by broker %d, of %s", host.id, current())
                .containsAll(current().inSyncReplicas())
                .containsAll(current().eligibleLeaderReplicas());
    }

    private void checkAfterStep(Host host) {
        ReplicaMachine machine = host.running();
        long high = machine.highWatermark();
        assertThat(high)
                .as("high watermark of broker %d, and its end", host.id)
                .isLessThanOrEqualTo(host.logEndOffset());
        assertThat(machine.checkpoint()).as("checkpoint of broker %d", host.id).isLessThanOrEqualTo(host.syncedEnd);
        if (!uncleanly) {
            assertThat(high)
                    .as("HighWatermarkGrows: broker %d", host.id)
                    .isGreaterThanOrEqualTo(host.highWatermarkBefore);
            assertThat(high < committed.size() && host.holds(high))
                    .as("HighWatermarkCommitted: broker %d, up to %d", host.id, high)
                    .isTrue();
        }
        host.highWatermarkBefore = high;
        LeaderMachine leader = machine.leader();
        if (leader == null) {
            return;
        }
        checkSuperset(host);
        if (!uncleanly && leader.leaderEpoch() == current().leaderEpoch()) {
            assertThat(host.holds(committed.size() - 1))
                    .as("LeaderComplete: broker %d", host.id)
                    .isTrue();
        }
        for (Host other : hosts) {
            LeaderMachine others = other == host || other.machine == null ? null : other.machine.leader();
            if (others != null && others.acts() && leader.acts()) {
                assertThat(others.leaderEpoch()).as("OneLeader").isNotEqualTo(leader.leaderEpoch());
                assertThat(timelyLeases)
                        .as("OneActingLeader: %d and %d", host.id, other.id)
                        .isFalse();
            }
        }
        if (timelyLeases && leader.tellsEnd() && !uncleanly) {
            assertThat(high).as("FreshEnd: broker %d", host.id).isEqualTo(committed.size() - 1L);
        }
    }
}
