package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogPosition;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.spec.stress.HeapStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A fetch that waits for a partition's view to move is woken once, whenever it moves. */
public final class FetchWakeUpStress {
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(7, 11), 0);
    private static final Uuid TOPIC_ID = new Uuid(7, 11);
    private static final HostedShard HOME = home();
    private static final PartitionLog LOG = log();
    private static final PartitionImage IMAGE = new PartitionImage(
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

    private static final ReplicaPorts PORTS = ReplicaPorts.alone(1, () -> -1, new ReplicaClock() {
        @Override
        public long nowMs() {
            return 0;
        }

        @Override
        public void wakeAt(long atMs, Runnable task) {}
    });

    private FetchWakeUpStress() {}

    private static HostedShard home() {
        try {
            HeapStore store = new HeapStore();
            Path path = Path.of("/data");
            LogDirectory directory = LogDirectory.open(store, path, "cluster", 1);
            ShardSettlement settlement = new ShardSettlement();
            // Never started: an actor is its settle thread.
            Shard shard = new Shard(
                    new Shard.Options("idle", 4, 1, "block"),
                    directory,
                    new GroupSync(store, path, GroupSync.Strategy.FDATASYNC),
                    settlement,
                    InstantSource.system());
            return new HostedShard(shard, directory, settlement);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The hosts never append, so that one empty log does for all. */
    private static PartitionLog log() {
        try {
            return HOME.directory().openOrCreate(PARTITION, LogConfig.defaults());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A partition and a fetch session that looks at it. */
    abstract static class Watched {
        final PartitionHost host = new PartitionHost(
                PARTITION,
                TOPIC_ID,
                HOME,
                LOG,
                1,
                TopicTraffic.ofBroker(),
                PORTS,
                new LogStartWrites(Runnable::run),
                true);
        final FetchSession session = new FetchSession(1, false, false, 0);
        final FetchInterest interest =
                new FetchInterest(session, "orders", Uuid.ZERO_UUID, new FetchPartition().setPartition(0));

        Watched() {
            host.applyOrWait(IMAGE);
            interest.found(host);
        }

        /** Settle thread. */
        final void progress() {
            host.progressed(new LogPosition(10, 0, 10));
            host.wakeFetches();
        }
    }

    /** The loop pushes and then compares views; the settle thread publishes the view and then takes the stack. */
    @JCStressTest
    @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "announced; the loop saw nothing")
    @Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "announced, and the loop looks again")
    @Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "the loop looks again")
    @State
    public static class AFetchThatBeginsToWatch extends Watched {
        public AFetchThatBeginsToWatch() {
            interest.look(host);
        }

        @Actor
        public void loop(ZZ_Result result) {
            result.r1 = interest.watch();
        }

        @Actor
        public void settle() {
            progress();
        }

        @Arbiter
        public void after(ZZ_Result result) {
            session.drain();
            result.r2 = session.poll() != null;
        }
    }

    /** It has looked, waits for a byte more, and progress comes: it looks again, or is woken. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "looks again")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "waits, and is woken")
    @State
    public static class AFetchThatBeginsToWait extends Watched {
        private int woken;

        private final ParkedFetch fetch = new ParkedFetch() {
            @Override
            protected void wake() {
                woken++;
            }
        };

        public AFetchThatBeginsToWait() {
            interest.look(host);
        }

        @Actor
        public void loop(II_Result result) {
            boolean unchanged = interest.watch();
            result.r1 = session.park(fetch, 1) && (unchanged || !fetch.unpark()) ? 1 : 0;
        }

        @Actor
        public void settle() {
            progress();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = woken;
        }
    }

    /** Told of bytes while its deadline takes it back: one of the two has it. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "taken back")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "woken")
    @State
    public static class AParkedFetch {
        private int woken;

        private final ParkedFetch fetch = new ParkedFetch() {
            @Override
            protected void wake() {
                woken++;
            }
        };

        public AParkedFetch() {
            fetch.park(5);
        }

        @Actor
        public void loop(II_Result result) {
            result.r1 = fetch.unpark() ? 1 : 0;
        }

        @Actor
        public void settle() {
            fetch.grow(10);
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = woken;
        }
    }

    /** Two partitions of different shards tell it of bytes. */
    abstract static class ToldByTwoShards {
        private final AtomicInteger woken = new AtomicInteger();

        final ParkedFetch fetch = new ParkedFetch() {
            @Override
            protected void wake() {
                woken.incrementAndGet();
            }
        };

        ToldByTwoShards(int missingBytes) {
            fetch.park(missingBytes);
        }

        final void after(II_Result result) {
            result.r1 = fetch.unpark() ? 1 : 0;
            result.r2 = woken.get();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "woken once")
    @State
    public static class AFetchThatBothShardsReach extends ToldByTwoShards {
        public AFetchThatBothShardsReach() {
            super(10);
        }

        @Actor
        public void one() {
            fetch.grow(5);
        }

        @Actor
        public void other() {
            fetch.grow(6);
        }

        @Arbiter
        public void end(II_Result result) {
            after(result);
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "woken once")
    @State
    public static class AFetchThatEachShardReaches extends ToldByTwoShards {
        public AFetchThatEachShardReaches() {
            super(5);
        }

        @Actor
        public void one() {
            fetch.grow(5);
        }

        @Actor
        public void other() {
            fetch.grow(6);
        }

        @Arbiter
        public void end(II_Result result) {
            after(result);
        }
    }
}
