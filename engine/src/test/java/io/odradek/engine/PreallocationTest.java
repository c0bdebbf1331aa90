package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.record.internal.FileRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code preallocate}: as Kafka's, files have their full length from the beginning, and give back what they did not need. */
class PreallocationTest {
    private static final int SEGMENT_BYTES = 1000;

    private static TemporaryLog log() throws IOException {
        return new TemporaryLog(TemporaryLog.smallSegments(SEGMENT_BYTES).withPreallocate(true));
    }

    private static void append(TemporaryLog log, int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            log.append(TemporaryLog.batch(1, 100, log.log.view().logEndOffset()), 0);
        }
    }

    private static List<Path> segments(TemporaryLog log) throws IOException {
        try (var files = Files.list(log.logFiles())) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    /** What Kafka reads, as far as it goes. */
    private static int kafkaReads(Path segment) throws IOException {
        int records = 0;
        try (FileRecords file = FileRecords.open(segment.toFile(), false)) {
            for (var batch : file.batches()) {
                batch.ensureValid();
                records += batch.countOrNull();
            }
        }
        return records;
    }

    @Test
    void aSegmentHasItsLengthAtOnceAndIsTrimmedWhenItIsSealed() throws Exception {
        try (TemporaryLog log = log()) {
            assertThat(segments(log))
                    .singleElement()
                    .satisfies(file -> assertThat(file).hasSize(SEGMENT_BYTES));
            append(log, 12);
            List<Path> segments = segments(log);
            assertThat(segments).hasSize(3);
            int read = 0;
            for (Path sealed : segments.subList(0, 2)) {
                assertThat(Files.size(sealed)).isBetween(SEGMENT_BYTES - 200L, SEGMENT_BYTES - 1L);
                read += kafkaReads(sealed);
            }
            assertThat(segments.getLast()).hasSize(SEGMENT_BYTES);
            assertThat((long) read).isEqualTo(log.log.view().segment(2).baseOffset());
        }
    }

    @Test
    void aCleanStopTrimsAndTheLogGoesOnBehindItsRecords() throws Exception {
        try (TemporaryLog log = log()) {
            append(log, 2);
            long written = log.log.view().sizeBytes();
            log.reopenCleanly();
            assertThat(segments(log))
                    .singleElement()
                    .satisfies(file -> assertThat(file).hasSize(written));
            append(log, 12);
            log.reopenCleanly();
            assertThat(log.log.view().logEndOffset()).isEqualTo(14);
            int read = 0;
            for (Path segment : segments(log)) {
                read += kafkaReads(segment);
            }
            assertThat(read).isEqualTo(14);
        }
    }

    @Test
    void aCrashLeavesZerosThatRecoveryCutsOff() throws Exception {
        try (TemporaryLog log = log()) {
            append(log, 3);
            log.crash();
            assertThat(log.log.view().logEndOffset()).isEqualTo(3);
            assertThat(segments(log))
                    .singleElement()
                    .satisfies(file -> assertThat(kafkaReads(file)).isEqualTo(3));
            append(log, 9);
            log.reopenCleanly();
            assertThat(log.log.view().logEndOffset()).isEqualTo(12);
        }
    }

    /** The file's length may come back after the segment was sealed, synced records and recovery point and all. */
    @Test
    void aSealedSegmentWhoseTrimWasLostIsTrimmedAgain() throws Exception {
        for (boolean checkpointed : List.of(false, true)) {
            try (TemporaryLog log = log()) {
                append(log, 12);
                log.sync();
                if (checkpointed) {
                    log.directory.checkpointRecoveryPoints();
                }
                long size = log.log.view().sizeBytes();
                for (Path sealed : segments(log).subList(0, 2)) {
                    try (RandomAccessFile file = new RandomAccessFile(sealed.toFile(), "rw")) {
                        file.setLength(SEGMENT_BYTES);
                    }
                }
                log.crash();
                assertThat(log.log.view().logEndOffset())
                        .as("checkpointed: %s", checkpointed)
                        .isEqualTo(12);
                assertThat(log.log.view().sizeBytes()).isEqualTo(size);
                log.reopenCleanly();
                int read = 0;
                for (Path segment : segments(log)) {
                    read += kafkaReads(segment);
                }
                assertThat(read).isEqualTo(12);
            }
        }
    }

    @Test
    void aTruncationTakesTheReservedSpaceAlong() throws Exception {
        try (TemporaryLog log = log()) {
            append(log, 5);
            log.log.truncateTo(2);
            append(log, 3);
            log.crash();
            assertThat(log.log.view().logEndOffset()).isEqualTo(5);
        }
    }

    @Test
    void aSegmentWithoutRoomForItsLengthLeavesNoFileOpen(@TempDir Path path) throws Exception {
        FaultyStore store = new FaultyStore();
        LogConfig config = TemporaryLog.smallSegments(SEGMENT_BYTES).withPreallocate(true);
        try (LogDirectory directory = LogDirectory.open(store, path, "cluster", 1)) {
            int before = store.openFiles;
            store.freeBytes = SEGMENT_BYTES - 1;
            assertThatThrownBy(() -> directory.openOrCreate(TemporaryLog.PARTITION, config))
                    .hasMessageContaining("No space left on device");
            assertThat(store.openFiles).isEqualTo(before);
        }
        store.freeBytes = SEGMENT_BYTES;
        try (LogDirectory directory = LogDirectory.open(store, path, "cluster", 1)) {
            PartitionLog log = directory.openOrCreate(TemporaryLog.PARTITION, config);
            log.beginEpoch(0);
            assertThatThrownBy(() -> {
                        while (true) {
                            log.stage(TemporaryLog.batch(1, 100, 0), 0, 0);
                            log.writeStaged();
                        }
                    })
                    .hasMessageContaining("No space left on device");
        }
        assertThat(store.openFiles).isZero();
    }

    /** The records may have room where the length ahead of them has none. */
    @Test
    void smallAppendsGoOnWhereThereIsNoRoomAheadOfThem(@TempDir Path path) throws Exception {
        FaultyStore store = new FaultyStore();
        LogConfig config = TemporaryLog.smallSegments(1 << 20).withAppendAheadBytes(64 << 10);
        try (LogDirectory directory = LogDirectory.open(store, path, "cluster", 1)) {
            PartitionLog log = directory.openOrCreate(TemporaryLog.PARTITION, config);
            log.beginEpoch(0);
            store.freeBytes = 20_000;
            for (int i = 0; i < 50; i++) {
                log.stage(TemporaryLog.batch(1, 100, i), 0, 0);
                log.writeStaged();
            }
            assertThat(log.view().logEndOffset()).isEqualTo(50);
        }
        try (LogDirectory directory = LogDirectory.open(store, path, "cluster", 1)) {
            assertThat(directory
                            .openOrCreate(TemporaryLog.PARTITION, config)
                            .view()
                            .logEndOffset())
                    .isEqualTo(50);
        }
    }
}
