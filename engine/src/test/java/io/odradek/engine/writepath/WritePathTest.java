package io.odradek.engine.writepath;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.record.PlainBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.slf4j.LoggerFactory;

/** The three stages called in random order from one thread, against what the shard promises. */
class WritePathTest {

    @Property(tries = 100)
    void everyAcceptedWriteIsSettledOnceInOrderAndNotBeforeItsSync(@ForAll long seed) throws IOException {
        run(seed, Faults.NONE);
    }

    @Property(tries = 60)
    void afterAFailedSyncNothingIsClaimedThatIsNotDurable(@ForAll long seed) throws IOException {
        run(seed, Faults.SYNC);
    }

    @Property(tries = 60)
    void afterAFailedWriteNothingIsClaimedThatIsNotWritten(@ForAll long seed) throws IOException {
        run(seed, Faults.APPEND);
    }

    /** Injected faults are told in the log, hundreds of times here. */
    @BeforeContainer
    static void silence() {
        ((Logger) LoggerFactory.getLogger(Shard.class)).setLevel(Level.OFF);
    }

    @AfterContainer
    static void speak() {
        ((Logger) LoggerFactory.getLogger(Shard.class)).setLevel(null);
    }

    private enum Faults {
        NONE,
        SYNC,
        APPEND
    }

    private static void run(long seed, Faults faults) throws IOException {
        Path path = Files.createTempDirectory("writepath");
        TestLogs logs = new TestLogs(path);
        try {
            Run run = new Run(logs, new Random(seed), faults);
            run.run();
            logs.store.heal();
            logs.close();
            run.checkLeases();
        } finally {
            try (Stream<Path> files = Files.walk(path)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** One schedule. */
    private static final class Run implements Settlement {
        private final TestLogs logs;
        private final Random random;
        private final Faults faults;
        private final List<Log> all = new ArrayList<>();
        private final List<CountedLease> leases = new ArrayList<>();
        private final Set<PartitionLog> progressedInGroup = new HashSet<>();
        private final WritePath path;
        private final long maxBytes;
        private long bytesInFlight;
        private int inFlight;
        private int refusedWaiting;
        private long tasksRun;
        private long tasksGiven;
        private boolean faulty;
        private boolean groupOpen;

        /** What is known of one log from outside. */
        private static final class Log {
            final PartitionLog log;
            final boolean sync;
            final Deque<Long> unsettled = new ArrayDeque<>();
            long written;
            long settledEnd;
            boolean failed;

            Log(PartitionLog log, boolean sync) {
                this.log = log;
                this.sync = sync;
            }
        }

        Run(TestLogs logs, Random random, Faults faults) throws IOException {
            this.logs = logs;
            this.random = random;
            this.faults = faults;
            int count = 1 + random.nextInt(5);
            for (int i = 0; i < count; i++) {
                boolean sync = random.nextBoolean();
                all.add(new Log(
                        logs.log("topic" + i, sync ? new Durability.Sync() : new Durability.PageCache()), sync));
            }
            int slots = 1 << (1 + random.nextInt(6));
            maxBytes = 100L + random.nextInt(5000);
            path = new WritePath(
                    new Shard.Options("test", slots, maxBytes, "block"),
                    logs.directory,
                    logs.groupSync,
                    this,
                    InstantSource.system(),
                    ShardObserver.NONE);
        }

        void run() {
            int steps = 50 + random.nextInt(200);
            int faultAt = faults == Faults.NONE ? -1 : random.nextInt(steps);
            for (int i = 0; i < steps; i++) {
                if (i == faultAt) {
                    inject();
                }
                step();
            }
            path.close();
            drain();
            assertThat(path.fault().bug()).as("no listener's assertion failed").isNull();
            assertThat(path.isDrained()).isTrue();
            assertThat(inFlight).isZero();
            assertThat(tasksRun).isEqualTo(tasksGiven);
            assertThat(all).allSatisfy(log -> assertThat(log.unsettled).isEmpty());
            assertThat(path.gauges().inFlightBytes()).isZero();
            assertThat(path.gauges().ringOccupancy()).isZero();
            assertThat(logs.directory.isOffline())
                    .as("only a fault takes it offline")
                    .isIn(false, faulty);
        }

        /** Behind the close of the logs, which keep recent batches for readers. */
        void checkLeases() {
            assertThat(leases).allSatisfy(lease -> assertThat(lease.shares()).isZero());
        }

        private void inject() {
            faulty = true;
            if (faults == Faults.SYNC) {
                logs.store.failSyncs();
            } else {
                logs.store.failAppends();
            }
        }

        private void step() {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> write();
                case 3 -> path.append(1 + random.nextInt(8));
                case 4 -> appendLent();
                case 5 -> path.sync();
                case 6 -> settleAndCheckPageCache();
                default -> task();
            }
        }

        private void appendLent() {
            long tasksBefore = tasksRun;
            path.appendLent();
            assertThat(tasksRun).as("tasks run on the shard's own thread").isEqualTo(tasksBefore);
        }

        private void settleAndCheckPageCache() {
            path.settle();
            assertThat(bytesInFlight == 0 || bytesInFlight <= maxBytes || inFlight == 1)
                    .as("%d bytes in %d entries, budget %d", bytesInFlight, inFlight, maxBytes)
                    .isTrue();
        }

        private void write() {
            Log log = all.get(random.nextInt(all.size()));
            // now and then one that is larger than the whole budget
            int size = random.nextInt(20) == 0 ? 6000 : 61 + random.nextInt(600);
            CountedLease lease = new CountedLease();
            ValidatedBatch batch = PlainBatches.batch(1 + random.nextInt(3), size, lease);
            long number = log.written;
            int epoch = random.nextInt(30) == 0 ? 7 : 0;
            boolean taken = path.tryWrite(log.log, batch, epoch, outcome -> settled(log, number, size, epoch, outcome));
            if (taken) {
                leases.add(lease);
                log.written++;
                log.unsettled.add(number);
                bytesInFlight += size;
                inFlight++;
            } else {
                refusedWaiting++;
                path.onRoom(() -> refusedWaiting--);
            }
        }

        private void task() {
            Log log = all.get(random.nextInt(all.size()));
            switch (random.nextInt(3)) {
                case 0 -> {
                    long writtenBefore = log.written;
                    long number = tasksGiven;
                    boolean taken = path.tryRun(
                            log.log,
                            () -> {
                                assertThat(tasksRun)
                                        .as("tasks run in ring order")
                                        .isEqualTo(number);
                                tasksRun++;
                            },
                            failure -> assertThat(log.unsettled.isEmpty() || log.unsettled.getFirst() >= writtenBefore)
                                    .as("a task settles behind the batches before it")
                                    .isTrue());
                    tasksGiven += taken ? 1 : 0;
                }
                case 1 -> {
                    long end = log.log.view().logEndOffset();
                    path.tryRequestSync(log.log, null);
                    assertThat(log.log.view().logEndOffset()).isEqualTo(end);
                }
                default -> path.submit(() -> {});
            }
        }

        private void settled(Log log, long number, int size, int epoch, AppendOutcome outcome) {
            assertThat(log.unsettled.poll()).as("order along a log").isEqualTo(number);
            bytesInFlight -= size;
            inFlight--;
            groupOpen = true;
            switch (outcome) {
                case AppendOutcome.Appended appended -> {
                    assertThat(epoch).isZero();
                    assertThat(log.failed)
                            .as("nothing is claimed behind a failure")
                            .isFalse();
                    assertThat(log.settledEnd).as("progress comes first").isGreaterThan(appended.lastOffset());
                    if (log.sync) {
                        assertThat(logs.isDurable(log.log, appended)).isTrue();
                    }
                }
                case AppendOutcome.NotLeader refused -> assertThat(epoch).isEqualTo(7);
                case AppendOutcome.StorageFailed failed -> {
                    assertThat(faulty).isTrue();
                    log.failed = true;
                }
                case AppendOutcome.Duplicate d -> throw new AssertionError(d);
                case AppendOutcome.OutOfOrderSequence d -> throw new AssertionError(d);
                case AppendOutcome.ProducerFenced d -> throw new AssertionError(d);
                case AppendOutcome.TooLarge d -> throw new AssertionError(d);
                case AppendOutcome.NotNext d -> throw new AssertionError(d);
            }
        }

        @Override
        public void progressed(PartitionLog partition, AppendOutcome.Appended last) {
            assertThat(progressedInGroup.add(partition))
                    .as("once per log and group")
                    .isTrue();
            Log log = all.stream().filter(l -> l.log == partition).findFirst().orElseThrow();
            assertThat(last.end().offset()).isGreaterThan(log.settledEnd);
            log.settledEnd = last.end().offset();
        }

        @Override
        public void groupSettled() {
            progressedInGroup.clear();
            groupOpen = false;
        }

        private void drain() {
            boolean worked = true;
            while (worked) {
                worked = path.append(1 + random.nextInt(8));
                worked |= path.sync();
                worked |= path.settle();
            }
            assertThat(groupOpen).as("groupSettled ends each group").isFalse();
            assertThat(refusedWaiting)
                    .as("everybody who was refused hears of room")
                    .isZero();
        }
    }
}
