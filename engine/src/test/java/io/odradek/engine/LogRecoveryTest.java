package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.producer.ProducerState;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What a crash leaves of one log, and what recovery makes of it. */
class LogRecoveryTest {

    /** Three batches of two records; where each ends. */
    private static List<Integer> threeBatches(TemporaryLog log) throws IOException {
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            log.append(TemporaryLog.batch(2, 10 + i, 1000 + i), 0);
            ends.add(log.log.view().end().position());
        }
        return ends;
    }

    private static Path logFile(Path directory, long base) {
        return directory
                .resolve(TemporaryLog.PARTITION.directoryName())
                .resolve(SegmentNames.of(base, SegmentNames.LOG));
    }

    private static long wholeBatches(List<Integer> ends, long bytes) {
        return ends.stream().filter(end -> end <= bytes).count();
    }

    private static LogView recovered(TemporaryLog log, Path files) throws IOException {
        try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
            return directory.openOrCreate(TemporaryLog.PARTITION, log.config()).view();
        }
    }

    @Test
    void aTailTornAtAnyByteIsCutAtTheLastWholeBatch() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            for (int bytes = 0; bytes <= ends.getLast(); bytes++) {
                Path files = log.copyFiles();
                Path file = logFile(files, 0);
                try (RandomAccessFile torn = new RandomAccessFile(file.toFile(), "rw")) {
                    torn.setLength(bytes);
                }
                LogView view = recovered(log, files);
                long whole = wholeBatches(ends, bytes);
                assertThat(view.logEndOffset()).as("cut at %d", bytes).isEqualTo(2 * whole);
                assertThat(Files.size(file)).isEqualTo(whole == 0 ? 0 : ends.get((int) whole - 1));
            }
        }
    }

    /** Wherever the scan begins, and whatever snapshot there is: some of the batches lie before it, some behind. */
    @Property(tries = 100)
    void whatProducersWroteIsKnownAfterACrash(@ForAll @Size(max = 30) List<@IntRange(max = 6) Integer> steps)
            throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(400))) {
            Map<Integer, Integer> sequences = new HashMap<>();
            for (int step : steps) {
                switch (step) {
                    case 5 -> log.sync();
                    case 6 -> log.directory.checkpointRecoveryPoints();
                    default ->
                        log.append(
                                new BatchBuilder()
                                        .producer(step, (short) 0, sequences.merge(step, 1, Integer::sum) - 1)
                                        .add(1000, null, new byte[40])
                                        .build(),
                                0);
                }
            }
            List<ProducerState> before = log.log.describeProducers();
            log.crash();
            assertThat(log.log.describeProducers()).isEqualTo(before);
        }
    }

    /** The batches tell what lost snapshots said, those below the recovery point, too; and the snapshots are written again. */
    @Test
    void whatProducersWroteIsKnownWhateverSnapshotsAreLost() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(400))) {
            int[] sequences = new int[5];
            for (int n = 0; n < 40; n++) {
                int producer = n % 5;
                log.append(
                        new BatchBuilder()
                                .producer(producer, (short) 0, sequences[producer]++)
                                .add(1000 + n, null, new byte[40])
                                .build(),
                        0);
                if (n == 25) {
                    log.sync();
                    log.directory.checkpointRecoveryPoints();
                }
            }
            List<ProducerState> before = log.log.describeProducers();
            Map<String, String> intact = null;
            for (int lost = snapshots(log.path).size(); lost >= 0; lost--) {
                for (Damage damage : List.of(Damage.MISSING, Damage.EMPTY, Damage.TORN_ENTRY)) {
                    Path files = log.copyFiles();
                    for (Path snapshot : snapshots(files).reversed().subList(0, lost)) {
                        damage.apply(snapshot);
                    }
                    try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
                        PartitionLog recovered = directory.openOrCreate(TemporaryLog.PARTITION, log.config());
                        assertThat(recovered.describeProducers())
                                .as("%s of the newest %d", damage, lost)
                                .isEqualTo(before);
                        Map<String, String> after = contents(files);
                        after.keySet().removeIf(name -> !name.endsWith(SegmentNames.PRODUCER_SNAPSHOT));
                        if (intact == null) {
                            intact = after; // when all are lost, each segment but the first gets one
                            assertThat(after).hasSize(log.log.view().segmentCount() - 1);
                        }
                        assertThat(intact).containsAllEntriesOf(after);
                    }
                }
            }
        }
    }

    private static List<Path> snapshots(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(TemporaryLog.PARTITION.directoryName()))) {
            return files.filter(file -> file.toString().endsWith(SegmentNames.PRODUCER_SNAPSHOT))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aTailOfZerosFromAnyByteIsCutAtTheLastWholeBatch() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            for (int bytes = 0; bytes < ends.getLast(); bytes++) {
                Path files = log.copyFiles();
                byte[] content = Files.readAllBytes(logFile(files, 0));
                // The last byte of a batch is a zero already: the count of headers.
                int from = bytes;
                boolean changes =
                        java.util.stream.IntStream.range(from, content.length).anyMatch(i -> content[i] != 0);
                Arrays.fill(content, from, content.length, (byte) 0);
                Files.write(logFile(files, 0), content);
                LogView view = recovered(log, files);
                long whole = bytes + 1 >= ends.getLast() && !changes ? 3 : wholeBatches(ends, bytes);
                boolean lastZeroOfABatch = ends.contains(bytes + 1);
                assertThat(view.logEndOffset())
                        .as("zeros from %d", bytes)
                        .isIn(2 * whole, lastZeroOfABatch ? 2 * whole + 2 : 2 * whole);
            }
        }
    }

    @Property(tries = 60)
    void aFlippedBitCutsAtItsBatchOrIsHarmless(@ForAll @IntRange(max = 299) int at, @ForAll @IntRange(max = 7) int bit)
            throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            int position = at % ends.getLast();
            Path files = log.copyFiles();
            byte[] content = Files.readAllBytes(logFile(files, 0));
            content[position] ^= (byte) (1 << bit);
            Files.write(logFile(files, 0), content);
            LogView view = recovered(log, files);
            long whole = wholeBatches(ends, position);
            int inBatch = position - (whole == 0 ? 0 : ends.get((int) whole - 1));
            // Base offset and leader epoch lie outside the CRC: a higher one may look right, and nothing behind it fits
            // then.
            boolean covered = inBatch >= 16;
            if (covered) {
                assertThat(view.logEndOffset()).isEqualTo(2 * whole);
            } else {
                assertThat(view.logEndOffset()).isGreaterThanOrEqualTo(2 * whole);
            }
        }
    }

    /** Whichever of the two the flip makes smaller, what lies before it is not taken for the damaged one. */
    @Test
    void aFlippedBitOutsideTheChecksumTakesNoBatchBeforeItsOwn() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            for (int batch = 0; batch < ends.size(); batch++) {
                int begin = batch == 0 ? 0 : ends.get(batch - 1);
                for (int bit = 0; bit < 8 * BatchLayout.MAGIC_AT; bit++) {
                    Path files = log.copyFiles();
                    byte[] content = Files.readAllBytes(logFile(files, 0));
                    content[begin + bit / 8] ^= (byte) (1 << bit % 8);
                    Files.write(logFile(files, 0), content);
                    assertThat(recovered(log, files).logEndOffset())
                            .as("bit %d of batch %d", bit, batch)
                            .isGreaterThanOrEqualTo(2L * batch);
                }
            }
        }
    }

    @Test
    void aBrokenBatchBelowTheRecoveryPointTakesTheLogOutOfServiceAndChangesNothing() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            log.sync();
            log.directory.checkpointRecoveryPoints();
            Path files = log.copyFiles();
            byte[] content = Files.readAllBytes(logFile(files, 0));
            content[ends.get(1) + 70] ^= 1;
            Files.write(logFile(files, 0), content);
            try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
                assertThatThrownBy(() -> directory.openOrCreate(TemporaryLog.PARTITION, log.config()))
                        .isInstanceOf(CorruptLogException.class)
                        .hasMessageContaining("00000000000000000000.log at byte " + ends.get(1))
                        .hasMessageContaining("(offset 4)")
                        .hasMessageContaining("row K");
                assertThat(directory.unusable()).containsKey(TemporaryLog.PARTITION);
            }
            assertThat(Files.readAllBytes(logFile(files, 0))).isEqualTo(content);
        }
    }

    @Test
    void aLogShorterThanWhatReadersWereShownIsRefusedWhenShownMeantOnDisk() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            List<Integer> ends = threeBatches(log);
            log.directory.checkpointHighWatermarks(Map.of(TemporaryLog.PARTITION, 6L));
            Path files = log.copyFiles();
            try (RandomAccessFile torn = new RandomAccessFile(logFile(files, 0).toFile(), "rw")) {
                torn.setLength(ends.get(1));
            }
            try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
                assertThatThrownBy(() -> directory.openOrCreate(TemporaryLog.PARTITION, log.config()))
                        .hasMessageContaining("row I");
            }
        }
    }

    /** Several segments, some synced, with a checkpoint in the middle. */
    private static void manySegments(TemporaryLog log) throws IOException {
        for (int i = 0; i < 30; i++) {
            log.append(TemporaryLog.batch(3, 40, 1000 + 10L * i), 0);
            if (i == 15) {
                log.sync();
                log.directory.checkpointRecoveryPoints();
            }
        }
    }

    private static Map<String, String> contents(Path directory) throws IOException {
        Map<String, String> contents = new HashMap<>();
        try (Stream<Path> files = Files.list(directory.resolve(TemporaryLog.PARTITION.directoryName()))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                contents.put(
                        file.getFileName().toString(), java.util.HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    /** Recovers, then dies at once. */
    private static Path recoverAndCrash(TemporaryLog log, Path files) throws IOException {
        try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
            directory.openOrCreate(TemporaryLog.PARTITION, log.config());
            Path before = log.path;
            log.path = files;
            Path copy = log.copyFiles();
            log.path = before;
            return copy;
        }
    }

    @Test
    void recoveringTwiceChangesNothingTheSecondTime() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            Path files = log.copyFiles();
            Path once = recoverAndCrash(log, files);
            Map<String, String> afterTheFirst = contents(once);
            assertThat(contents(recoverAndCrash(log, once))).isEqualTo(afterTheFirst);
        }
    }

    @Test
    void lostOrDamagedIndexFilesAreRebuiltAsTheyWere() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            Map<String, String> intact = contents(recoverAndCrash(log, log.copyFiles()));
            List<String> indexes = intact.keySet().stream()
                    .filter(name -> name.endsWith(SegmentNames.OFFSET_INDEX) || name.endsWith(SegmentNames.TIME_INDEX))
                    .toList();
            assertThat(indexes).hasSizeGreaterThan(10);
            for (Damage damage : Damage.values()) {
                Path files = log.copyFiles();
                for (String name : indexes) {
                    Path file = files.resolve(TemporaryLog.PARTITION.directoryName())
                            .resolve(name);
                    if (Files.exists(file)) {
                        damage.apply(file);
                    }
                }
                assertThat(contents(recoverAndCrash(log, files)))
                        .as("%s", damage)
                        .isEqualTo(intact);
            }
        }
    }

    private enum Damage {
        MISSING,
        EMPTY,
        SHORT,
        TORN_ENTRY,
        ZEROS_APPENDED,
        SCRAMBLED,
        TOO_LONG;

        void apply(Path file) throws IOException {
            byte[] content = Files.readAllBytes(file);
            switch (this) {
                case MISSING -> Files.delete(file);
                case EMPTY -> Files.write(file, new byte[0]);
                case SHORT -> Files.write(file, Arrays.copyOf(content, content.length / 24 * 12));
                case TORN_ENTRY -> Files.write(file, Arrays.copyOf(content, Math.max(0, content.length - 3)));
                case ZEROS_APPENDED -> Files.write(file, Arrays.copyOf(content, content.length + 240));
                case SCRAMBLED -> {
                    byte[] scrambled = content.clone();
                    Arrays.fill(scrambled, (byte) 0x7f);
                    Files.write(file, scrambled);
                }
                case TOO_LONG -> {
                    byte[] longer = Arrays.copyOf(content, content.length + 24);
                    Arrays.fill(longer, content.length, longer.length, (byte) 0x11);
                    Files.write(file, longer);
                }
            }
        }
    }

    @Test
    void aMissingOrUnreadableEpochFileIsRebuiltFromTheBatches() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            log.log.beginEpoch(9);
            manySegments(log);
            for (String damaged : List.of("", "0\n7\n5 0\n", "garbage")) {
                Path files = log.copyFiles();
                Path epochs =
                        files.resolve(TemporaryLog.PARTITION.directoryName()).resolve("leader-epoch-checkpoint");
                if (damaged.isEmpty()) {
                    Files.delete(epochs);
                } else {
                    Files.writeString(epochs, damaged);
                }
                assertThat(recovered(log, files).epochs()).hasToString("LeaderEpochs[5@0, 9@90]");
            }
            Path files = log.copyFiles();
            Files.writeString(
                    files.resolve(TemporaryLog.PARTITION.directoryName()).resolve("leader-epoch-checkpoint"),
                    "0\n3\n5 0\n9 90\n12 4000\n");
            assertThat(recovered(log, files).epochs()).hasToString("LeaderEpochs[5@0, 9@90]");
        }
    }

    @Test
    void aSegmentMissingBelowTheRecoveryPointIsNoticed() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            log.sync();
            log.directory.checkpointRecoveryPoints();
            Path files = log.copyFiles();
            Files.delete(logFile(files, log.log.view().segment(2).baseOffset()));
            try (LogDirectory directory = LogDirectory.open(log.store, files, "cluster", 1)) {
                assertThatThrownBy(() -> directory.openOrCreate(TemporaryLog.PARTITION, log.config()))
                        .isInstanceOf(CorruptLogException.class)
                        .hasMessageContaining("synced segments are missing");
            }
        }
    }

    @Test
    void aSegmentMissingAboveTheRecoveryPointEndsTheLogThere() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            Path files = log.copyFiles();
            int count = log.log.view().segmentCount();
            long missing = log.log.view().segment(count - 2).baseOffset();
            Files.delete(logFile(files, missing));
            assertThat(recovered(log, files).logEndOffset()).isEqualTo(missing);
            assertThat(Files.exists(
                            logFile(files, log.log.view().segment(count - 1).baseOffset())))
                    .isFalse();
        }
    }

    @Test
    void leftoversOfDeletionAndCompactionAreRemoved() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            Map<String, String> intact = contents(recoverAndCrash(log, log.copyFiles()));
            Path files = log.copyFiles();
            Path directory = files.resolve(TemporaryLog.PARTITION.directoryName());
            for (String name : List.of(
                    "00000000000000000000.log.deleted",
                    "00000000000000000000.index.deleted",
                    "00000000000000000000.log.cleaned",
                    "00000000000000000000.log.swap",
                    "00000000000000000007.index",
                    "leader-epoch-checkpoint.tmp")) {
                Files.writeString(directory.resolve(name), "leftover");
            }
            assertThat(contents(recoverAndCrash(log, files))).isEqualTo(intact);
        }
    }

    @Test
    void aFinishedCompactionIsSwappedIn() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            manySegments(log);
            Path files = log.copyFiles();
            byte[] original = Files.readAllBytes(logFile(files, 0));
            Files.move(logFile(files, 0), Path.of(logFile(files, 0) + ".swap"));
            LogView view = recovered(log, files);
            assertThat(view.logStartOffset()).isZero();
            assertThat(view.logEndOffset()).isEqualTo(90);
            assertThat(Files.readAllBytes(logFile(files, 0))).isEqualTo(original);
        }
    }

    @Test
    void aCleanStopNeedsNoScan() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(1 << 20))) {
            manySegments(log);
            long size = log.log.view().sizeBytes();
            log.directory.close();
            log.directory = LogDirectory.open(log.store, log.path, "cluster", 1);
            List<Long> scanned = new ArrayList<>();
            log.directory.recoverAll(
                    partition -> log.config(), 2, (partition, bytes, done, total) -> scanned.add(bytes));
            assertThat(size).isGreaterThan(3000);
            assertThat(scanned).hasSize(1).allSatisfy(bytes -> assertThat(bytes).isLessThan(700));
        }
    }
}
