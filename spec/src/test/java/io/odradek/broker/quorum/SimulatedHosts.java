package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import io.odradek.spec.simulation.FormattedDisk;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.message.VoteRequestData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.jspecify.annotations.Nullable;

/**
 * Whole servers of the quorum, {@link QuorumHost} over the engine's log over disks that forget, and between them Kafka's messages as bytes
 * over a network that delays, doubles, loses and parts: in one thread and virtual time, under one seed. What is claimed is checked as it
 * is claimed.
 */
final class SimulatedHosts {

    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final String LISTENER = "CONTROLLER";
    private static final Path DATA = Path.of("/data");
    private static final int REQUEST_TIMEOUT_MS = 300;
    private static final int LINES_KEPT = Integer.getInteger("odradek.quorum.lines", 300);
    private static final long FAULTY_MS = 5_000;
    private static final long PEACEFUL_MS = 6_000;

    private record Timed(long atMs, long order, Runnable what) {}

    private record Entry(int epoch, int value) {}

    /** Folds records of one number each. */
    private static final class Values {
        private final TreeMap<Long, Entry> byOffset = new TreeMap<>();

        /** Of the snapshot that it began with: those have no offsets. */
        private List<Integer> before = List.of();

        private List<Integer> all() {
            List<Integer> all = new ArrayList<>(before);
            byOffset.values().forEach(entry -> all.add(entry.value()));
            return all;
        }
    }

    private final class Server implements ReplicatedState {
        private final int id;
        private int disks;
        private SimulatedFileStore store;

        private @Nullable QuorumHost host;
        private @Nullable LogDirectory directory;
        private Values values = new Values();
        /** Up to where it was told that everything is committed, inclusive. */
        private long seenTo = -1;

        private SimulatedCluster.@Nullable Member member;
        private long life;
        private long turnAtMs = Long.MAX_VALUE;
        private long busyUntilMs;

        Server(int id) {
            this.id = id;
            this.store = formatted();
        }

        private UUID directoryId() {
            return new UUID(id, disks + 1);
        }

        ReplicaKey key() {
            return new ReplicaKey(id, directoryId());
        }

        Voter voter() {
            return new Voter(key(), List.of(endpoint()));
        }

        private Endpoint endpoint() {
            return new Endpoint(LISTENER, "server-" + id, 9093, (short) 0);
        }

        private SimulatedFileStore formatted() {
            SimulatedFileStore fresh = new SimulatedFileStore(random.nextLong());
            FormattedDisk.format(fresh, DATA, CLUSTER, id, directoryId());
            if (random.nextBoolean()) {
                fresh.refuseFileSystemSync();
            }
            return fresh;
        }

        boolean isUp() {
            return host != null;
        }

        SimulatedCluster.Member memberNow() {
            SimulatedCluster.Member now = member;
            if (now == null || !isUp()) {
                throw new IllegalStateException("server " + id + " is down");
            }
            return now;
        }

        QuorumHost running() {
            QuorumHost running = host;
            if (running == null) {
                throw new IllegalStateException("server " + id + " is down");
            }
            return running;
        }

        void start() {
            life++;
            values = new Values();
            seenTo = -1;
            turnAtMs = Long.MAX_VALUE;
            busyUntilMs = now;
            trace(() -> "server " + id + " starts");
            alive(() -> {
                directory = LogDirectory.open(
                        store,
                        DATA,
                        CLUSTER,
                        id,
                        LogDirectory.Options.defaults().withClock(clock()).withRecentBytes(1 << 16));
                QuorumStorage storage = QuorumStorage.open(store, directory, logConfig, initialVoters, clock());
                SimulatedCluster.Member cluster = withCluster ? SimulatedHosts.this.cluster.new Member(id) : null;
                QuorumHost started = new QuorumHost(
                        new QuorumHost.Options(CLUSTER, LISTENER, endpoint(), contacts, settings, REQUEST_TIMEOUT_MS),
                        storage,
                        new Network(this, life),
                        cluster == null ? this : cluster,
                        () -> now,
                        clock(),
                        random.nextLong(),
                        line -> {
                            // Of a server whose disk was replaced others know more than it does.
                            if (disks == 0) {
                                complaints.add("server " + id + ": " + line);
                            }
                            trace(() -> "      " + id + " complains: " + line);
                        });
                if (cluster != null) {
                    cluster.host().decideFor(started);
                }
                member = cluster;
                host = started;
                turnBy(now);
            });
        }

        private InstantSource clock() {
            return () -> Instant.ofEpochMilli(1_000_000 + now);
        }

        void turnBy(long atMs) {
            long at = Math.max(atMs, busyUntilMs);
            if (at < turnAtMs) {
                turnAtMs = at;
                long atLife = life;
                at(at, () -> {
                    if (life == atLife && isUp() && turnAtMs == at) {
                        turn();
                    }
                });
            }
        }

        private void turn() {
            turnAtMs = Long.MAX_VALUE;
            alive(() -> {
                QuorumHost running = running();
                long before = store.operations();
                long cuts = running.machine().log().cuts();
                long end = running.machine().log().end();
                long next = running.turn();
                if (running.machine().log().cuts() > cuts
                        && running.machine().log().end() < end) {
                    count("a divergence is cut");
                }
                if (running.machine().leads()) {
                    leads(running.machine().hardState());
                }
                if (store.operations() > before && faults) {
                    busyUntilMs = now + random.nextInt(syncMs);
                }
                turnBy(Math.max(now + 1, next));
            });
        }

        private interface Doing {
            void run() throws IOException;
        }

        /** Whatever stops it, the machine's end or the disk's, it is started again, from what the disk has then. */
        private void alive(Doing doing) {
            try {
                doing.run();
            } catch (SimulatedCrash crash) {
                count("a crash at an operation of the disk");
                down();
            } catch (IOException broken) {
                if (!failingDisk) {
                    throw new AssertionError("server " + id + ": " + broken, broken);
                }
                count("a disk fails");
                trace(() -> "server " + id + " " + broken);
                down();
            }
        }

        void down() {
            boolean killed = random.nextInt(4) == 0 && !failingDisk;
            failingDisk = false;
            host = null;
            directory = null;
            life++;
            trace(() -> "server " + id + (killed ? " is killed" : " loses power"));
            store = killed ? store.afterKill() : store.afterCrash(random.nextLong());
            long atLife = life;
            after(1 + random.nextInt(600), () -> {
                if (life == atLife && !isUp()) {
                    start();
                }
            });
        }

        private boolean failingDisk;

        void failNextSync() {
            failingDisk = true;
            store.failSync(1 + random.nextInt(3));
        }

        void wipe() {
            host = null;
            life++;
            disks++;
            store = formatted();
            trace(() -> "server " + id + " comes back with another disk");
            long atLife = life;
            after(10, () -> {
                if (life == atLife) {
                    start();
                }
            });
        }

        void housekeeping() {
            LogDirectory open = directory;
            if (open != null) {
                alive(() -> {
                    open.checkpointRecoveryPoints();
                    open.deletePending(now);
                });
            }
        }

        // What it claims.

        @Override
        public void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException {
            if (isUp()) {
                count("a snapshot is installed");
            }
            Values restored = new Values();
            List<Integer> all = new ArrayList<>();
            batches.forEach(batch -> batch.forEach(value -> all.add(value.getInt(0))));
            restored.before = all;
            List<Integer> expected = new ArrayList<>();
            committed.headMap(snapshot.offset(), false).values().forEach(entry -> expected.add(entry.value()));
            assertThat(all).as("server " + id + ": the snapshot at " + snapshot).isEqualTo(expected);
            values = restored;
            seenTo = snapshot.offset() - 1;
        }

        /** StateMachineSafety: what one takes for committed, every other one takes for it. */
        @Override
        public void apply(long baseOffset, int epoch, List<ByteBuffer> batch) {
            for (int i = 0; i < batch.size(); i++) {
                long offset = baseOffset + i;
                Entry mine = new Entry(epoch, batch.get(i).getInt(0));
                Entry known = committed.putIfAbsent(offset, mine);
                assertThat(known == null || known.equals(mine))
                        .as("StateMachineSafety at offset " + offset + ": server " + id + " has " + mine
                                + ", committed was " + known)
                        .isTrue();
                assertThat(values.byOffset.isEmpty() || values.byOffset.lastKey() < offset)
                        .as("server " + id + " folds offset " + offset + " behind " + values.byOffset.keySet())
                        .isTrue();
                values.byOffset.put(offset, mine);
                seenTo = offset;
            }
        }

        @Override
        public void passed(long lastOffset) {
            assertThat(lastOffset)
                    .as("server " + id + " passes what it has folded")
                    .isGreaterThan(seenTo);
            seenTo = lastOffset;
        }

        @Override
        public void snapshot(SnapshotWriter writer) throws IOException {
            count("a snapshot is taken");
            for (int value : values.all()) {
                writer.append(List.of(bytes(value)));
            }
        }

        @Override
        public void leads(int epoch, long from) {
            count("a leader knows all that is committed");
            assertThat(values.all())
                    .as("LeaderComplete: server " + id + " in epoch " + epoch)
                    .containsAll(acknowledged);
        }

        @Override
        public void follows(int epoch, int leader) {
            assertThat(leader).isNotEqualTo(id);
        }

        /** ElectionSafety. */
        private void leads(HardState state) {
            Integer other = leaders.putIfAbsent(state.epoch(), id);
            if (other == null) {
                count("an election is won");
            }
            assertThat(other == null || other == id)
                    .as("ElectionSafety: epoch " + state.epoch() + " is led by " + other + " and by " + id)
                    .isTrue();
        }
    }

    /** Requests as bytes, to one server or from it; whichever comes first of answer and time-out is told. */
    private final class Network implements Peers {
        private final Server from;
        private final long life;

        Network(Server from, long life) {
            this.from = from;
            this.life = life;
        }

        @Override
        public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
            short version = versionOf(request.api());
            ByteBuffer bytes = MessageUtil.toByteBufferAccessor(request.at(version), version)
                    .buffer();
            boolean[] done = {false};
            after(timeoutMs, () -> {
                if (!done[0]) {
                    done[0] = true;
                    outcome.failed("timed out");
                    from.turnBy(now);
                }
            });
            int copies = faults && random.nextInt(50) == 0 ? 2 : 1;
            for (int copy = 0; copy < copies; copy++) {
                if (lost(from.id, to)) {
                    continue;
                }
                after(delay(), () -> {
                    Server receiver = servers.get(to);
                    if (receiver.isUp() && !cut[from.id][to]) {
                        deliver(request.api(), version, bytes.duplicate(), receiver, response -> {
                            if (!lost(to, from.id)) {
                                after(delay(), () -> {
                                    if (!done[0] && !cut[to][from.id]) {
                                        done[0] = true;
                                        ApiMessage parsed = parse(request.api(), version, response, false);
                                        if (from.life == life && from.isUp()) {
                                            outcome.answered(parsed, version);
                                            from.turnBy(now);
                                        }
                                    }
                                });
                            }
                        });
                    }
                });
            }
        }

        @Override
        public void reachedAt(int server, Endpoint at) {
            assertThat(at.host()).isEqualTo("server-" + server);
        }
    }

    private interface Answer {
        void bytes(ByteBuffer bytes);
    }

    private void deliver(ApiKeys api, short version, ByteBuffer bytes, Server receiver, Answer answer) {
        ApiMessage request = parse(api, version, bytes, true);
        long receiverLife = receiver.life;
        ReplicaKey receiverKey = receiver.key();
        boolean taken = receiver.running().receive(request, version, response -> {
            if (receiver.life != receiverLife) {
                throw new AssertionError("server " + receiver.id + " answers in another life");
            }
            if (response instanceof VoteResponseData voted) {
                onVoted(receiverKey, (VoteRequestData) request, voted);
            }
            answer.bytes(MessageUtil.toByteBufferAccessor(response, version).buffer());
        });
        assertThat(taken).isTrue();
        receiver.turnBy(now);
    }

    private static ApiMessage parse(ApiKeys api, short version, ByteBuffer bytes, boolean request) {
        ApiMessage message = request ? api.messageType.newRequest() : api.messageType.newResponse();
        message.read(new ByteBufferAccessor(bytes), version);
        assertThat(bytes.hasRemaining()).isFalse();
        return message;
    }

    /** Where an older version says the same, it is spoken, too. */
    private short versionOf(ApiKeys api) {
        return switch (api) {
            case BEGIN_QUORUM_EPOCH, END_QUORUM_EPOCH, FETCH_SNAPSHOT -> (short) random.nextInt(2);
            case FETCH -> (short) (17 + random.nextInt(2));
            default -> api.latestVersion();
        };
    }

    /** VoteOnce. */
    private void onVoted(ReplicaKey voter, VoteRequestData request, VoteResponseData response) {
        if (response.errorCode() != 0 || request.topics().isEmpty()) {
            return;
        }
        VoteRequestData.PartitionData asked =
                request.topics().getFirst().partitions().getFirst();
        if (asked.preVote()
                || !response.topics().getFirst().partitions().getFirst().voteGranted()) {
            return;
        }
        ReplicaKey candidate = QuorumWire.key(asked.replicaId(), asked.replicaDirectoryId());
        ReplicaKey other = granted.putIfAbsent(voter + " in epoch " + asked.replicaEpoch(), candidate);
        assertThat(other == null || other.equals(candidate))
                .as("VoteOnce: server " + voter + " votes in epoch " + asked.replicaEpoch() + " for " + other + " and "
                        + candidate)
                .isTrue();
    }

    private final long seed;
    private final SplittableRandom random;
    private final Map<String, Integer> counts;
    /** Some histories have the shipped controller on top, the others numbers. */
    private final boolean withCluster;

    private final SimulatedCluster cluster;
    private final VoterSet initialVoters;
    private final List<Integer> contacts;
    private final List<Server> servers = new ArrayList<>();
    private final PriorityQueue<Timed> queue =
            new PriorityQueue<>(Comparator.comparingLong(Timed::atMs).thenComparingLong(Timed::order));
    private final TreeMap<Long, Entry> committed = new TreeMap<>();
    private final List<Integer> acknowledged = new ArrayList<>();
    private final List<Integer> refused = new ArrayList<>();
    private final Map<Integer, Integer> leaders = new HashMap<>();
    private final Map<String, ReplicaKey> granted = new HashMap<>();
    private final List<String> complaints = new ArrayList<>();
    private final ArrayDeque<Supplier<String>> trace = new ArrayDeque<>();
    private final boolean[][] cut;
    // Each history has a temper of its own (swarm testing): rare combinations are likely in some.
    private final QuorumSettings settings;
    private final LogConfig logConfig;
    private final boolean replacesADisk;
    private final int faultGapMs;
    private final int slowPercent;
    private final int syncMs;
    private final int changeGapMs;
    private final int operationsToCrash;
    private boolean faults = true;
    private int lossPercent;
    private int wipesLeft;
    private long now;
    private long order;
    private int nextValue;

    /** @param seed of the whole history; it says how many servers there are, too */
    SimulatedHosts(long seed, Map<String, Integer> counts) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.counts = counts;
        this.withCluster = seed % 4 == 3;
        this.cluster = new SimulatedCluster(CLUSTER, random, this::count);
        int all = 3 + random.nextInt(3);
        int voters = 1 + random.nextInt(all);
        this.cut = new boolean[all][all];
        for (int id = 0; id < all; id++) {
            servers.add(new Server(id));
        }
        this.initialVoters = VoterSet.of(
                servers.subList(0, voters).stream().map(Server::voter).toList());
        this.contacts = List.copyOf(initialVoters.ids());
        this.replacesADisk = voters >= 3 && random.nextInt(3) == 0;
        this.wipesLeft = replacesADisk ? 1 : 0;
        this.lossPercent = oneOf(0, 3, 10, 25);
        int electionMs = oneOf(20, 200);
        this.settings = new QuorumSettings(oneOf(150, 400), electionMs, electionMs, 20, 100);
        this.faultGapMs = oneOf(40, 120, 300);
        this.slowPercent = oneOf(0, 5, 30);
        this.syncMs = oneOf(2, 5, 30);
        this.changeGapMs = oneOf(Integer.MAX_VALUE, 1_000, 100);
        this.operationsToCrash = oneOf(3, 40);
        this.logConfig = LogConfig.defaults()
                .withDurability(new Durability.Sync())
                .withSegmentBytes(oneOf(600, 3_000, 1 << 20) * (withCluster ? 20 : 1)) // one holds the largest batch
                .withIndexIntervalBytes(200)
                .withSegmentMs(Long.MAX_VALUE)
                .withRetentionMs(-1)
                .withRetentionBytes(-1)
                .withMaxMessageBytes(Integer.MAX_VALUE)
                .withDelete(false)
                .withFileDeleteDelayMs(0);
    }

    /** Faults for a while, then peace, in which everything has to get well. A failure says the seed, and how it came to it. */
    void run() {
        try {
            runAll();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (" + initialVoters.size() + " voters of " + servers.size()
                            + " servers; -Dodradek.quorum.seed=" + seed + " runs it again): " + e + "\n" + history(),
                    e);
        }
    }

    private void runAll() {
        servers.forEach(Server::start);
        disturb();
        writeOn();
        after(random.nextInt(changeGapMs), this::changeOn);
        runUntil(FAULTY_MS);
        faults = false;
        lossPercent = 0;
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
        for (Server server : servers) {
            server.store.crashAtOperation(Long.MAX_VALUE);
        }
        runUntil(now + PEACEFUL_MS);
        assertThat(complaints).as("complaints among honest servers").isEmpty();
        List<Server> leading = servers.stream()
                .filter(server -> server.isUp() && server.running().machine().leads())
                .toList();
        assertThat(leading).as("LeaderEventually: who leads").hasSize(1);
        Server leader = leading.getFirst();
        long end = leader.running().machine().log().end();
        if (withCluster) {
            int answered = cluster.answered();
            write(leader);
            runUntil(now + 2_000);
            assertThat(cluster.answered()).as("what is asked in peace").isGreaterThan(answered);
            cluster.finish(servers.stream().map(Server::memberNow).toList());
            for (Server server : servers) {
                assertThat(server.memberNow().host().followedOffset())
                        .as("up to where server " + server.id + " has followed what is committed")
                        .isEqualTo(server.running().machine().log().highWatermark() - 1);
            }
            return;
        }
        int last = nextValue;
        write(leader);
        runUntil(now + 2_000);
        assertThat(acknowledged).as("what is written in peace").contains(last);
        List<Integer> all = committed.values().stream().map(Entry::value).toList();
        assertThat(all).as("AcknowledgedSurvives").containsAll(acknowledged).doesNotHaveDuplicates();
        assertThat(all)
                .as("what was refused for certain")
                .doesNotContainAnyElementsOf(refused.isEmpty() ? List.of(-1) : refused);
        for (Server server : servers) {
            assertThat(server.running().machine().log().highWatermark())
                    .as("what server " + server.id + " knows to be committed")
                    .isGreaterThan(end);
            assertThat(server.values.all())
                    .as("what server " + server.id + " has folded")
                    .isEqualTo(all);
            assertThat(server.seenTo)
                    .as("up to where server " + server.id + " was told that everything is committed")
                    .isEqualTo(server.running().machine().log().highWatermark() - 1);
        }
    }

    private String history() {
        return trace.stream().map(Supplier::get).collect(Collectors.joining("\n"));
    }

    /** The last lines: two runs of one seed have the same. */
    String fingerprint() {
        return history() + "\n" + committed + "\n" + counts;
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
        trace(() -> "      " + what);
    }

    private void trace(Supplier<String> line) {
        String at = now + " " + line.get();
        trace.add(() -> at);
        if (trace.size() > LINES_KEPT) {
            trace.remove();
        }
    }

    private boolean lost(int from, int to) {
        return cut[from][to] || random.nextInt(100) < lossPercent;
    }

    private long delay() {
        return faults && random.nextInt(100) < slowPercent ? 50 + random.nextInt(400) : 1 + random.nextInt(10);
    }

    private static byte[] bytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    }

    // ---- Clients and faults.

    private void writeOn() {
        for (Server server : servers) {
            if (server.isUp() && (server.running().machine().leads() || (withCluster && random.nextInt(20) == 0))) {
                write(server);
            }
        }
        if (faults) {
            after(5 + random.nextInt(60), this::writeOn);
        }
    }

    private void write(Server leader) {
        if (withCluster) {
            for (int asked = faults ? 1 + random.nextInt(3) : 20; asked > 0; asked--) {
                cluster.ask(leader.memberNow());
            }
            leader.turnBy(now);
            return;
        }
        int values = 1 + random.nextInt(3);
        List<byte[]> batch = new ArrayList<>();
        int first = nextValue;
        for (int i = 0; i < values; i++) {
            batch.add(bytes(nextValue++));
        }
        leader.running().append(leader.running().machine().hardState().epoch(), batch, new QuorumLog.Appended() {
            @Override
            public void committed(long baseOffset) {
                count("records are committed");
                for (int i = 0; i < values; i++) {
                    Entry found = committed.get(baseOffset + i);
                    assertThat(found == null ? null : found.value())
                            .as("what is acknowledged at offset " + (baseOffset + i))
                            .isEqualTo(first + i);
                    acknowledged.add(first + i);
                }
            }

            @Override
            public void failed(boolean mayBeCommitted) {
                count(mayBeCommitted ? "nobody knows of records" : "records are refused");
                for (int i = 0; i < values && !mayBeCommitted; i++) {
                    refused.add(first + i);
                }
            }
        });
        leader.turnBy(now);
    }

    private void disturb() {
        if (!faults) {
            return;
        }
        Server one = servers.get(random.nextInt(servers.size()));
        Server other = servers.get(random.nextInt(servers.size()));
        switch (random.nextInt(14)) {
            case 0, 1 -> {
                if (one.isUp()) {
                    one.store.crashAtOperation(one.store.operations() + 1 + random.nextInt(operationsToCrash));
                }
            }
            case 2 -> {
                if (one.isUp()) {
                    count("the power fails at a server");
                    one.store.crash();
                    one.down();
                }
            }
            case 3 -> cut[one.id][other.id] = one != other;
            case 4 -> {
                cut[one.id][other.id] = one != other;
                cut[other.id][one.id] = one != other;
            }
            case 5 -> {
                for (int id = 0; id < servers.size(); id++) {
                    cut[one.id][id] = id != one.id;
                    cut[id][one.id] = id != one.id;
                }
            }
            case 6, 7 -> {
                for (boolean[] row : cut) {
                    Arrays.fill(row, false);
                }
            }
            case 8 -> {
                if (one.isUp()) {
                    one.running().wantSnapshot();
                    one.turnBy(now);
                }
            }
            case 9 -> one.housekeeping();
            case 10 -> {
                if (one.isUp() && random.nextInt(3) == 0) {
                    one.failNextSync();
                }
            }
            case 11 -> {
                if (random.nextInt(4) == 0) {
                    count("the power fails everywhere");
                    servers.stream().filter(Server::isUp).forEach(server -> {
                        server.store.crash();
                        server.down();
                    });
                }
            }
            case 12 -> {
                if (wipesLeft > 0 && one.isUp() && now > 1_000) {
                    wipesLeft--;
                    count("a disk is replaced");
                    one.wipe();
                }
            }
            case 13 -> {
                if (one.isUp() && one.running().machine().leads() && random.nextInt(3) == 0) {
                    count("a leader is asked to hand over");
                    one.running().handOver();
                    one.turnBy(now);
                    long life = one.life;
                    after(200, () -> {
                        if (one.life == life && one.isUp()) { // as a process that has stopped, and comes back
                            one.store.crash();
                            one.down();
                        }
                    });
                }
            }
            default -> throw new AssertionError();
        }
        after(5 + random.nextInt(faultGapMs), this::disturb);
    }

    private void changeOn() {
        if (faults) {
            changeVoters(servers.get(random.nextInt(servers.size())));
            after(1 + random.nextInt(changeGapMs), this::changeOn);
        }
    }

    private void changeVoters(Server other) {
        QuorumWire wire = new QuorumWire(CLUSTER, LISTENER);
        for (Server server : servers) {
            if (!server.isUp() || !server.running().machine().leads()) {
                continue;
            }
            VoterSet voters = server.running().machine().log().voters();
            Voter same = voters.voter(other.id);
            if (same == null) {
                tool(
                        server,
                        ApiKeys.ADD_RAFT_VOTER,
                        VoterMessages.request(wire, new VoterMessages.Add(other.voter(), 300)));
            } else if (!same.key().equals(other.key()) || (voters.size() > 1 && !replacesADisk)) {
                tool(server, ApiKeys.REMOVE_RAFT_VOTER, VoterMessages.request(wire, same.key()));
            }
        }
    }

    private void tool(Server server, ApiKeys api, ApiMessage request) {
        short version = api.latestVersion();
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(request, version).buffer();
        deliver(api, version, bytes, server, answer -> {
            ApiMessage parsed = parse(api, version, answer, false);
            short code = parsed instanceof AddRaftVoterResponseData added
                    ? added.errorCode()
                    : ((RemoveRaftVoterResponseData) parsed).errorCode();
            count("a change of the voters is answered " + Errors.forCode(code));
        });
    }
}
