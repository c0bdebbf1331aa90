package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A compaction that Kafka had finished, but for the names: {@code .swap} stands for the segments it covers. Recovery gives it
 * their place, and a power loss in the middle of that must leave each offset there once.
 */
@ExtendWith(QuietEngine.class)
class InterruptedSwapTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("compacted", new UUID(1, 1), 0);
    private static final int BATCHES = 12;
    private static final long CLEANED_AWAY = 1;
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withSegmentBytes(600)
            .withIndexIntervalBytes(100)
            .withDelete(false)
            .withCompact(true);

    private static LogView open(SimulatedFileStore store) throws IOException {
        LogDirectory directory = LogDirectory.open(store, DATA, "cluster", 1);
        return directory.openOrCreate(PARTITION, CONFIG).view();
    }

    /** Four segments of three batches; the first three are covered by a swap without the batch at offset 1. */
    private static SimulatedFileStore interrupted() throws IOException {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.prepare(DATA);
        LogDirectory directory = LogDirectory.open(store, DATA, "cluster", 1);
        PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
        log.beginEpoch(1);
        for (int i = 0; i < BATCHES; i++) {
            log.stage(
                    new BatchBuilder()
                            .add(
                                    i,
                                    new byte[] {(byte) i},
                                    ByteBuffer.allocate(110).array())
                            .build(),
                    1,
                    0);
            log.writeStaged();
        }
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        log.synced(BATCHES);
        directory.checkpointRecoveryPoints();
        assertThat(log.view().segmentCount()).isEqualTo(4);
        Path files = log.directory();
        try (StoreFile swap =
                store.open(SegmentNames.in(files, 0, SegmentNames.LOG + SegmentNames.SWAP), OpenMode.CREATE_NEW)) {
            for (long base = 0; base < 9; base += 3) {
                ByteBuffer segment = content(store, SegmentNames.in(files, base, SegmentNames.LOG));
                for (int at = 0; at < segment.limit(); at += RecordBatch.sizeInBytes(segment, at)) {
                    if (RecordBatch.baseOffset(segment, at) != CLEANED_AWAY) {
                        swap.append(new ByteBuffer[] {segment.slice(at, RecordBatch.sizeInBytes(segment, at))}, 1);
                    }
                }
            }
            swap.sync();
        }
        store.syncDirectory(files);
        return store.afterKill();
    }

    private static ByteBuffer content(SimulatedFileStore store, Path path) throws IOException {
        try (StoreFile file = store.open(path, OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(content, 0);
            return content.flip();
        }
    }

    @Test
    void aPowerLossWhileTheSwapIsFinishedLeavesEachOffsetOnce() throws IOException {
        SimulatedFileStore whole = interrupted();
        check(open(whole), "without a crash");
        long operations = whole.operations();
        for (long crashAt = 1; crashAt <= operations; crashAt++) {
            SimulatedFileStore store = interrupted();
            store.crashAtOperation(crashAt);
            try {
                open(store);
            } catch (SimulatedCrash crash) {
                assertThat(store.crashed()).isTrue();
            }
            for (long disk = 0; disk < 20; disk++) {
                String where = "crash at operation " + crashAt + " of " + operations + ", "
                        + store.trace().getLast() + ", disk " + disk;
                SimulatedFileStore found = store.afterCrash(disk);
                check(open(found), where);
                check(open(found.afterCrash(3)), where + ", recovered twice");
            }
        }
    }

    private static void check(LogView view, String where) throws IOException {
        List<Long> expected = LongStream.range(0, BATCHES)
                .filter(offset -> offset != CLEANED_AWAY)
                .boxed()
                .toList();
        assertThat(PowerLossRun.read(view).batches())
                .as(where)
                .extracting(LogModel.Placed::baseOffset)
                .isEqualTo(expected);
    }
}
