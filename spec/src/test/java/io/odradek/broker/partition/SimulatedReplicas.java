package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.net.TakenRecords;
import io.odradek.broker.request.FetchHandler;
import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogDirectory.Options;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.io.SyncObserver;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.IsrProposal;
import io.odradek.replication.partition.IsrProposal.Member;
import io.odradek.replication.partition.IsrProposal.Verdict;
import io.odradek.replication.partition.ReplicationSettings;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import io.odradek.spec.simulation.WholeBatches;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;

/**
 * Brokers with replicas of the same partitions, without sockets: the shipped engine over disks that forget, the shipped hosts, fetchers and
 * handlers, and between them Kafka's messages as bytes over a network that delays and loses; in one thread and virtual time, under one seed.
 * The controller is a few lines of this class. What is claimed is checked as it is claimed.
 */
final class SimulatedReplicas {
    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final Path DATA = Path.of("/data");
    private static final int SERVERS = 3;
    private static final int MIN_IN_SYNC = 2;
    private static final int SHARDS = 2;
    private static final int LINES_KEPT = Integer.getInteger("odradek.replicas.lines", 200);
    private static final long FAULTY_MS = 6_000;
    private static final long PEACEFUL_MS = 6_000;
    /** In peace all get well at that, or something waits for nothing. */
    private static final long PEACEFUL_RATE = 60_000;

    private static final int LARGEST_BATCH_BYTES = 4_000;
    private static final UUID TOPIC = new UUID(5, 7);

    private record Timed(long atMs, long order, Runnable what) {}

    private final Random random;
    /** Of its own, so that histories are the same with and without. */
    private final Random throttling;

    private final boolean throttled;
    private final PriorityQueue<Timed> queue =
            new PriorityQueue<>(Comparator.comparingLong(Timed::atMs).thenComparingLong(Timed::order));
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final Map<String, Integer> seen = new TreeMap<>();
    private final List<Server> servers = new ArrayList<>();
    private final List<Partition> partitions = new ArrayList<>();
    private final boolean[][] cut = new boolean[SERVERS][SERVERS];
    private final LogConfig config;
    private final FetcherSettings fetching;
    private final int maxFetchBytes;
    private long now;
    private long order;
    private boolean faults = true;
    private long nextValue = 1;
    private int acknowledged;

    SimulatedReplicas(long seed) {
        random = new Random(seed);
        throttling = new Random(~seed);
        throttled = seed % 2 == 0;
        config = LogConfig.defaults()
                .withMinInSyncReplicas(MIN_IN_SYNC)
                .withSegmentBytes(1_000 + random.nextInt(20_000))
                .withIndexIntervalBytes(random.nextInt(1_000))
                .withRetentionMs(-1)
                .withFileDeleteDelayMs(random.nextInt(100))
                .withRetentionBytes(-1);
        fetching = new FetcherSettings(300 + random.nextInt(4_000), 500 + random.nextInt(8_000), 1, 100, 50, 400);
        maxFetchBytes = 400 + random.nextInt(10_000);
        for (int n = 0; n < 1 + random.nextInt(3); n++) {
            partitions.add(new Partition(n));
        }
        for (int id = 0; id < SERVERS; id++) {
            servers.add(new Server(id));
        }
    }

    // ---- One partition, as its controller has it and as it has become.

    private final class Partition {
        final int number;
        PartitionImage image;

        /** Whole batches by base offset. */
        final TreeMap<Long, ByteBuffer> committed = new TreeMap<>();

        long committedEnd;
        long deletedBelow;

        /** Values that were acknowledged, with their offsets. */
        final TreeMap<Long, Long> acked = new TreeMap<>();

        Partition(int number) {
            this.number = number;
            List<Integer> all = new ArrayList<>();
            for (int id = 0; id < SERVERS; id++) {
                all.add((id + number) % SERVERS);
            }
            this.image = image(all, all.getFirst(), 0, 0);
        }

        PartitionImage image(List<Integer> inSync, int leader, int leaderEpoch, int partitionEpoch) {
            List<Integer> all = new ArrayList<>();
            List<UUID> directories = new ArrayList<>();
            for (int id = 0; id < SERVERS; id++) {
                all.add(id);
                directories.add(new UUID(id, 1));
            }
            return new PartitionImage(
                    all,
                    directories,
                    inSync,
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    leader,
                    LeaderRecovery.RECOVERED,
                    leaderEpoch,
                    partitionEpoch);
        }

        TopicPartition name() {
            return new TopicPartition("orders", TOPIC, number);
        }

        void decide(List<Integer> inSync, int leader, boolean newReign) {
            image = image(inSync, leader, image.leaderEpoch() + (newReign ? 1 : 0), image.partitionEpoch() + 1);
            trace(() -> "controller: " + number + " epoch " + image.leaderEpoch() + "/" + image.partitionEpoch()
                    + " leader " + image.leader() + " in sync " + image.inSyncReplicas());
            PartitionImage told = image;
            servers.forEach(server -> server.tellLater(this, told));
        }

        /** Only who is alive leads; the last one in sync stays so, for with sync durability it loses nothing. */
        void elect(boolean forced) {
            List<Integer> alive = new ArrayList<>(image.inSyncReplicas());
            alive.removeIf(id -> servers.get(id).fenced);
            List<Integer> inSync =
                    alive.isEmpty() ? List.of(image.inSyncReplicas().getFirst()) : alive;
            int leader = alive.isEmpty()
                    ? PartitionImage.NO_LEADER
                    : forced || !alive.contains(image.leader())
                            ? alive.get(random.nextInt(alive.size()))
                            : image.leader();
            boolean changes = forced || leader != image.leader();
            if (changes || !inSync.equals(image.inSyncReplicas())) {
                decide(inSync, leader, changes);
            }
        }

        Verdict judge(Server from, long brokerEpoch, IsrProposal proposal) {
            if (proposal.leaderEpoch() != image.leaderEpoch() || image.leader() != from.id) {
                return Verdict.FENCED_LEADER_EPOCH;
            }
            if (brokerEpoch != from.brokerEpoch) {
                return Verdict.STALE_BROKER_EPOCH;
            }
            if (proposal.partitionEpoch() != image.partitionEpoch()) {
                return Verdict.INVALID_UPDATE_VERSION;
            }
            List<Integer> inSync = new ArrayList<>();
            for (Member member : proposal.inSyncReplicas()) {
                Server one = servers.get(member.replicaId());
                boolean joins = !image.inSyncReplicas().contains(member.replicaId());
                if (one.fenced || (joins && member.brokerEpoch() != one.brokerEpoch)) {
                    return Verdict.INELIGIBLE_REPLICA;
                }
                inSync.add(member.replicaId());
            }
            count(inSync.size() > image.inSyncReplicas().size() ? "somebody joins" : "somebody leaves");
            decide(inSync, image.leader(), false);
            return Verdict.ACCEPTED;
        }

        /** A high watermark is claimed: what lies below is the same everywhere, and for ever. */
        void claimed(Server by, LogView view, long from, long to) {
            for (Map.Entry<Long, ByteBuffer> batch : read(view, from, to).entrySet()) {
                ByteBuffer known = committed.putIfAbsent(batch.getKey(), batch.getValue());
                assertThat(known == null || known.equals(batch.getValue()))
                        .as("committed at offset " + batch.getKey() + " of " + number + ": server " + by.id
                                + " has other bytes than were committed")
                        .isTrue();
            }
            committedEnd = Math.max(committedEnd, to);
        }

        /** Whoever leads, or is in sync after a crash, has all of it. */
        void has(Server who, LogView view, String when) {
            assertThat(view.logEndOffset())
                    .as("server " + who.id + " " + when + ": all of " + number + " that is committed")
                    .isGreaterThanOrEqualTo(committedEnd);
            Map<Long, ByteBuffer> there = read(view, view.logStartOffset(), committedEnd);
            committed
                    .tailMap(view.logStartOffset(), true)
                    .forEach((base, bytes) -> assertThat(there.get(base))
                            .as("server " + who.id + " " + when + ": committed at offset " + base + " of " + number)
                            .isEqualTo(bytes));
            assertThat(view.logStartOffset())
                    .as("server " + who.id + " " + when + ": begins where records were deleted, or before")
                    .isLessThanOrEqualTo(deletedBelow);
        }
    }

    private static SortedMap<Long, ByteBuffer> read(LogView view, long from, long to) {
        try {
            return WholeBatches.read(view, from, to);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- One broker.

    private final class Server {
        final int id;
        SimulatedFileStore store = new SimulatedFileStore(random.nextLong());
        long life;
        long brokerEpoch = -1;
        boolean fenced = true;
        boolean up;
        boolean leased;
        /** Its disk takes its time. */
        private long syncsFromMs;

        private @Nullable LogDirectory directory;
        private @Nullable Partitions hosted;
        /** Since when its throttles are what they are, and what had passed by then. */
        private long throttledFromMs;

        private long throttleRate;
        private long passedAtLeader;
        private long passedAtFollower;
        private @Nullable FetchHandler fetch;
        private final List<Shard> shards = new ArrayList<>();
        private final Map<Integer, Long> shown = new HashMap<>();
        private final Map<Integer, Integer> reign = new HashMap<>();
        private final Map<Integer, PartitionImage> told = new HashMap<>();

        Server(int id) {
            this.id = id;
            try {
                store.prepare(DATA);
                String text = "version=1\ncluster.id=" + CLUSTER + "\nnode.id=" + id + "\ndirectory.id="
                        + new Uuid(id, 1) + "\n";
                try (StoreFile file = store.open(DATA.resolve("meta.properties"), OpenMode.CREATE_NEW)) {
                    file.append(new ByteBuffer[] {ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))}, 1);
                    file.sync();
                }
                store.syncDirectory(DATA);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        void start() {
            life++;
            up = true;
            shown.clear();
            reign.clear();
            told.clear();
            shards.clear();
            trace(() -> "server " + id + " starts");
            alive(() -> {
                LogDirectory opened = LogDirectory.open(
                        store,
                        DATA,
                        CLUSTER,
                        id,
                        Options.defaults()
                                .withClock(() -> Instant.ofEpochMilli(now))
                                .withRecentBytes(random.nextInt(2) << 14));
                directory = opened;
                Map<TopicPartition, LogConfig> logs = new HashMap<>();
                partitions.forEach(partition -> logs.put(partition.name(), config));
                opened.recoverAll(logs::get, 1, (partition, bytes, done, total) -> {});
                assertThat(opened.unusable()).isEmpty();
                for (Partition partition : partitions) {
                    opened.log(partition.name()).ifPresent(log -> {
                        if (partition.image.inSyncReplicas().contains(id)) {
                            count("a replica in sync comes back");
                            partition.has(this, log.view(), "after a crash, being in sync");
                        }
                    });
                }
                List<HostedShard> homes = new ArrayList<>();
                for (int n = 0; n < SHARDS; n++) {
                    ShardSettlement settlement = new ShardSettlement();
                    Shard shard = new Shard(
                            new Shard.Options("s" + id + "-" + n, 16, 1 << 14, "block", Shard.Threads.NONE),
                            opened,
                            new GroupSync(
                                    store, DATA, GroupSync.Strategy.FDATASYNC, SyncObserver.NONE, store::elapsedNanos),
                            settlement,
                            () -> Instant.ofEpochMilli(now));
                    shards.add(shard);
                    homes.add(new HostedShard(shard, opened, settlement));
                }
                // It registers: whatever its predecessor was is over.
                brokerEpoch = order++;
                fenced = false;
                leased = true;
                long registered = brokerEpoch;
                Partitions all = new Partitions(
                        homes,
                        Runnable::run,
                        OutOfReach.NOTHING,
                        new ReplicaPorts(
                                id,
                                () -> registered,
                                () -> Long.MAX_VALUE,
                                new ReplicationSettings(400, 60, 100),
                                fetching,
                                new Clock(life),
                                new Controller(this, life),
                                new Network(this, life)));
                hosted = all;
                throttle(faults ? 100 + throttling.nextInt(3_000) : PEACEFUL_RATE);
                fetch = new FetchHandler(
                        all, new NoHints(), new FetchSessions(2, () -> Instant.ofEpochMilli(now)), maxFetchBytes);
                for (Partition partition : partitions) {
                    partition.elect(partition.image.leader() == id || partition.image.leader() < 0);
                    hear(partition, partition.image);
                }
                turnLater(life);
            });
        }

        /** Both ways, of all partitions, in half of the histories. */
        void throttle(long bytesPerSecond) {
            Partitions all = hosted;
            if (!throttled || all == null) {
                return;
            }
            ReplicationThrottle leader = all.throttles().leader();
            ReplicationThrottle follower = all.throttles().follower();
            for (ReplicationThrottle side : List.of(leader, follower)) {
                side.topic(partitions.getFirst().name().topic(), ThrottledReplicas.of("*", id));
                side.rate(bytesPerSecond);
            }
            all.throttlesChanged();
            throttledFromMs = now;
            throttleRate = bytesPerSecond;
            passedAtLeader = leader.passedBytes();
            passedAtFollower = follower.passedBytes();
        }

        /** At a leader one after the other; at a follower one for each shard and source at once. */
        void keepsToItsThrottles() {
            Partitions all = hosted;
            if (throttled && all != null) {
                long allowed = throttleRate * (now - throttledFromMs) / 1_000;
                int largest = fetching.maxBytes() + LARGEST_BATCH_BYTES;
                assertThat(all.throttles().leader().passedBytes() - passedAtLeader)
                        .as("sent by server " + id + " at " + throttleRate + " bytes/s")
                        .isLessThanOrEqualTo(allowed + largest);
                assertThat(all.throttles().follower().passedBytes() - passedAtFollower)
                        .as("fetched by server " + id + " at " + throttleRate + " bytes/s")
                        .isLessThanOrEqualTo(allowed + (long) SHARDS * (SERVERS - 1) * largest);
                if (all.throttles().leader().passedBytes() > 0) {
                    count("a throttled leader sends");
                }
                if (all.throttles().follower().passedBytes() > 0) {
                    count("a throttled follower fetches");
                }
            }
        }

        private void tellLater(Partition partition, PartitionImage image) {
            long atLife = life;
            after(faults ? random.nextInt(random.nextInt(5) == 0 ? 400 : 30) : 2, () -> {
                if (up && life == atLife) {
                    hear(partition, image);
                }
            });
        }

        private void hear(Partition partition, PartitionImage image) {
            PartitionImage before = told.get(partition.number);
            Partitions all = hosted;
            if (all == null || (before != null && before.partitionEpoch() >= image.partitionEpoch())) {
                return;
            }
            told.put(partition.number, image);
            alive(() -> {
                var _ = all.followAll(List.of(new Partitions.Replica(partition.name(), config, image)));
            });
        }

        private void turnLater(long atLife) {
            after(1 + random.nextInt(3), () -> {
                if (up && life == atLife) {
                    turn();
                    turnLater(atLife);
                }
            });
        }

        private void turn() {
            alive(() -> {
                for (Shard shard : shards) {
                    for (int i = 0; i < 4; i++) {
                        switch (random.nextInt(faults ? 8 : 3)) {
                            case 0, 3 -> shard.stages().append(1 + random.nextInt(6));
                            case 1, 4 -> {
                                if (now >= syncsFromMs) {
                                    shard.stages().sync();
                                }
                            }
                            case 2, 5 -> shard.stages().settle();
                            default -> {}
                        }
                        look();
                    }
                }
            });
        }

        /** At what it claims now. */
        private void look() {
            if (store.crashed()) {
                throw new Gone();
            }
            LogDirectory opened = directory;
            if (opened != null && opened.isOffline()) {
                throw new AssertionError("server " + id + " has given up its log directory");
            }
            for (Partition partition : partitions) {
                PartitionHost host = host(partition);
                if (host == null) {
                    continue;
                }
                long highWatermark = host.view().highWatermark().offset();
                long before = shown.getOrDefault(partition.number, 0L);
                assertThat(highWatermark)
                        .as("the high watermark of " + partition.number + " at server " + id)
                        .isGreaterThanOrEqualTo(before);
                if (highWatermark > before) {
                    partition.claimed(this, host.log().view(), before, highWatermark);
                    shown.put(partition.number, highWatermark);
                }
                int epoch = host.view().leaderEpoch();
                if (host.status() == Errors.NONE && reign.getOrDefault(partition.number, -1) != epoch) {
                    reign.put(partition.number, epoch);
                    count("a reign begins");
                    if (epoch == partition.image.leaderEpoch()) {
                        partition.has(this, host.log().view(), "leading in epoch " + epoch);
                    }
                }
            }
        }

        @Nullable
        PartitionHost host(Partition partition) {
            Partitions all = hosted;
            return all == null ? null : all.find("orders", partition.number);
        }

        private interface Doing {
            void run() throws IOException;
        }

        private void alive(Doing doing) {
            try {
                doing.run();
                if (store.crashed()) {
                    down("at an operation of its disk");
                }
            } catch (SimulatedCrash | Gone crash) {
                down("at an operation of its disk");
            } catch (IOException e) {
                if (!store.crashed()) {
                    throw new AssertionError("server " + id + ": " + e, e);
                }
                down("at an operation of its disk");
            }
        }

        void down(String how) {
            boolean killed = random.nextInt(4) == 0;
            count(killed ? "a kill" : "a power loss");
            trace(() -> "server " + id + (killed ? " is killed " : " loses power ") + how);
            up = false;
            life++;
            hosted = null;
            fetch = null;
            directory = null;
            store = killed ? store.afterKill() : store.afterCrash(random.nextLong());
            long atLife = life;
            after(random.nextInt(200), () -> {
                if (life == atLife) {
                    fence();
                }
            });
            after(1 + random.nextInt(random.nextBoolean() ? 60 : 900), () -> {
                if (life == atLife && !up) {
                    start();
                    if (faults && random.nextInt(3) == 0) {
                        store.crashAtOperation(store.operations() + 1 + random.nextInt(400));
                    }
                }
            });
        }

        void fence() {
            fenced = true;
            partitions.forEach(partition -> partition.elect(false));
        }

        void write() {
            Partition partition = partitions.get(random.nextInt(partitions.size()));
            PartitionHost host = host(partition);
            if (host == null || host.status() != Errors.NONE || !host.admitsAcksAll()) {
                return;
            }
            long value = nextValue++;
            BatchBuilder builder = new BatchBuilder();
            int records = 1 + random.nextInt(3);
            for (int i = 0; i < records; i++) {
                byte[] bytes = new byte[8 + random.nextInt(200)];
                ByteBuffer.wrap(bytes).putLong(value);
                builder.add(now, null, bytes);
            }
            long atLife = life;
            boolean written = host.tryWriteUnannounced(builder.build(), outcome -> {
                if (outcome instanceof Appended appended) {
                    long base = appended.baseOffset();
                    host.awaitCommit(new Acks(this, atLife, partition, base, appended.lastOffset() + 1, value));
                }
            });
            if (written) {
                count("a batch is written");
            }
        }

        void deleteRecords() {
            Partition partition = partitions.get(random.nextInt(partitions.size()));
            PartitionHost host = host(partition);
            if (host == null || host.status() != Errors.NONE) {
                return;
            }
            long to = host.view().highWatermark().offset() - random.nextInt(10);
            if (to > host.log().view().logStartOffset() && partition.image.leader() == id) {
                count("records are deleted");
                partition.deletedBelow = Math.max(partition.deletedBelow, to);
                alive(() -> host.shard().run(host.log(), () -> host.log().deleteRecordsBefore(to), _ -> {}));
            }
        }

        void housekeeping() {
            LogDirectory opened = directory;
            Partitions all = hosted;
            if (opened == null || all == null) {
                return;
            }
            alive(() -> {
                switch (random.nextInt(3)) {
                    case 0 -> opened.checkpointRecoveryPoints();
                    case 1 -> {
                        Map<TopicPartition, LongSupplier> marks = new HashMap<>();
                        all.forEach(host -> marks.put(host.partition(), host::checkpoint));
                        opened.checkpointPresentHighWatermarks(marks);
                    }
                    default -> opened.deletePending(now);
                }
            });
        }
    }

    private final class Acks implements ParkedProduce {
        private final Server by;
        private final long life;
        private final Partition partition;
        private final long baseOffset;
        private final long endOffset;
        private final long value;

        Acks(Server by, long life, Partition partition, long baseOffset, long endOffset, long value) {
            this.by = by;
            this.life = life;
            this.partition = partition;
            this.baseOffset = baseOffset;
            this.endOffset = endOffset;
            this.value = value;
        }

        @Override
        public long endOffset() {
            return endOffset;
        }

        @Override
        public void parked() {}

        @Override
        public boolean isAnswered() {
            return false;
        }

        @Override
        public void committed() {
            if (by.life == life && !by.store.crashed()) {
                acknowledged++;
                Long other = partition.acked.put(baseOffset, value);
                assertThat(other)
                        .as("offset " + baseOffset + " of " + partition.number + " is acknowledged once")
                        .isNull();
            }
        }

        @Override
        public void failed(Errors error) {
            count("a producer hears " + error);
        }
    }

    // ---- What is between them.

    private final class Clock implements ReplicaClock {
        private final long life;

        Clock(long life) {
            this.life = life;
        }

        @Override
        public long nowMs() {
            return now;
        }

        @Override
        public void wakeAt(long atMs, Runnable task) {
            at(Math.max(now, atMs), () -> {
                if (servers.stream().anyMatch(server -> server.up && server.life == life)) {
                    task.run();
                }
            });
        }
    }

    private final class Controller implements InSyncProposals {
        private final Server from;
        private final long life;

        Controller(Server from, long life) {
            this.from = from;
            this.life = life;
        }

        @Override
        public void propose(TopicPartition partition, long brokerEpoch, IsrProposal proposal, Outcome outcome) {
            boolean lost = faults && random.nextInt(8) == 0;
            boolean answerLost = faults && random.nextInt(8) == 0;
            after(delay(), () -> {
                if (lost) {
                    after(50, () -> tell(() -> outcome.failed("lost")));
                    return;
                }
                Verdict verdict = partitions.get(partition.partition()).judge(from, brokerEpoch, proposal);
                trace(() -> "controller says " + verdict + " to " + proposal + " of " + from.id);
                after(
                        delay(),
                        () -> tell(() -> {
                            if (answerLost) {
                                outcome.failed("lost");
                            } else {
                                outcome.answered(verdict);
                            }
                        }));
            });
        }

        private void tell(Runnable what) {
            if (from.up && from.life == life) {
                what.run();
            }
        }
    }

    private final class Network implements SourceBrokers {
        private final Server from;
        private final long life;

        Network(Server from, long life) {
            this.from = from;
            this.life = life;
        }

        @Override
        public void ask(int broker, int shard, PeerRequest request, int timeoutMs, PeerOutcome outcome) {
            short version = (short) (15 + random.nextInt(4));
            ByteBuffer bytes = MessageUtil.toByteBufferAccessor(request.at(version), version)
                    .buffer();
            boolean[] done = {false};
            after(timeoutMs, () -> {
                if (!done[0] && from.up && from.life == life) {
                    done[0] = true;
                    outcome.failed("timed out", true);
                }
            });
            Server to = servers.get(broker);
            after(delay(), () -> {
                FetchHandler handler = to.fetch;
                if (!to.up || handler == null || isLost(from.id, to.id)) {
                    return;
                }
                FetchRequestData body = new FetchRequestData();
                body.read(new ByteBufferAccessor(bytes), version);
                long answering = to.life;
                handler.handle(
                        new Request(
                                new RequestHeader(ApiKeys.FETCH, version, "broker-" + from.id, 1),
                                body,
                                BufferLease.UNPOOLED,
                                InetAddress.getLoopbackAddress(),
                                "PLAINTEXT",
                                new Loop(to, answering)),
                        new Answer(to, answering, version, response -> {
                            if (!done[0] && !isLost(to.id, from.id) && from.up && from.life == life) {
                                done[0] = true;
                                outcome.answered(response, version, BufferLease.UNPOOLED);
                            }
                        }));
            });
        }
    }

    /** A stage took the end of its disk for a fault of ours: nothing it says after this counts. */
    private static final class Gone extends RuntimeException {}

    private interface Heard {
        void answered(ApiMessage response);
    }

    /** Records that lie in files are read when they are sent, some time after they were answered. */
    private final class Answer implements Reply {
        private final Server by;
        private final long life;
        private final short version;
        private final Heard heard;

        Answer(Server by, long life, short version, Heard heard) {
            this.by = by;
            this.life = life;
            this.version = version;
            this.heard = heard;
        }

        @Override
        public void send(ApiMessage message) {
            FetchResponseData response = (FetchResponseData) message;
            after(faults ? random.nextInt(40) : 0, () -> {
                try {
                    if (!by.up || by.life != life) {
                        return;
                    }
                    for (var topic : response.responses()) {
                        for (var partition : topic.partitions()) {
                            if (partition.records() instanceof SlicedRecords records) {
                                partition.setRecords(
                                        MemoryRecords.readableRecords(onTheWire(TakenRecords.of(records))));
                            }
                            count("an answer with " + Errors.forCode(partition.errorCode())
                                    + (partition.divergingEpoch().endOffset() >= 0 ? ", diverging" : ""));
                        }
                    }
                    ByteBuffer bytes =
                            MessageUtil.toByteBufferAccessor(response, version).buffer();
                    FetchResponseData read = new FetchResponseData();
                    read.read(new ByteBufferAccessor(bytes), version);
                    after(delay(), () -> heard.answered(read));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }

        /** Seldom a bit is flipped that a CRC covers, or the end is missing. */
        private ByteBuffer onTheWire(ByteBuffer records) {
            int size = records.remaining();
            int first = Math.min(size, RecordBatch.sizeInBytes(records, 0));
            int rare = faults ? random.nextInt(150) : -1;
            if (rare == 0) {
                int at = BatchLayout.ATTRIBUTES_AT + random.nextInt(first - BatchLayout.ATTRIBUTES_AT);
                records.put(at, (byte) (records.get(at) ^ 1 << random.nextInt(8)));
                count("a batch is damaged on its way");
            } else if (rare == 1) {
                records.limit(first + random.nextInt(size - first + 1));
                count("an answer ends within a batch");
            }
            return records.slice();
        }

        @Override
        public void nothing() {
            throw new AssertionError("a fetch is answered");
        }

        @Override
        public void close(String reason) {
            throw new AssertionError(reason);
        }
    }

    private final class Loop implements Connection {
        private final Server at;
        private final long life;

        Loop(Server at, long life) {
            this.at = at;
            this.life = life;
        }

        @Override
        public String id() {
            return "simulated";
        }

        @Override
        public void stopReading() {}

        @Override
        public void resumeReading() {}

        @Override
        public void execute(Runnable task) {
            after(faults ? random.nextInt(3) : 0, () -> run(task));
        }

        @Override
        public Timer schedule(long delayMs, Runnable task) {
            boolean[] cancelled = {false};
            after(delayMs, () -> {
                if (!cancelled[0]) {
                    run(task);
                }
            });
            return () -> cancelled[0] = true;
        }

        private void run(Runnable task) {
            if (at.up && at.life == life) {
                task.run();
            }
        }

        @Override
        public void onClose(Runnable task) {}
    }

    private static final class NoHints implements LeaderHints {
        @Override
        public @Nullable Leader leaderOf(Uuid topicId, int partition, String listener) {
            return null;
        }

        @Override
        public @Nullable Leader leaderOf(String topic, int partition, String listener) {
            return null;
        }

        @Override
        public @Nullable Uuid topicId(String topic) {
            return null;
        }

        @Override
        public @Nullable String topicName(Uuid topicId) {
            return "orders";
        }
    }

    private boolean isLost(int from, int to) {
        return cut[from][to] || (faults && random.nextInt(60) == 0);
    }

    private int delay() {
        return faults ? random.nextInt(random.nextInt(12) == 0 ? 300 : 8) : 1;
    }

    // ---- The run.

    void run() {
        servers.forEach(Server::start);
        every(4, () -> servers.get(random.nextInt(SERVERS)).write());
        every(150, () -> servers.get(random.nextInt(SERVERS)).housekeeping());
        every(60, () -> {
            if (faults) {
                servers.get(random.nextInt(SERVERS)).syncsFromMs = now + random.nextInt(120);
            }
        });
        every(400, () -> {
            if (random.nextInt(4) == 0) {
                servers.get(random.nextInt(SERVERS)).deleteRecords();
            }
        });
        every(350, this::fault);
        for (long ms = 100; ms < FAULTY_MS; ms += 100 + throttling.nextInt(1_000)) {
            at(ms, () -> {
                Server server = servers.get(throttling.nextInt(SERVERS));
                server.keepsToItsThrottles();
                server.throttle(throttling.nextInt(4) == 0 ? 0 : 100 + throttling.nextInt(3_000));
            });
        }
        while (now < FAULTY_MS) {
            next();
        }
        faults = false;
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
        servers.forEach(server -> server.store.crashAtOperation(Long.MAX_VALUE));
        trace(() -> "peace");
        servers.forEach(Server::keepsToItsThrottles);
        servers.forEach(server -> server.throttle(PEACEFUL_RATE));
        while (now < FAULTY_MS + PEACEFUL_MS) {
            next();
        }
        allAreWell();
        servers.forEach(Server::keepsToItsThrottles);
    }

    private void next() {
        Timed timed = queue.remove();
        now = timed.atMs;
        timed.what.run();
    }

    private void every(long ms, Runnable what) {
        after(1 + random.nextInt((int) ms * 2), () -> {
            if (now < FAULTY_MS + PEACEFUL_MS / 2) {
                what.run();
                every(ms, what);
            }
        });
    }

    private void fault() {
        if (!faults) {
            return;
        }
        Server server = servers.get(random.nextInt(SERVERS));
        switch (random.nextInt(6)) {
            case 0 -> {
                if (server.up) {
                    server.store.crash();
                    server.down("by the plug");
                }
            }
            case 1 -> {
                Partition partition = partitions.get(random.nextInt(partitions.size()));
                count("a leader is moved");
                partition.elect(true);
            }
            case 2, 3 -> {
                int from = random.nextInt(SERVERS);
                int to = random.nextInt(SERVERS);
                cut[from][to] = true;
                after(50 + random.nextInt(900), () -> cut[from][to] = false);
                count("the network parts");
            }
            case 4 -> {
                Partitions all = server.hosted;
                if (server.up && all != null) {
                    // It does not act as leader any more when it is fenced.
                    all.leased(false);
                    long atLife = server.life;
                    boolean fences = random.nextBoolean();
                    after(30, () -> {
                        if (server.life == atLife && fences) {
                            server.fence();
                        }
                    });
                    after(80 + random.nextInt(300), () -> {
                        if (server.life == atLife) {
                            server.fenced = false;
                            all.leased(true);
                            partitions.forEach(partition -> {
                                if (partition.image.leader() < 0) {
                                    partition.elect(true);
                                }
                            });
                        }
                    });
                    count("a lease lapses");
                }
            }
            default -> {
                if (server.up) {
                    server.store.crashAtOperation(server.store.operations() + 1 + random.nextInt(60));
                }
            }
        }
    }

    private void allAreWell() {
        for (Partition partition : partitions) {
            PartitionLog first = null;
            for (Server server : servers) {
                PartitionHost host = server.host(partition);
                assertThat(host)
                        .as("server " + server.id + " has " + partition.number)
                        .isNotNull();
                PartitionLog log = Objects.requireNonNull(host).log();
                LogView view = log.view();
                assertThat(host.view().highWatermark().offset())
                        .as("server " + server.id + " knows that all of " + partition.number + " is committed")
                        .isEqualTo(view.logEndOffset());
                partition.has(server, view, "in the end");
                if (first == null) {
                    first = log;
                } else {
                    long start = Math.max(first.view().logStartOffset(), view.logStartOffset());
                    assertThat(read(view, start, view.logEndOffset()))
                            .as("server " + server.id + " has what server 0 has of " + partition.number)
                            .isEqualTo(read(first.view(), start, first.logEndOffset()));
                }
            }
            assertThat(partition.image.inSyncReplicas())
                    .as("in sync in the end: " + partition.number)
                    .hasSize(SERVERS);
            partition.acked.tailMap(partition.deletedBelow, true).forEach((base, value) -> {
                ByteBuffer batch = partition.committed.get(base);
                assertThat(batch)
                        .as("acknowledged at offset " + base + " of " + partition.number)
                        .isNotNull();
            });
        }
        assertThat(acknowledged).as("batches that were acknowledged").isPositive();
    }

    private void after(long ms, Runnable what) {
        at(now + ms, what);
    }

    private void at(long atMs, Runnable what) {
        queue.add(new Timed(atMs, order++, what));
    }

    private void count(String what) {
        seen.merge(what, 1, Integer::sum);
    }

    Map<String, Integer> seen() {
        seen.put("a batch is acknowledged", acknowledged);
        return seen;
    }

    private interface Line {
        String text();
    }

    private void trace(Line line) {
        if (lines.size() == LINES_KEPT) {
            lines.removeFirst();
        }
        lines.addLast(now + " " + line.text());
    }

    String lines() {
        return String.join("\n", lines);
    }
}
