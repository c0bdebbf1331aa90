package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.partition.FetchSessions.Full;
import io.odradek.broker.partition.FetchSessions.Incremental;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogPosition;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.jspecify.annotations.Nullable;

/**
 * Every schedule of one network loop and two settle threads, at the grain of the steps that are atomic for the other side, by
 * seed and without threads: a fetch that waits while enough can be read is a lost wake-up.
 */
class FetchWakeUpTest {
    private static final int PARTITIONS = 3;
    private static final TopicPartition ANY = new TopicPartition("any", UUID.randomUUID(), 0);

    private static @Nullable HostedShard opened;
    private static int topics;

    @BeforeContainer
    static void open() throws IOException {
        Path path = Files.createTempDirectory("fetch-wake-up");
        DiskFileStore store = new DiskFileStore();
        LogDirectory directory = LogDirectory.open(store, path, "test-cluster", 1);
        ShardSettlement settlement = new ShardSettlement();
        // Never started: the test is its settle thread.
        Shard shard = new Shard(
                new Shard.Options("idle", 4, 1, "block"),
                directory,
                new GroupSync(store, path, GroupSync.Strategy.FDATASYNC),
                settlement,
                InstantSource.system());
        opened = new HostedShard(shard, directory, settlement);
    }

    @AfterContainer
    static void close() throws IOException {
        home().shard().close();
        home().directory().close();
    }

    private static HostedShard home() {
        return Objects.requireNonNull(opened);
    }

    private static final class Waiting extends ParkedFetch {
        private boolean woken;

        @Override
        protected void wake() {
            woken = true;
        }

        private void run() {
            woken = false;
            resumed();
        }
    }

    /** What a settle thread does, step by step: publish a higher watermark, and later tell who waits. */
    private static final class Settler {
        private final PartitionHost host;
        private int end;
        private boolean told = true;

        Settler(PartitionHost host) {
            this.host = host;
        }

        void step(Random random) {
            if (told || random.nextInt(3) == 0) {
                end += 1 + random.nextInt(40);
                host.progressed(new LogPosition(end, 0, end));
                told = false;
            } else {
                host.wakeFetches();
                told = true;
            }
        }

        void finish() {
            host.wakeFetches();
        }
    }

    private enum At {
        LOOKING,
        WATCHING,
        PARKING,
        WAITING,
        ANSWERED
    }

    /** One fetch request, as the network loop takes it through its session. One byte is one offset here. */
    private static final class Round {
        private final FetchSession session;
        private final boolean incremental;
        private final List<PartitionHost> hosts;
        private final long[] consumed;
        private final long minBytes;
        private final Waiting fetch = new Waiting();

        private final List<FetchInterest> found = new ArrayList<>();
        private final List<FetchInterest> toLookAt = new ArrayList<>();
        private final long[] seenEnd = new long[PARTITIONS];
        private At at = At.LOOKING;
        private boolean begun;
        private boolean unchanged;
        private int watched;
        private long bytes;

        Round(FetchSession session, boolean incremental, List<PartitionHost> hosts, long[] consumed, long minBytes) {
            this.session = session;
            this.incremental = incremental;
            this.hosts = hosts;
            this.consumed = consumed;
            this.minBytes = minBytes;
        }

        void step() {
            switch (at) {
                case LOOKING -> look();
                case WATCHING -> watch();
                case PARKING -> park();
                case WAITING -> {
                    if (fetch.woken) {
                        fetch.run();
                        at = At.LOOKING;
                    }
                }
                case ANSWERED -> {}
            }
        }

        private void look() {
            if (!begun) {
                begun = true;
                bytes = 0;
                found.clear();
                toLookAt.clear();
                session.drain();
                @Nullable FetchInterest listed;
                while ((listed = session.poll()) != null) {
                    if (incremental) {
                        toLookAt.add(listed);
                    }
                }
                if (!incremental) {
                    toLookAt.addAll(session.interests());
                }
                return;
            }
            if (!toLookAt.isEmpty()) {
                FetchInterest interest = toLookAt.removeFirst();
                PartitionHost host = hosts.get(interest.partition());
                if (interest.host() != host) {
                    interest.found(host);
                }
                long end = interest.look(host).highWatermark().offset();
                seenEnd[interest.partition()] = end;
                bytes += end - consumed[interest.partition()];
                found.add(interest);
                return;
            }
            begun = false;
            unchanged = true;
            watched = 0;
            at = At.WATCHING;
        }

        private void watch() {
            boolean enough = bytes >= minBytes;
            if (watched < found.size()) {
                FetchInterest interest = found.get(watched++);
                boolean hasBytes = seenEnd[interest.partition()] > consumed[interest.partition()];
                if (enough && hasBytes) {
                    session.list(interest); // it had records: looked at again by the next fetch
                } else if (enough && !session.isSession()) {
                    return;
                } else {
                    boolean quiet = interest.watch();
                    unchanged &= quiet;
                    if (!quiet || hasBytes) {
                        session.list(interest);
                    }
                }
                return;
            }
            if (enough) {
                for (FetchInterest interest : found) {
                    consumed[interest.partition()] = seenEnd[interest.partition()];
                }
                session.leave();
                at = At.ANSWERED;
            } else {
                at = At.PARKING;
            }
        }

        private void park() {
            boolean waits = session.park(fetch, minBytes - bytes) && (unchanged || !fetch.unpark());
            at = waits ? At.WAITING : At.LOOKING;
        }
    }

    private static final ReplicaPorts PORTS = ReplicaPorts.alone(1, () -> -1, new ReplicaClock() {
        @Override
        public long nowMs() {
            return 0;
        }

        @Override
        public void wakeAt(long atMs, Runnable task) {}
    });

    @Property(tries = 3000)
    void noScheduleLosesAWakeUp(@ForAll long seed, @ForAll boolean incremental) throws IOException {
        Random random = new Random(seed);
        List<PartitionHost> hosts = new ArrayList<>();
        List<Settler> settlers = new ArrayList<>();
        String topic = "t" + topics++;
        for (int p = 0; p < PARTITIONS; p++) {
            PartitionHost host = new PartitionHost(
                    new TopicPartition(topic, UUID.randomUUID(), p),
                    Uuid.randomUuid(),
                    home(),
                    anyLog(),
                    1,
                    TopicTraffic.ofBroker(),
                    PORTS,
                    new LogStartWrites(Runnable::run),
                    true);
            host.applyOrWait(image());
            hosts.add(host);
            settlers.add(new Settler(host));
        }
        long[] consumed = new long[PARTITIONS];
        FetchSessions sessions = new FetchSessions(1, InstantSource.system());
        int epoch = 0;
        int id = 0;
        Round round = null;
        int settleSteps = 40;
        while (true) {
            if (round == null || round.at == At.ANSWERED) {
                if (settleSteps <= 0) {
                    break;
                }
                FetchSession session = switch (sessions.enter(request(id, incremental ? epoch : -1), (short) 12)) {
                    case Full(FetchSession full) -> full;
                    case Incremental(FetchSession known) -> known;
                    case FetchSessions.Refused refused -> throw new AssertionError(refused.toString());
                };
                id = session.id();
                round = new Round(session, incremental && epoch > 0, hosts, consumed, 1 + random.nextInt(60));
                epoch++;
            }
            if (settleSteps > 0 && random.nextInt(3) == 0) {
                settlers.get(random.nextInt(PARTITIONS)).step(random);
                settleSteps--;
            } else if (settleSteps > 0 || round.at != At.WAITING || round.fetch.woken) {
                round.step();
            } else {
                break;
            }
            if (settleSteps == 0) {
                settlers.forEach(Settler::finish);
                settleSteps = -1;
            }
        }
        if (round != null && round.at == At.WAITING) {
            long readable = 0;
            for (int p = 0; p < PARTITIONS; p++) {
                readable += settlers.get(p).end - consumed[p];
            }
            assertThat(readable)
                    .as("bytes that can be read while the fetch waits")
                    .isLessThan(round.minBytes);
        }
    }

    private static FetchRequestData request(int id, int epoch) {
        FetchTopic topic = new FetchTopic().setTopic("t");
        if (epoch <= 0) {
            for (int p = 0; p < PARTITIONS; p++) {
                topic.partitions().add(new FetchPartition().setPartition(p).setPartitionMaxBytes(1));
            }
        }
        return new FetchRequestData()
                .setReplicaId(-1)
                .setSessionId(Math.max(0, id))
                .setSessionEpoch(epoch)
                .setTopics(List.of(topic));
    }

    private static PartitionImage image() {
        return new PartitionImage(
                List.of(1),
                List.of(new UUID(0, 1)),
                List.of(1),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                1,
                LeaderRecovery.RECOVERED,
                1,
                1);
    }

    /** The hosts never append, so that one empty log does for all. */
    private static PartitionLog anyLog() throws IOException {
        return home().directory().openOrCreate(ANY, LogConfig.defaults());
    }
}
