package io.odradek.engine.writepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.record.PlainBatches;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.writepath.Shard.Threads;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The shard with its threads. */
@Timeout(60)
class ShardTest {
    private static final Settlement NOBODY = (log, end) -> {};

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    Path path;

    @SuppressWarnings("NullAway.Init") // before each test
    private TestLogs logs;

    private final List<CountedLease> leases = Collections.synchronizedList(new ArrayList<>());
    private final BlockingQueue<AppendOutcome> outcomes = new LinkedBlockingQueue<>();

    @BeforeEach
    void open() throws IOException {
        logs = new TestLogs(path);
    }

    @AfterEach
    void everyLeaseIsReleasedOnce() throws IOException {
        logs.store.letSyncsPass();
        logs.close();
        assertThat(leases).allSatisfy(lease -> assertThat(lease.shares()).isZero());
    }

    @Test
    void anEntryThatNeedsASyncSettlesBehindASyncThatBeganAfterItsWrite() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            assertThat(shard.tryWrite(log, batch(100), 0, this::keep)).isTrue();
            logs.store.syncsBegun.acquire();
            // written while the first sync runs: it says nothing about this one
            assertThat(shard.tryWrite(log, batch(100), 0, this::keep)).isTrue();
            awaitEnd(log, 2);
            assertThat(outcomes).isEmpty();
            held.countDown();
            AppendOutcome.Appended first = appended();
            assertThat(logs.isDurable(log, first)).isTrue();
            AppendOutcome.Appended second = appended();
            assertThat(logs.isDurable(log, second)).isTrue();
            assertThat(second.baseOffset()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void pageCacheEntriesAndSettleTasksPassAStuckSync(Threads threads) throws Exception {
        PartitionLog synced = logs.log("synced", new Durability.Sync());
        PartitionLog cached = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            BlockingQueue<AppendOutcome> waiting = new LinkedBlockingQueue<>();
            shard.tryWrite(synced, batch(100), 0, outcome -> waiting.add(outcome.kept()));
            logs.store.syncsBegun.acquire();
            for (int i = 0; i < 20; i++) {
                shard.tryWrite(cached, batch(100), 0, this::keep);
                assertThat(appended().baseOffset()).isEqualTo(i);
            }
            CountDownLatch task = new CountDownLatch(1);
            shard.settle(task::countDown);
            task.await();
            assertThat(waiting).isEmpty();
            held.countDown();
            assertThat(waiting.take()).isInstanceOf(AppendOutcome.Appended.class);
        }
    }

    @Test
    void entriesOfALogThatBeganToSyncWaitBehindEachOther() throws Exception {
        PartitionLog log = logs.log("changing", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(100), 0, this::keep);
            logs.store.syncsBegun.acquire();
            log.reconfigure(TestLogs.config(new Durability.PageCache()));
            shard.tryWrite(log, batch(100), 0, this::keep);
            awaitEnd(log, 2);
            CountDownLatch settlePassed = new CountDownLatch(1);
            shard.settle(settlePassed::countDown);
            settlePassed.await();
            assertThat(outcomes).isEmpty();
            held.countDown();
            assertThat(appended().baseOffset()).isZero();
            assertThat(appended().baseOffset()).isEqualTo(1);
        }
    }

    @Test
    void aFailedSyncFailsWhoeverWaitsAndNothingIsAcknowledgedAfterIt() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        PartitionLog other = logs.log("other", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            shard.tryWrite(log, batch(100), 0, this::keep);
            appended();
            CountDownLatch held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(100), 0, this::keep);
            logs.store.syncsBegun.acquire(2);
            shard.tryWrite(log, batch(100), 0, this::keep);
            shard.tryWrite(other, batch(100), 0, this::keep);
            awaitEnd(log, 3);
            logs.store.failSyncs();
            held.countDown();
            for (int i = 0; i < 3; i++) {
                assertThat(outcomes.take()).isInstanceOf(AppendOutcome.StorageFailed.class);
            }
            assertThat(logs.directory.isOffline()).isTrue();
            shard.tryWrite(log, batch(100), 0, this::keep);
            assertThat(outcomes.take()).isInstanceOf(AppendOutcome.StorageFailed.class);
        }
        assertThat(outcomes).isEmpty();
    }

    @Test
    void aRequestedSyncMakesAPageCacheLogDurable() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            shard.tryWrite(log, batch(100), 0, this::keep);
            AppendOutcome.Appended appended = appended();
            assertThat(logs.isDurable(log, appended)).isFalse();
            CountDownLatch done = new CountDownLatch(1);
            shard.requestSync(log, failure -> done.countDown());
            done.await();
            assertThat(logs.isDurable(log, appended)).isTrue();
        }
    }

    @Test
    void aRequestedSyncHoldsUpNoAppender() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            shard.tryWrite(log, batch(100), 0, this::keep);
            appended();
            CountDownLatch held = logs.store.holdSyncs();
            CountDownLatch done = new CountDownLatch(1);
            shard.requestSync(log, failure -> done.countDown());
            logs.store.syncsBegun.acquire();
            // published with another request, so that both are in the hands of append together
            shard.requestSync(log);
            shard.tryWrite(log, batch(100), 0, this::keep);
            assertThat(appended().baseOffset()).isOne();
            assertThat(done.getCount()).isOne();
            held.countDown();
            done.await();
        }
    }

    @Test
    void aWriteThatIsRefusedDoesNotOvertakeThoseThatWait() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(100), 0, outcome -> told.add("waiting"));
            logs.store.syncsBegun.acquire();
            logs.directory.takeOffline(new IOException("planted"));
            shard.tryWrite(log, batch(100), 0, outcome -> told.add("refused"));
            CountDownLatch appendPassed = new CountDownLatch(1);
            shard.run(appendPassed::countDown);
            appendPassed.await();
            CountDownLatch settlePassed = new CountDownLatch(1);
            shard.settle(settlePassed::countDown);
            settlePassed.await();
            assertThat(told).isEmpty();
            held.countDown();
        }
        assertThat(told).containsExactly("waiting", "refused");
    }

    @Test
    void aDuplicateOfWhatIsBeingSyncedForFlushMsWaitsForThatSync() throws Exception {
        // the same rule by other means: once the log demands durability, what was handed over for other reasons counts
        PartitionLog log = logs.log("changing", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            shard.tryWrite(log, batch(100), 0, this::keep);
            AppendOutcome.Appended first = appended();
            CountDownLatch held = logs.store.holdSyncs();
            shard.requestSync(log);
            logs.store.syncsBegun.acquire();
            log.reconfigure(TestLogs.config(new Durability.Sync()));
            shard.tryWrite(log, batch(100), 0, this::keep);
            awaitEnd(log, 2);
            assertThat(outcomes).isEmpty();
            held.countDown();
            assertThat(logs.isDurable(log, appended())).isTrue();
            assertThat(logs.isDurable(log, first)).isTrue();
        }
    }

    @Test
    void afterLettingGoOfALogNothingTouchesItsFiles() throws Exception {
        PartitionLog log = logs.log("deleted", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(100), 0, this::keep);
            logs.store.syncsBegun.acquire();
            CountDownLatch gone = new CountDownLatch(1);
            shard.letGo(log, failure -> gone.countDown());
            shard.tryWrite(log, batch(100), 0, this::keep);
            assertThat(gone.getCount()).isOne();
            held.countDown();
            gone.await();
            assertThat(appended().baseOffset()).isZero();
            assertThat(outcomes.take()).isInstanceOf(AppendOutcome.StorageFailed.class);
            assertThat(log.view().logEndOffset()).isOne();
            assertThat(logs.directory.isOffline()).isFalse();
        }
    }

    /** Whoever let go of it may be deleting its files. */
    @Test
    void noTaskIsRunOnALogThatWasLetGoOf() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(8, 1 << 20, Threads.SEPARATE), NOBODY)) {
            List<String> ran = Collections.synchronizedList(new ArrayList<>());
            BlockingQueue<Optional<IOException>> told = new LinkedBlockingQueue<>();
            shard.run(log, () -> ran.add("before"), failure -> told.add(Optional.ofNullable(failure)));
            shard.letGo(log, failure -> told.add(Optional.ofNullable(failure)));
            shard.run(log, () -> ran.add("after"), failure -> told.add(Optional.ofNullable(failure)));
            assertThat(told.take()).isEmpty();
            assertThat(told.take()).isEmpty();
            assertThat(told.take())
                    .hasValueSatisfying(failure -> assertThat(failure).hasMessageContaining("closed"));
            assertThat(ran).containsExactly("before");
        }
        assertThat(logs.directory.isOffline()).isFalse();
    }

    @Test
    void tasksRunBehindTheWritesBeforeThem() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        List<Long> ends = Collections.synchronizedList(new ArrayList<>());
        try (Shard shard = started(options(8, 1 << 20, Threads.SEPARATE), NOBODY)) {
            for (int i = 0; i < 100; i++) {
                writePatiently(shard, log, batch(100), this::keep);
                shard.run(() -> ends.add(log.view().logEndOffset()));
            }
        }
        assertThat(ends).hasSize(100).isSorted();
        for (int i = 0; i < 100; i++) {
            assertThat(ends.get(i)).isEqualTo(i + 1);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void aTaskGivenOnTheSettleThreadWhileTheRingIsFullRunsLaterInOrder(Threads threads) throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(3);
        try (Shard shard = started(options(4, 1 << 20, threads), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            for (int i = 0; i < 4; i++) {
                assertThat(shard.tryWrite(log, batch(100), 0, this::keep)).isTrue();
            }
            CountDownLatch given = new CountDownLatch(1);
            shard.settle(() -> {
                for (int i = 0; i < 3; i++) {
                    int number = i;
                    shard.run(() -> {
                        ran.add(number);
                        done.countDown();
                    });
                }
                given.countDown();
            });
            given.await();
            held.countDown();
            done.await();
        }
        assertThat(ran).containsExactly(0, 1, 2);
    }

    @Test
    void aBatchLargerThanTheBudgetGetsInWhenTheShardIsEmpty() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        try (Shard shard = started(options(64, 1000, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            assertThat(shard.tryWrite(log, batch(900), 0, this::keep)).isTrue();
            ValidatedBatch large = batch(5000);
            assertThat(shard.tryWrite(log, large, 0, this::keep)).isFalse();
            // small ones wait as well: else the large one would starve
            ValidatedBatch small = batch(61);
            assertThat(shard.tryWrite(log, small, 0, this::keep)).isFalse();
            CountDownLatch room = new CountDownLatch(1);
            shard.onRoom(room::countDown);
            assertThat(room.getCount()).isOne();
            held.countDown();
            room.await();
            assertThat(shard.tryWrite(log, large, 0, this::keep)).isTrue();
            assertThat(appended().baseOffset()).isZero();
            assertThat(appended().baseOffset()).isOne();
            writePatiently(shard, log, small, this::keep);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void whatIsHandedOverUnannouncedIsOneGroupOnceItIsAnnounced(Threads threads) throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY)) {
            awaitSleepingAppend(shard, 0);
            for (int i = 0; i < 5; i++) {
                assertThat(shard.tryWriteUnannounced(log, batch(100), 0, this::keep))
                        .isTrue();
            }
            shard.announce();
            for (int i = 0; i < 5; i++) {
                assertThat(appended().baseOffset()).isEqualTo(i);
            }
            assertThat(shard.gauges().appendGroups()).isOne();
            assertThat(shard.gauges().logWrites()).isOne();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void aFullShardIsWokenByTheWriteThatItRefuses(Threads threads) throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(4, 1 << 20, threads), NOBODY)) {
            awaitSleepingAppend(shard, 0);
            for (int i = 0; i < 4; i++) {
                assertThat(shard.tryWriteUnannounced(log, batch(100), 0, this::keep))
                        .isTrue();
            }
            ValidatedBatch refused = batch(100);
            assertThat(shard.tryWriteUnannounced(log, refused, 0, this::keep)).isFalse();
            CountDownLatch room = new CountDownLatch(1);
            shard.onRoom(room::countDown);
            room.await();
            assertThat(shard.tryWrite(log, refused, 0, this::keep)).isTrue();
            for (int i = 0; i < 5; i++) {
                assertThat(appended().baseOffset()).isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void closingWritesWhatNobodyAnnounced(Threads threads) throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY)) {
            awaitSleepingAppend(shard, 0);
            shard.tryWriteUnannounced(log, batch(100), 0, this::keep);
        }
        assertThat(logs.isDurable(log, appended())).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void whoWaitsForAShardLearnsThatItDied(Threads threads) throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        AtomicBoolean broken = new AtomicBoolean();
        InstantSource clock = () -> {
            if (broken.get()) {
                throw new IllegalStateException("the clock is broken");
            }
            return Instant.EPOCH;
        };
        CountDownLatch died = new CountDownLatch(1);
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY, clock)) {
            shard.onDeath(died::countDown);
            shard.tryWrite(log, batch(100), 0, this::keep);
            appended();
            assertThat(died.getCount()).isOne();
            broken.set(true);
            CompletableFuture<Void> never = shard.orDeath(new CompletableFuture<>());
            shard.run(() -> {});
            died.await();
            assertThat(logs.directory.isOffline()).isTrue();
            assertThatThrownBy(never::get).hasRootCauseMessage("the clock is broken");
            CountDownLatch late = new CountDownLatch(1);
            shard.onDeath(late::countDown);
            assertThat(late.getCount()).isZero();
        }
    }

    /** Until the append thread has gone to sleep more often than this. */
    private static void awaitSleepingAppend(Shard shard, long sleeps) {
        while (shard.gauges().appendSleeps() <= sleeps) {
            Thread.onSpinWait();
        }
    }

    @Test
    void theGateStaysClosedUntilTheRefusedBatchFits() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        try (Shard shard = started(options(64, 1000, Threads.SEPARATE), NOBODY)) {
            CountDownLatch held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(300), 0, this::keep); // below the low mark, and too much for a large one
            ValidatedBatch large = batch(5000);
            assertThat(shard.tryWrite(log, large, 0, this::keep)).isFalse();
            CountDownLatch room = new CountDownLatch(1);
            shard.onRoom(room::countDown);
            for (int i = 0; i < 2; i++) { // the second begins behind the end of the first one's pass
                CountDownLatch passed = new CountDownLatch(1);
                shard.settle(passed::countDown);
                passed.await();
            }
            assertThat(room.getCount()).isOne();
            held.countDown();
            room.await();
            writePatiently(shard, log, large, this::keep);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void everyAcceptedWriteIsSettledOnceInOrderUnderLoad(Threads threads) throws Exception {
        for (int seed = 0; seed < 8; seed++) {
            load(seed, threads);
        }
    }

    /** Small bounds, several writers that pause when refused: a lost wake-up of any kind hangs this. */
    private void load(int seed, Threads stages) throws Exception {
        Random random = new Random(seed);
        int slots = 1 << (1 + random.nextInt(8));
        long budget = 400L + random.nextInt(20_000);
        int writers = 1 + random.nextInt(4);
        int perWriter = 3000;
        AtomicLong settledCount = new AtomicLong();
        AtomicReference<@Nullable String> wrong = new AtomicReference<>();
        try (Shard shard = started(options(slots, budget, stages), NOBODY)) {
            List<Thread> threads = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                Durability durability = random.nextInt(3) == 0 ? new Durability.Sync() : new Durability.PageCache();
                PartitionLog log = logs.log("load" + seed + stages + w, durability);
                long writerSeed = random.nextLong();
                threads.add(Thread.ofPlatform().start(() -> {
                    Random choices = new Random(writerSeed);
                    AtomicLong next = new AtomicLong();
                    for (int i = 0; i < perWriter; i++) {
                        int size = 61 + choices.nextInt(300);
                        long number = i;
                        writeUnannounced(shard, log, batch(size), outcome -> {
                            if (!(outcome instanceof AppendOutcome.Appended appended)
                                    || appended.baseOffset() != number
                                    || next.getAndIncrement() != number
                                    || (durability instanceof Durability.Sync && !logs.isDurable(log, appended))) {
                                wrong.set(log.partition() + " batch " + number + ": " + outcome);
                            }
                            settledCount.incrementAndGet();
                        });
                        if (choices.nextInt(3) == 0) {
                            shard.announce();
                        }
                        if (shard.gauges().inFlightBytes() > budget) {
                            wrong.set("in flight " + shard.gauges());
                        }
                    }
                    shard.announce();
                    while (next.get() < perWriter && wrong.get() == null) {
                        // without close, which would wake whoever has slept through it
                        Thread.onSpinWait();
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(wrong.get()).as("seed %d", seed).isNull();
        assertThat(settledCount.get()).as("seed %d", seed).isEqualTo((long) writers * perWriter);
    }

    @Test
    void anIdleShardIsLentToWhoAnnouncesWhileNothingNeedsASync() throws Exception {
        PartitionLog cached = logs.log("cached", new Durability.PageCache());
        PartitionLog synced = logs.log("synced", new Durability.Sync());
        BlockingQueue<Thread> settlers = new LinkedBlockingQueue<>();
        AppendListener listener = outcome -> settlers.add(Thread.currentThread());
        try (Shard shard = started(options(64, 1 << 20, Threads.LENT), NOBODY)) {
            awaitLent(shard, cached);
            CountDownLatch held = logs.store.holdSyncs();
            try {
                shard.tryWriteUnannounced(synced, batch(100), 0, listener);
                shard.announce();
                logs.store.syncsBegun.acquire();
                shard.tryWriteUnannounced(cached, batch(100), 0, listener);
                shard.announce();
                assertThat(settlers.take())
                        .as("the append thread writes what comes after something that needs a sync")
                        .isNotEqualTo(Thread.currentThread());
            } finally {
                held.countDown();
            }
            assertThat(settlers.take()).as("behind its sync").isNotEqualTo(Thread.currentThread());
            awaitLent(shard, cached);
        }
    }

    /** Until this thread has appended and settled what it announced; not always: the first times take long. */
    private void awaitLent(Shard shard, PartitionLog log) throws InterruptedException {
        BlockingQueue<Thread> settlers = new LinkedBlockingQueue<>();
        do {
            shard.tryWriteUnannounced(log, batch(100), 0, outcome -> settlers.add(Thread.currentThread()));
            shard.announce();
        } while (!Thread.currentThread().equals(settlers.take()));
    }

    /** Not always: a batch may come just as the other thread looks for work. */
    @ParameterizedTest
    @EnumSource(names = {"SHARED", "LENT"})
    void anIdleShardsSyncThreadDoesAllThatARequestNeeds(Threads threads) throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        BlockingQueue<String> settlers = new LinkedBlockingQueue<>();
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY)) {
            String settler = "";
            for (int i = 0; i < 1000 && !settler.endsWith("-sync"); i++) {
                shard.tryWrite(
                        log,
                        batch(100),
                        0,
                        outcome -> settlers.add(Thread.currentThread().getName()));
                settler = settlers.take();
            }
            assertThat(settler).endsWith("-sync");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void whatComesDuringASyncIsAppendedMeanwhile(Threads threads) throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        try (Shard shard = started(options(64, 1 << 20, threads), NOBODY)) {
            for (int round = 0; round < 50; round++) {
                CountDownLatch held = logs.store.holdSyncs();
                shard.tryWrite(log, batch(100), 0, this::keep);
                logs.store.syncsBegun.acquire();
                shard.tryWrite(log, batch(100), 0, this::keep);
                awaitEnd(log, 2 * round + 2);
                assertThat(outcomes).isEmpty();
                held.countDown();
                appended();
                appended();
                logs.store.syncsBegun.drainPermits();
            }
        }
    }

    @Test
    void whatIsAnnouncedDuringALentTurnIsWrittenBehindIt() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        for (int round = 0; round < 20; round++) {
            try (Shard shard = started(options(64, 1 << 20, Threads.LENT), NOBODY)) {
                CountDownLatch settling = new CountDownLatch(1);
                CountDownLatch held = new CountDownLatch(1);
                Thread holder = Thread.ofPlatform().start(() -> {
                    awaitSleepingAppend(shard, 0);
                    shard.tryWriteUnannounced(log, batch(100), 0, outcome -> {
                        settling.countDown();
                        awaitQuietly(held);
                    });
                    shard.announce();
                });
                settling.await();
                shard.tryWriteUnannounced(log, batch(100), 0, this::keep);
                shard.announce();
                held.countDown();
                appended(); // nobody announces any more, and nothing is closed
                holder.join();
            }
        }
    }

    @Test
    void whoAnnouncesToABusyShardIsNotHeldUp() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.LENT), NOBODY)) {
            CountDownLatch running = new CountDownLatch(1);
            CountDownLatch held = new CountDownLatch(1);
            shard.run(() -> {
                running.countDown();
                awaitQuietly(held);
            });
            running.await();
            shard.tryWriteUnannounced(log, batch(100), 0, this::keep);
            shard.announce();
            assertThat(outcomes).isEmpty();
            held.countDown();
            assertThat(appended().baseOffset()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE") // never started
    void closeUnderLoadSettlesWhatWasAcceptedAndRefusesTheRest(Threads threads) throws Exception {
        for (int round = 0; round < 10; round++) {
            PartitionLog log = logs.log("closing" + threads + round, new Durability.Sync());
            Shard shard = started(options(64, 1 << 20, threads), NOBODY);
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger settled = new AtomicInteger();
            AtomicBoolean closed = new AtomicBoolean();
            CountDownLatch running = new CountDownLatch(2);
            List<Thread> writers = new ArrayList<>();
            for (int w = 0; w < 2; w++) {
                writers.add(Thread.ofPlatform().start(() -> {
                    int written = 0;
                    while (!closed.get()) {
                        CountedLease lease = new CountedLease();
                        if (shard.tryWrite(
                                log, PlainBatches.batch(1, 100, lease), 0, outcome -> settled.incrementAndGet())) {
                            leases.add(lease);
                            accepted.incrementAndGet();
                            if (++written == 100) {
                                running.countDown();
                            }
                        }
                    }
                }));
            }
            running.await();
            shard.close();
            closed.set(true);
            int atClose = settled.get();
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(settled.get()).isEqualTo(atClose).isEqualTo(accepted.get());
            assertThat(shard.tryWrite(log, PlainBatches.batch(1, 100, new CountedLease()), 0, o -> {}))
                    .isFalse();
            assertThatThrownBy(() -> shard.run(() -> {})).isInstanceOf(RejectedExecutionException.class);
            shard.close();
        }
    }

    @Test
    void aShardThatWasNeverStartedStillSettlesWhatItTook() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        Shard shard = new Shard(
                options(64, 1 << 20, Threads.SEPARATE), logs.directory, logs.groupSync, NOBODY, InstantSource.system());
        shard.tryWrite(log, batch(100), 0, this::keep);
        shard.close();
        assertThat(logs.isDurable(log, appended())).isTrue();
    }

    @Test
    void aListenerThatThrowsStopsTheShardFromClaimingAnything() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            shard.tryWrite(log, batch(100), 0, outcome -> {
                throw new IllegalStateException("planted");
            });
            CountDownLatch settled = new CountDownLatch(1);
            shard.requestSync(log, failure -> settled.countDown());
            settled.await();
            assertThat(logs.directory.isOffline()).isTrue();
            shard.tryWrite(log, batch(100), 0, this::keep);
            assertThat(outcomes.take()).isInstanceOf(AppendOutcome.StorageFailed.class);
        }
    }

    @Test
    void aTaskThatFailsOnTheDiskTakesTheDirectoryOfflineAndSaysSo() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            BlockingQueue<String> failures = new LinkedBlockingQueue<>();
            shard.run(
                    log,
                    () -> {
                        throw new IOException("planted");
                    },
                    failure -> failures.add(failure == null ? "none" : String.valueOf(failure.getMessage())));
            assertThat(failures.take()).isEqualTo("planted");
            assertThat(logs.directory.isOffline()).isTrue();
        }
    }

    @Test
    void progressIsToldOncePerLogAndGroupBeforeTheListeners() throws Exception {
        PartitionLog log = logs.log("synced", new Durability.Sync());
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch held;
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), new Settlement() {
            @Override
            public void progressed(PartitionLog partition, AppendOutcome.Appended last) {
                told.add("progressed " + last.end().offset());
            }

            @Override
            public void groupSettled() {
                told.add("settled");
            }
        })) {
            held = logs.store.holdSyncs();
            shard.tryWrite(log, batch(100), 0, outcome -> told.add("0"));
            logs.store.syncsBegun.acquire();
            for (int i = 1; i < 4; i++) {
                int number = i;
                shard.tryWrite(log, batch(100), 0, outcome -> told.add("" + number));
            }
            awaitEnd(log, 4);
            held.countDown();
        }
        long progress = 0;
        int progressInGroup = 0;
        List<String> listeners = new ArrayList<>();
        for (String line : told) {
            if (line.equals("settled")) {
                progressInGroup = 0;
            } else if (line.startsWith("progressed ")) {
                progress = Long.parseLong(line.substring("progressed ".length()));
                assertThat(++progressInGroup).as("%s", told).isOne();
            } else {
                assertThat(Long.parseLong(line)).as("%s", told).isLessThan(progress);
                listeners.add(line);
            }
        }
        assertThat(listeners).containsExactly("0", "1", "2", "3");
        assertThat(told).endsWith("settled");
    }

    @Test
    void anIdleShardSleeps() throws Exception {
        PartitionLog log = logs.log("cached", new Durability.PageCache());
        try (Shard shard = started(options(64, 1 << 20, Threads.SEPARATE), NOBODY)) {
            for (int i = 0; i < 50; i++) {
                shard.tryWrite(log, batch(100), 0, this::keep);
                appended();
            }
            ShardGauges gauges = shard.gauges();
            assertThat(gauges.appendSleeps()).isLessThanOrEqualTo(60);
            assertThat(gauges.settleSleeps()).isLessThanOrEqualTo(60);
            assertThat(gauges.syncSleeps())
                    .as("page-cache topics never wake the sync thread")
                    .isLessThanOrEqualTo(1);
        }
    }

    private static Shard.Options options(int slots, long budget, Threads threads) {
        return new Shard.Options("test", slots, budget, "block", threads);
    }

    private Shard started(Shard.Options options, Settlement settlement) {
        return started(options, settlement, InstantSource.system());
    }

    private Shard started(Shard.Options options, Settlement settlement, InstantSource clock) {
        Shard shard = new Shard(options, logs.directory, logs.groupSync, settlement, clock);
        shard.start();
        return shard;
    }

    private ValidatedBatch batch(int size) {
        CountedLease lease = new CountedLease();
        leases.add(lease);
        return PlainBatches.batch(1, size, lease);
    }

    private void keep(AppendOutcome outcome) {
        outcomes.add(outcome.kept());
    }

    private AppendOutcome.Appended appended() throws InterruptedException {
        AppendOutcome outcome = outcomes.poll(20, TimeUnit.SECONDS);
        assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
        return (AppendOutcome.Appended) Objects.requireNonNull(outcome);
    }

    private static void awaitEnd(PartitionLog log, long end) {
        while (log.view().logEndOffset() < end) {
            Thread.onSpinWait();
        }
    }

    /** What a network loop does: when refused, it pauses until there is room. */
    private static void writePatiently(Shard shard, PartitionLog log, ValidatedBatch batch, AppendListener listener) {
        writeUnannounced(shard, log, batch, listener);
        shard.announce();
    }

    private static void writeUnannounced(Shard shard, PartitionLog log, ValidatedBatch batch, AppendListener listener) {
        Semaphore room = new Semaphore(0);
        while (!shard.tryWriteUnannounced(log, batch, 0, listener)) {
            shard.onRoom(room::release);
            room.acquireUninterruptibly();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
