package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.SyncObserver;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.writepath.Settlement;
import io.odradek.engine.writepath.Shard;
import io.odradek.engine.writepath.ShardObserver;
import io.odradek.engine.writepath.WritePath;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One seed: a broker's engine lives a few times over one disk. Each life recovers, is checked against the {@link LogModel}s,
 * works, and ends in a power loss, a kill or a clean stop, at any operation of the disk, also within recovery. The stages of
 * the write path are called one by one in an order drawn from the seed; so are housekeeping's checkpoints between them.
 */
final class PowerLossRun implements Settlement {
    private static final Path DATA = Path.of("/data");

    private final Random random;
    private SimulatedFileStore store;
    private final List<LogModel> models = new ArrayList<>();
    private final Map<TopicPartition, Long> settledEnds = new HashMap<>();
    private final Set<TopicPartition> cutting = new HashSet<>();
    /** What listeners heard and shouldn't have: thrown there, it would count as a fault of the listener. */
    private final List<String> failures = new ArrayList<>();

    private long nextNumber = 1;
    private long nowMs = 1_000_000;
    /** Since the logs were last checked. */
    private boolean lostPower;

    private boolean syncMayHaveFailed;

    PowerLossRun(long seed) throws IOException {
        random = new Random(seed);
        store = new SimulatedFileStore(seed);
        store.prepare(DATA);
        int logs = 1 + random.nextInt(6);
        for (int i = 0; i < logs; i++) {
            models.add(new LogModel(new TopicPartition("topic" + i, new UUID(1, i), 0), config()));
        }
    }

    void run() throws IOException {
        int lives = 2 + random.nextInt(4);
        for (int life = 0; life < lives; life++) {
            if (random.nextInt(10) > 0) {
                store.crashAtOperation(store.operations() + 1 + random.nextInt(random.nextBoolean() ? 60 : 600));
            }
            boolean stopped = live();
            assertThat(failures).isEmpty();
            settledEnds.clear();
            cutting.clear();
            models.forEach(model -> model.log = null);
            if (stopped) {
                store.crashAtOperation(Long.MAX_VALUE);
                continue;
            }
            if (random.nextInt(4) == 0 && !syncMayHaveFailed) {
                // Not after a failed sync: the kernel then shows pages that it will never write, and no later process
                // can know. Nothing was acknowledged by that sync; what its successor shows is lost with the machine.
                store = store.afterKill();
            } else {
                lostPower = true;
                store = store.afterCrash(random.nextLong());
            }
        }
        aSecondRecoveryChangesNothing();
    }

    /** Whatever the last crash left: once recovered, it stays like that through another power loss without any write. */
    private void aSecondRecoveryChangesNothing() throws IOException {
        for (int i = 0; i < 2; i++) {
            LogDirectory directory = EagerSnapshots.open(store, DATA);
            openAndCheck(directory);
            models.forEach(model -> model.log = null);
            lostPower = true;
            store = store.afterCrash(random.nextLong());
        }
    }

    /** Returns whether it ended in a clean stop. */
    private boolean live() throws IOException {
        LogDirectory directory = null;
        try {
            directory = EagerSnapshots.open(store, DATA);
            openAndCheck(directory);
            Journal journal = journal(directory);
            WritePath path = new WritePath(
                    new Shard.Options("simulated", 1 << (1 + random.nextInt(7)), 1 << 20, "block"),
                    directory,
                    groupSync(journal),
                    journal,
                    this,
                    () -> Instant.ofEpochMilli(nowMs),
                    ShardObserver.NONE);
            begin(path);
            retryAll(path);
            int steps = 20 + random.nextInt(300);
            for (int i = 0; i < steps; i++) {
                if (random.nextInt(12) == 0 && journal.work()) {
                    continue;
                }
                step(directory, path);
                if (store.crashed()) {
                    return false; // a stage took it for a fault of ours: nothing it says after this counts
                }
            }
            if (directory.isOffline() || random.nextInt(3) > 0) {
                store.crash();
                return false;
            }
            path.close();
            drain(path);
            if (store.crashed() || directory.isOffline()) {
                store.crash();
                return false;
            }
            try {
                directory.close();
            } catch (IOException e) {
                assertThat(directory.isOffline()).isTrue();
                store.crash();
            }
            return !store.crashed();
        } catch (SimulatedCrash crash) {
            return false;
        } catch (IOException e) {
            if (store.crashed()) {
                return false;
            }
            throw e;
        } finally {
            syncMayHaveFailed = directory == null || directory.isOffline();
        }
    }

    /** Every other one uses a journal, so small that it goes from half to half, and is made before it is needed. */
    private GroupSync groupSync(Journal journal) {
        GroupSync.Strategy[] strategies = GroupSync.Strategy.values();
        GroupSync.Strategy strategy =
                random.nextBoolean() ? GroupSync.Strategy.JOURNAL : strategies[random.nextInt(strategies.length)];
        if (strategy == GroupSync.Strategy.JOURNAL && random.nextInt(4) > 0) {
            journal.prepare();
        }
        return new GroupSync(store, DATA, strategy, SyncObserver.NONE, store::elapsedNanos);
    }

    private Journal journal(LogDirectory directory) throws IOException {
        long halfBytes = 4096L * (2 + random.nextInt(random.nextBoolean() ? 3 : 20));
        return directory.openJournal(
                "simulated",
                new Journal.Limits(halfBytes, 1_000_000L * random.nextInt(1_000)),
                () -> nowMs * 1_000_000);
    }

    private void openAndCheck(LogDirectory directory) throws IOException {
        if (random.nextBoolean()) {
            Map<TopicPartition, LogConfig> configs = new HashMap<>();
            models.forEach(model -> configs.put(model.partition, model.config));
            directory.recoverAll(configs::get, 1, (partition, bytes, done, total) -> {});
        }
        for (LogModel model : models) {
            PartitionLog log = directory.openOrCreate(model.partition, model.config);
            model.log = log;
            Read read = read(log.view());
            model.check(log.view(), read.batches, read.content, lostPower);
        }
        lostPower = false;
    }

    private void begin(WritePath path) {
        for (LogModel model : models) {
            PartitionLog log = model.open();
            model.leaderEpoch = Math.max(model.leaderEpoch + 1, log.view().latestEpoch() + random.nextInt(2));
            int epoch = Math.max(0, model.leaderEpoch);
            model.leaderEpoch = epoch;
            boolean given;
            do {
                given = path.tryRun(log, () -> log.beginEpoch(epoch), null);
                path.append(Integer.MAX_VALUE);
                path.settle();
            } while (!given && !store.crashed());
        }
    }

    private void step(LogDirectory directory, WritePath path) throws IOException {
        nowMs += random.nextInt(20);
        LogModel model = models.get(random.nextInt(models.size()));
        switch (random.nextInt(40)) {
            case 0 -> {
                if (!directory.isOffline()) {
                    truncate(path, model);
                }
            }
            case 1 -> deleteRecords(directory, path, model);
            case 2 -> retain(path, model);
            case 3, 4 -> requestSync(path, model);
            case 5 -> checkpoint(directory);
            case 6 -> checkpointHighWatermarks(directory);
            case 7 -> directoryTick(directory);
            case 8 -> {
                if (random.nextInt(20) == 0) {
                    store.failSync(1 + random.nextInt(5));
                }
            }
            case 9 -> {
                if (random.nextInt(40) == 0) {
                    store.failWrite(1 + random.nextInt(5));
                }
            }
            case 10, 11, 12, 13, 14 -> path.append(1 + random.nextInt(10));
            case 15, 16, 17, 18 -> path.sync();
            case 19, 20, 21, 22 -> path.settle();
            default -> write(path, model);
        }
    }

    private void write(WritePath path, LogModel model) {
        LogModel.Producer producer =
                random.nextBoolean() ? model.producers.get(random.nextInt(model.producers.size())) : null;
        if (producer != null && model.wasCut && !cutting.contains(model.partition)) {
            model.producers.forEach(LogModel.Producer::bumpEpoch);
            model.wasCut = false;
        }
        if (producer != null && random.nextInt(6) == 0) {
            retry(path, model, producer);
            return;
        }
        long number = nextNumber++;
        int records = 1 + random.nextInt(4);
        byte[] bytes = producer == null
                ? SentBatches.encode(number, records, random.nextInt(300), -1, (short) -1, -1)
                : SentBatches.encode(
                        number, records, random.nextInt(300), producer.id, producer.epoch, producer.nextSequence);
        boolean stale = producer == null && random.nextInt(50) == 0;
        model.sent(number, bytes);
        boolean taken = send(path, model, number, stale ? model.leaderEpoch + 1 : model.leaderEpoch);
        if (!taken) {
            model.unsent(number);
        } else if (producer != null) {
            producer.wrote(number, records);
        }
    }

    /** As a client does that heard nothing: the same bytes again. */
    private void retry(WritePath path, LogModel model, LogModel.Producer producer) {
        if (producer.recent.isEmpty() || model.wasCut || cutting.contains(model.partition)) {
            return;
        }
        List<Long> recent = List.copyOf(producer.recent);
        send(path, model, recent.get(random.nextInt(recent.size())), model.leaderEpoch);
    }

    private boolean send(WritePath path, LogModel model, long number, int leaderEpoch) {
        boolean mayBeOutOfOrder = cutting.contains(model.partition) || model.perhapsForgotten.contains(number);
        return path.tryWrite(
                model.open(),
                SentBatches.validated(model.bytesOf(number), model.config, nowMs),
                leaderEpoch,
                outcome -> {
                    try {
                        settled(model, number, mayBeOutOfOrder, outcome);
                    } catch (AssertionError e) {
                        failures.add(String.valueOf(e.getMessage()));
                    }
                });
    }

    private void settled(LogModel model, long number, boolean mayBeOutOfOrder, AppendOutcome outcome) {
        if (store.crashed()) {
            return; // the machine is gone, nobody hears this
        }
        switch (outcome) {
            case AppendOutcome.Appended appended ->
                model.acknowledged(number, appended.baseOffset(), appended.lastOffset());
            case AppendOutcome.Duplicate duplicate ->
                model.duplicate(number, duplicate.baseOffset(), duplicate.lastOffset());
            case AppendOutcome.NotLeader refusal -> model.refused(number);
            case AppendOutcome.TooLarge refusal -> model.refused(number);
            case AppendOutcome.OutOfOrderSequence refusal -> {
                if (!mayBeOutOfOrder) {
                    failures.add(model.partition + " batch " + number + ": " + refusal);
                }
                if (!model.perhapsForgotten.contains(number)) {
                    model.refused(number);
                }
            }
            case AppendOutcome.StorageFailed unknown -> {}
            case AppendOutcome.ProducerFenced wrong ->
                failures.add(model.partition + " batch " + number + ": " + wrong);
            case AppendOutcome.NotNext wrong -> failures.add(model.partition + " batch " + number + ": " + wrong);
        }
    }

    /** Every batch that the log must remember, sent again right after it was opened. */
    private void retryAll(WritePath path) {
        for (LogModel model : models) {
            for (LogModel.Producer producer : model.producers) {
                for (long number : List.copyOf(producer.recent)) {
                    while (!send(path, model, number, model.leaderEpoch) && !store.crashed()) {
                        path.append(Integer.MAX_VALUE);
                        path.sync();
                        path.settle();
                    }
                }
            }
        }
    }

    @Override
    public void progressed(PartitionLog log, AppendOutcome.Appended last) {
        // What was written before a cut says nothing about what is behind it; the cut settles in its turn.
        if (!cutting.contains(log.partition())) {
            settledEnds.put(log.partition(), last.end().offset());
        }
    }

    /** As a host does it: the high watermark goes down first, then the log; progress counts again when the cut has settled. */
    private void truncate(WritePath path, LogModel model) throws IOException {
        PartitionLog log = model.open();
        TopicPartition partition = log.partition();
        if (cutting.contains(partition)) {
            return;
        }
        long order = model.nextOrder();
        // at a batch boundary, as leader epochs always end
        List<LogModel.Placed> seen = read(log.view()).batches;
        if (seen.isEmpty()) {
            return;
        }
        long offset = seen.get(seen.size() - 1 - random.nextInt(Math.min(4, seen.size())))
                .baseOffset();
        if (offset < log.view().logStartOffset()) {
            return;
        }
        boolean given = path.tryRun(
                log,
                () -> {
                    long at = Math.max(offset, log.view().logStartOffset());
                    List<LogModel.Placed> there = read(log.view()).batches;
                    model.cutBegins(at);
                    log.truncateTo(at);
                    model.cut(log.view().logEndOffset(), order, there);
                },
                failure -> {
                    cutting.remove(partition);
                    settledEnds.computeIfPresent(
                            partition, (p, end) -> Math.min(end, log.view().logEndOffset()));
                });
        if (given) {
            cutting.add(partition);
            settledEnds.computeIfPresent(partition, (p, end) -> Math.min(end, offset));
        }
    }

    private void deleteRecords(LogDirectory directory, WritePath path, LogModel model) {
        PartitionLog log = model.open();
        boolean answered = random.nextBoolean();
        long[] start = {0};
        path.tryRun(
                log,
                () -> {
                    long end = Math.min(
                            settledEnds.getOrDefault(log.partition(), 0L),
                            log.view().logEndOffset());
                    long offset = end - Math.min(end, random.nextInt(10));
                    model.mayStartAt(offset);
                    start[0] = log.deleteRecordsBefore(offset);
                },
                failure -> {
                    if (failure == null && answered && !directory.isOffline() && !store.crashed()) {
                        try {
                            directory.checkpointLogStarts(List.of(log));
                            if (log.view().logStartOffset() >= start[0]) { // else cut since
                                model.deletedBelow(start[0]);
                            }
                        } catch (IOException e) {
                            assertThat(directory.isOffline()).isTrue(); // and nobody is answered
                        }
                    }
                });
    }

    private void retain(WritePath path, LogModel model) {
        PartitionLog log = model.open();
        path.tryRun(
                log,
                () -> {
                    if (model.config.retentionBytes() < 0) {
                        return;
                    }
                    long highWatermark = Math.min(
                            settledEnds.getOrDefault(log.partition(), 0L),
                            log.view().logEndOffset());
                    model.mayStartAt(highWatermark);
                    log.applyRetention(nowMs, highWatermark);
                },
                null);
    }

    private void requestSync(WritePath path, LogModel model) {
        PartitionLog log = model.open();
        long order = model.nextOrder();
        path.tryRequestSync(log, failure -> {
            if (failure == null && !store.crashed()) {
                model.durableBefore(order);
            }
        });
    }

    private void checkpoint(LogDirectory directory) throws IOException {
        if (!directory.isOffline()) {
            tolerant(directory, directory::checkpointRecoveryPoints);
        }
    }

    private void checkpointHighWatermarks(LogDirectory directory) throws IOException {
        if (!directory.isOffline()) {
            tolerant(directory, () -> directory.checkpointHighWatermarks(settledEnds));
        }
    }

    private void directoryTick(LogDirectory directory) throws IOException {
        if (!directory.isOffline()) {
            tolerant(directory, () -> directory.deletePending(nowMs));
        }
    }

    /** Housekeeping meets the injected faults too: then it takes the directory offline, and the life goes on without it. */
    private static void tolerant(LogDirectory directory, Shard.LogTask work) {
        try {
            work.run();
        } catch (IOException e) {
            directory.takeOffline(e);
        }
    }

    private void drain(WritePath path) {
        boolean worked = true;
        while (worked && !store.crashed()) {
            worked = path.append(1 + random.nextInt(10));
            worked |= path.sync();
            worked |= path.settle();
        }
        if (!store.crashed()) {
            assertThat(path.isDrained()).as("a closed path drains").isTrue();
        }
    }

    record Read(List<LogModel.Placed> batches, ByteBuffer content) {}

    /** The whole log, as a reader sees it. */
    static Read read(LogView view) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(view.sizeBytes()) + 64);
        List<LogModel.Placed> batches = new ArrayList<>();
        long next = view.logStartOffset();
        while (next < view.logEndOffset()) {
            int from = content.position();
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), 4096, true)) {
                for (FetchedSlices.Slice slice : slices.slices()) {
                    switch (slice) {
                        case FetchedSlices.MemorySlice memory ->
                            content.put(memory.bytes().duplicate());
                        case FetchedSlices.FileSlice file -> {
                            int limit = content.limit();
                            content.limit(content.position() + file.lengthBytes());
                            int read = file.file().read(content, file.position());
                            assertThat(read).isEqualTo(file.lengthBytes());
                            content.limit(limit);
                        }
                    }
                }
            } catch (OffsetOutOfRangeException e) {
                throw new AssertionError(e);
            }
            int at = from;
            while (at < content.position()) {
                long baseOffset = content.getLong(at + BatchLayout.BASE_OFFSET_AT);
                long lastOffset = baseOffset + content.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
                batches.add(new LogModel.Placed(baseOffset, lastOffset, LogModel.numberAt(content, at)));
                next = lastOffset + 1;
                at += BatchLayout.PREFIX_BYTES + content.getInt(at + BatchLayout.LENGTH_AT);
            }
            assertThat(at).as("whole batches").isEqualTo(content.position());
            assertThat(content.position())
                    .as("a read below the end finds something")
                    .isGreaterThan(from);
        }
        return new Read(batches, content);
    }

    private LogConfig config() {
        Durability durability = switch (random.nextInt(4)) {
            case 0 -> new Durability.PageCache();
            case 1 -> new Durability.Interval(50);
            default -> new Durability.Sync();
        };
        return LogConfig.defaults()
                .withAppendAheadBytes(128 << 10)
                .withDurability(durability)
                .withSegmentBytes(1500 + random.nextInt(8000))
                .withIndexIntervalBytes(random.nextInt(1000))
                .withRetentionMs(-1)
                .withRetentionBytes(random.nextInt(3) == 0 ? 3000 : -1)
                .withFileDeleteDelayMs(random.nextInt(100))
                .withFlushMessages(random.nextInt(3) == 0 ? 1 + random.nextInt(10) : Long.MAX_VALUE)
                .withPreallocate(random.nextInt(3) == 0);
    }

    static @Nullable Throwable outcomeOf(long seed) {
        try {
            new PowerLossRun(seed).run();
            return null;
        } catch (Throwable e) {
            return e;
        }
    }
}
