package io.odradek.spec.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * One log on a disk that loses whatever was not synced, crashed at any operation, several times over: what was synced is
 * there, what is there was appended, in order, and the log goes on from there.
 */
class LogPowerLossTest {
    private static final Path DIRECTORY = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(3, 5), 0);

    /** What the log may hold: each entry is one batch with its offset as value. */
    private static final class Model {
        /** Value of the batch at each offset, as last appended. */
        final List<Long> values = new ArrayList<>();
        /** Everything below it was reported as synced. */
        long durableEnd;

        long logStart;
        /** The offset a cut in progress goes to; only then may the log be longer than the values or shorter than durable. */
        long cutTo = Long.MAX_VALUE;

        long nextValue;
        int epoch;
        /** Other logs beside it: with enough of them the file system is synced as a whole. */
        int company;
    }

    @Property(tries = 500)
    void syncedRecordsSurviveAnyCrash(@ForAll long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        SimulatedFileStore store = new SimulatedFileStore(random.nextLong());
        store.createDirectories(DIRECTORY);
        store.syncDirectory(Path.of("/"));
        Model model = new Model();
        model.company = random.nextBoolean() ? 0 : 6;
        for (int life = 0; life < 4; life++) {
            store.crashAtOperation(store.operations() + random.nextLong(1, 150));
            try {
                live(store, model, random);
                store.crash();
            } catch (SimulatedCrash crash) {
                assertThat(store.crashed()).isTrue();
            }
            store = random.nextInt(4) == 0 ? store.afterKill() : store.afterCrash(random.nextLong());
        }
        live(store, model, random);
    }

    private static void live(FileStore store, Model model, SplittableRandom random) throws Exception {
        LogDirectory directory = LogDirectory.open(store, DIRECTORY, "cluster", 1);
        PartitionLog log = directory.openOrCreate(PARTITION, config());
        Map<TopicPartition, LogConfig> others = new LinkedHashMap<>();
        for (int n = 1; n <= model.company; n++) {
            others.put(new TopicPartition("orders", new UUID(3, 5), n), config());
        }
        directory.createAll(others);
        check(log.view(), model);
        settle(log.view(), model);
        model.durableEnd = log.view().logEndOffset(); // what recovery keeps, it syncs
        log.beginEpoch(++model.epoch);
        int steps = random.nextInt(1, 40);
        for (int i = 0; i < steps; i++) {
            step(directory, log, model, random);
        }
        check(log.view(), model);
        if (random.nextInt(3) == 0) {
            model.durableEnd = Math.min(model.durableEnd, log.view().logEndOffset());
            directory.close();
            model.durableEnd = log.view().logEndOffset();
        }
    }

    private static LogConfig config() {
        return LogConfig.defaults()
                .withSegmentBytes(600)
                .withIndexIntervalBytes(100)
                .withRetentionMs(-1)
                .withRetentionBytes(2000)
                .withFileDeleteDelayMs(0);
    }

    private static void step(LogDirectory directory, PartitionLog log, Model model, SplittableRandom random)
            throws Exception {
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3, 4 -> append(log, model, random.nextInt(1, 5));
            case 5, 6, 7 -> {
                long end = log.view().logEndOffset();
                for (StoreFile file : log.takeDirtyFiles()) {
                    file.sync();
                }
                log.synced(end);
                model.durableEnd = end;
            }
            case 8 -> {
                directory.checkpointRecoveryPoints();
                directory.checkpointHighWatermarks(Map.of(PARTITION, model.durableEnd));
            }
            case 9 -> {
                log.applyRetention(0, model.durableEnd);
                model.logStart = log.view().logStartOffset();
            }
            case 10 -> directory.deletePending(0);
            default -> {
                long start = log.view().logStartOffset();
                long end = log.view().logEndOffset();
                long to = random.nextLong(start, end + 1);
                // While the cut is under way, what lies above it may be there or not.
                model.cutTo = to;
                model.durableEnd = Math.min(model.durableEnd, to);
                log.truncateTo(to);
                settle(log.view(), model);
                log.beginEpoch(++model.epoch);
            }
        }
    }

    private static void append(PartitionLog log, Model model, int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            long value = model.nextValue++;
            ValidatedBatch batch = new BatchBuilder()
                    // The sequence follows the offset: it is only next when the producer's state was restored to the
                    // end.
                    .producer(9, (short) 0, model.values.size())
                    .add(value, null, ByteBuffer.allocate(60).putLong(0, value).array())
                    .build();
            AppendOutcome outcome = log.stage(batch, model.epoch, 0);
            assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
            model.values.add(value);
        }
        log.writeStaged();
    }

    /** The log is what it is now: forget what the crash took. */
    private static void settle(LogView view, Model model) {
        while (model.values.size() > view.logEndOffset()) {
            model.values.removeLast();
        }
        model.cutTo = Long.MAX_VALUE;
        model.logStart = view.logStartOffset();
        model.epoch = Math.max(model.epoch, view.latestEpoch());
    }

    private static void check(LogView view, Model model) throws Exception {
        assertThat(view.logEndOffset())
                .as("nothing synced is lost")
                .isGreaterThanOrEqualTo(Math.min(model.durableEnd, model.cutTo))
                .isLessThanOrEqualTo(model.values.size());
        assertThat(view.logStartOffset()).isLessThanOrEqualTo(model.logStart);
        long expected = view.logStartOffset();
        while (expected < view.logEndOffset()) {
            ByteBuffer batches = read(view, expected);
            while (batches.hasRemaining()) {
                int at = batches.position();
                int size = batches.getInt(at + 8) + 12;
                long offset = batches.getLong(at);
                assertThat(offset).isEqualTo(expected);
                assertThat(batches.getLong(at + 27)).as("offset %d", offset).isEqualTo(model.values.get((int) offset));
                expected++;
                batches.position(at + size);
            }
        }
    }

    private static ByteBuffer read(LogView view, long from) throws Exception {
        try (FetchedSlices slices = LogReader.read(view, from, view.end(), Integer.MAX_VALUE, true)) {
            return switch (slices.slices().getFirst()) {
                case MemorySlice(ByteBuffer bytes) -> bytes;
                case FileSlice(StoreFile file, long position, int length) -> {
                    ByteBuffer bytes = ByteBuffer.allocate(length);
                    assertThat(file.read(bytes, position)).isEqualTo(length);
                    yield bytes.flip();
                }
            };
        }
    }
}
