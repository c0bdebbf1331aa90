package io.odradek.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.WrittenSegment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * What a start makes of the record of a clean stop when the files still are what it says, and when somebody has changed them since. The
 * log has three sealed segments and an active one with an index.
 */
class CleanStopRecordTest {
    private static final String RECORD = ".odradek-clean-stop";
    private static final String MARKER = ".kafka_cleanshutdown";
    private static final LogConfig CONFIG = TemporaryLog.smallSegments(700)
            .withDurability(new Durability.Sync())
            .withRetentionMs(-1)
            .withFileDeleteDelayMs(0);
    private static final int BATCHES = 20;
    private static final TopicPartition PARTITION = TemporaryLog.PARTITION;

    @TempDir
    Path root;

    /** Notes which files are opened, which directories are listed, and how often a segment is read. */
    private static final class WatchedStore extends DelegatingFileStore {
        final List<String> seen = new ArrayList<>();
        int logReads;

        WatchedStore() {
            super(new DiskFileStore());
        }

        @Override
        protected StoreFile opened(StoreFile file) {
            return new DelegatingFile(file) {
                @Override
                public int read(ByteBuffer target, long position) throws IOException {
                    logReads += path().toString().endsWith(".log") ? 1 : 0;
                    return super.read(target, position);
                }
            };
        }

        @Override
        public StoreFile open(Path file, OpenMode mode) throws IOException {
            seen.add(file.getFileName().toString());
            return super.open(file, mode);
        }

        @Override
        public List<Path> list(Path directory) throws IOException {
            seen.add(directory.getFileName().toString());
            return super.list(directory);
        }
    }

    private final WatchedStore store = new WatchedStore();

    private LogDirectory open() throws IOException {
        return LogDirectory.open(store, root, "cluster", 1);
    }

    private Path file(String name) {
        return root.resolve(PARTITION.directoryName()).resolve(name);
    }

    private List<Path> segments() throws IOException {
        try (var files = Files.list(root.resolve(PARTITION.directoryName()))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private static Path sibling(Path log, String suffix) {
        return log.resolveSibling(log.getFileName().toString().replace(".log", suffix));
    }

    private static void append(PartitionLog log, int batches) throws IOException {
        for (int n = 0; n < batches; n++) {
            assertThat(log.stage(TemporaryLog.batch(2, 20, 1000 + n), log.view().latestEpoch(), 0))
                    .isInstanceOf(AppendOutcome.Appended.class);
            log.writeStaged();
        }
    }

    /** Leaves the log behind; returns how it was read before. */
    private String stoppedCleanly() throws Exception {
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            log.beginEpoch(3);
            append(log, BATCHES);
            assertThat(log.view().segmentCount()).isGreaterThan(3);
            return read(log);
        }
    }

    private static String read(PartitionLog log) throws Exception {
        LogView view = log.view();
        List<String> found = new ArrayList<>();
        for (long at = view.logStartOffset(); at < view.logEndOffset(); ) {
            try (FetchedSlices slices = LogReader.read(view, at, view.end(), 1, true)) {
                ByteBuffer batch = ByteBuffer.wrap(TemporaryLog.bytes(slices));
                assertThat(RecordBatch.baseOffset(batch, 0)).isEqualTo(at);
                found.add(at + ":" + batch.hashCode());
                at = RecordBatch.lastOffset(batch, 0) + 1;
            }
        }
        return found + " latest " + LogReader.maxTimestamp(view, view.end()) + " epoch " + view.latestEpoch();
    }

    private Map<String, ByteBuffer> contents() throws IOException {
        Map<String, ByteBuffer> contents = new TreeMap<>();
        try (var files = Files.list(root.resolve(PARTITION.directoryName()))) {
            for (Path file : files.toList()) {
                contents.put(file.getFileName().toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    /** As if it had been done a while later: some file systems do not tell times apart that are close. */
    private static void later(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis() + 10_000));
    }

    private void shorten(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(bytes);
        }
        later(file);
    }

    private static int firstBatchBytes(Path segment) throws IOException {
        return RecordBatch.sizeInBytes(ByteBuffer.wrap(Files.readAllBytes(segment)), 0);
    }

    /** Opens the log and expects it to be as it was. */
    private void requireAsBefore(String before) throws Exception {
        try (LogDirectory directory = open()) {
            assertThat(read(directory.openOrCreate(PARTITION, CONFIG))).isEqualTo(before);
        }
    }

    @Test
    void aStartOpensNothingOfALogThatIsAsItWasButItsSegments() throws Exception {
        String before = stoppedCleanly();
        try (LogDirectory directory = open()) {
            store.seen.clear();
            store.logReads = 0;
            directory.recoverAll(partition -> CONFIG, 1, (partition, scanned, done, total) -> {});
            assertThat(store.logReads)
                    .as("what lies behind the last index entry")
                    .isEqualTo(1);
            assertThat(store.seen)
                    .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                    Stream.of(root.getFileName().toString()),
                                    segments().stream()
                                            .map(file -> file.getFileName().toString()))
                            .toList());
            PartitionLog log = directory.log(PARTITION).orElseThrow();
            assertThat(read(log)).isEqualTo(before);
            append(log, 5);
        }
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().logEndOffset())
                    .isEqualTo(2L * (BATCHES + 5));
        }
    }

    /** As if it had not been stopped: {@code segment.ms} counts from the segment's first batch. */
    @Test
    void theActiveSegmentIsSealedWhenItsTimeHasCome() throws Exception {
        stoppedCleanly();
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG.withSegmentMs(1_000));
            int segments = log.view().segmentCount();
            assertThat(log.stage(TemporaryLog.batch(1, 20, 10_000), 3, 0)).isInstanceOf(AppendOutcome.Appended.class);
            log.writeStaged();
            assertThat(log.view().segmentCount()).isEqualTo(segments + 1);
        }
    }

    @Test
    void theRecordIsGoneWithTheMarkerBeforeALogIsOpened() throws Exception {
        stoppedCleanly();
        assertThat(root.resolve(RECORD)).exists();
        try (LogDirectory directory = open()) {
            assertThat(directory.wasStoppedCleanly()).isTrue();
            assertThat(root.resolve(RECORD)).doesNotExist();
            assertThat(root.resolve(MARKER)).doesNotExist();
        }
        assertThat(root.resolve(RECORD)).exists();
    }

    @Test
    void aSealedSegmentThatWasShortenedToABatchBoundaryIsReportedUntilItIsRestored() throws Exception {
        String before = stoppedCleanly();
        Path sealed = segments().get(1);
        byte[] whole = Files.readAllBytes(sealed);
        shorten(sealed, firstBatchBytes(sealed));
        Map<String, ByteBuffer> changed = contents();
        for (int start = 0; start < 3; start++) { // each after a clean stop
            try (LogDirectory directory = open()) {
                directory.recoverAll(partition -> CONFIG, 2, (partition, scanned, done, total) -> {});
                assertThat(directory.log(PARTITION)).isEmpty();
                assertThat(directory.unusable().get(PARTITION))
                        .isInstanceOf(CorruptLogException.class)
                        .hasMessageContaining(sealed.toString())
                        .hasMessageContaining("has " + firstBatchBytes(sealed) + " bytes")
                        .hasMessageContaining("it had " + whole.length)
                        .hasMessageContaining("Nothing was changed. Restore the file")
                        .hasMessageContaining("delete " + root.resolve(RECORD));
            }
            assertThat(contents()).isEqualTo(changed);
        }
        Files.write(sealed, whole);
        requireAsBefore(before);
    }

    @Test
    void whoDeletesTheRecordTakesTheLogAsItIs() throws Exception {
        stoppedCleanly();
        Path sealed = segments().get(1);
        shorten(sealed, firstBatchBytes(sealed));
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG)).isInstanceOf(CorruptLogException.class);
        }
        Files.delete(root.resolve(RECORD));
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().logEndOffset())
                    .isEqualTo(2L * BATCHES);
        }
    }

    @Test
    void aSealedSegmentThatGrewOrIsMissingIsReported() throws Exception {
        String before = stoppedCleanly();
        Path sealed = segments().getFirst();
        byte[] whole = Files.readAllBytes(sealed);
        Files.write(sealed, new byte[100], StandardOpenOption.APPEND);
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG))
                    .hasMessageContaining("has " + (whole.length + 100) + " bytes, it had " + whole.length);
        }
        Files.delete(sealed);
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG))
                    .hasMessageContaining("the segment is missing, it had " + whole.length);
        }
        Files.write(sealed, whole);
        requireAsBefore(before);
    }

    /** Retention had let go of it, and its files had not gone yet. */
    @Test
    void aSegmentBelowTheLogStartMayBeGone() throws Exception {
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            log.beginEpoch(3);
            append(log, BATCHES);
            log.deleteRecordsBefore(log.view().segmentEndOffset(0));
        }
        Files.delete(segments().getFirst());
        try (LogDirectory directory = open()) {
            LogView view = directory.openOrCreate(PARTITION, CONFIG).view();
            assertThat(view.logStartOffset()).isPositive();
            assertThat(view.logEndOffset()).isEqualTo(2L * BATCHES);
        }
    }

    /** As before there was a record. */
    @Test
    void anActiveSegmentThatWasShortenedIsHeldAgainstTheRecoveryPoint() throws Exception {
        stoppedCleanly();
        Path active = segments().getLast();
        shorten(active, firstBatchBytes(active));
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG)).hasMessageContaining("row C");
        }
    }

    @Test
    void anActiveSegmentThatGrewIsReadAsAfterACrash() throws Exception {
        String before = stoppedCleanly();
        Path active = segments().getLast();
        Files.write(active, new byte[10], StandardOpenOption.APPEND);
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG)).hasMessageContaining("row D");
        }
        shorten(active, Files.size(active) - 10);
        requireAsBefore(before);
    }

    @Test
    void anIndexThatWasReplacedOrIsGoneChangesNoAnswer() throws Exception {
        String before = stoppedCleanly();
        for (Path segment : List.of(segments().getFirst(), segments().getLast())) {
            for (String suffix : List.of(".index", ".timeindex")) {
                Path index = sibling(segment, suffix);
                assertThat(Files.size(index)).isPositive();
                Files.write(index, new byte[(int) Files.size(index)]); // in place
                later(index);
                requireAsBefore(before);
                Path other = index.resolveSibling("other");
                Files.write(other, new byte[24]);
                Files.move(other, index, StandardCopyOption.REPLACE_EXISTING);
                requireAsBefore(before);
                Files.delete(index);
                requireAsBefore(before);
            }
        }
    }

    /** The record has what is small: both indexes of the active segment, one of them, or none. */
    @Test
    void aLogIsAsItWasWhateverTheSizesOfItsIndexes() throws Exception {
        record Sizes(int batches, boolean timestampsRise, boolean offsetsAreSmall, boolean timesAreSmall) {}
        LogConfig oneSegment = CONFIG.withSegmentBytes(1 << 20);
        for (Sizes sizes : List.of(
                new Sizes(50, true, true, true),
                new Sizes(110, true, true, false),
                new Sizes(200, false, false, true),
                new Sizes(200, true, false, false))) {
            Path at = root.resolve(sizes.toString());
            String before;
            try (LogDirectory directory = LogDirectory.open(store, at, "cluster", 1)) {
                PartitionLog log = directory.openOrCreate(PARTITION, oneSegment);
                log.beginEpoch(3);
                for (int n = 0; n < sizes.batches(); n++) {
                    long timestamp = sizes.timestampsRise() ? 1000 + n : 1000;
                    log.stage(TemporaryLog.batch(1, 60, timestamp), 3, 0);
                    log.writeStaged();
                }
                before = read(log);
            }
            Path segment = at.resolve(PARTITION.directoryName()).resolve("00000000000000000000.log");
            assertThat(Files.size(sibling(segment, ".index")) <= 1024).isEqualTo(sizes.offsetsAreSmall());
            assertThat(Files.size(sibling(segment, ".timeindex")) <= 1024).isEqualTo(sizes.timesAreSmall());
            try (LogDirectory directory = LogDirectory.open(store, at, "cluster", 1)) {
                assertThat(read(directory.openOrCreate(PARTITION, oneSegment))).isEqualTo(before);
            }
        }
    }

    /** As long as before, and other batches: what the record has of its index is not about them. */
    @Test
    void anActiveSegmentThatWasWrittenAnewInPlaceIsReadAsItIs() throws Exception {
        stoppedCleanly();
        Path active = segments().getLast();
        long base = Long.parseLong(active.getFileName().toString().replace(".log", ""));
        assertThat(Files.size(sibling(active, ".index"))).isPositive();
        ByteBuffer one = WrittenSegment.batch(base, (int) (2L * BATCHES - base), (int) Files.size(active), 1000, 3);
        Files.write(active, TemporaryLog.bytes(one), StandardOpenOption.WRITE);
        later(active);
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            assertThat(log.view().logEndOffset()).isEqualTo(2L * BATCHES);
            assertThat(read(log)).contains(" " + base + ":");
        }
    }

    /** Kept in the record, but the file's word counts when somebody has written it since. */
    @Test
    void smallFilesThatWereChangedInPlaceAreReadAnew() throws Exception {
        stoppedCleanly();
        Files.writeString(file("leader-epoch-checkpoint"), "0\n1\n7 0\n");
        later(file("leader-epoch-checkpoint"));
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().latestEpoch())
                    .isEqualTo(7);
        }
        FileTime time = Files.getLastModifiedTime(file("leader-epoch-checkpoint"));
        Files.writeString(file("leader-epoch-checkpoint"), "0\n1\n12 0\n");
        Files.setLastModifiedTime(file("leader-epoch-checkpoint"), time); // its size tells
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().latestEpoch())
                    .isEqualTo(12);
        }
        Files.writeString(file("partition.metadata"), "version: 0\ntopic_id: ASNFZ4mrze_-3LqYdlQyEA");
        later(file("partition.metadata"));
        try (LogDirectory directory = open()) {
            assertThatThrownBy(() -> directory.openOrCreate(PARTITION, CONFIG))
                    .hasMessageContaining("belongs to topic id ASNFZ4mrze_-3LqYdlQyEA");
        }
    }

    @Test
    void leftoversThatAppearedAreRemoved() throws Exception {
        String before = stoppedCleanly();
        Path cleaned = Files.write(file("00000000000000000000.log.cleaned"), new byte[5]);
        requireAsBefore(before);
        assertThat(cleaned).doesNotExist();
    }

    /** Each log that takes longer than it would have. */
    @Test
    void aLogThatWasChangedIsNamedAndOneOfWhichNothingIsKnownIsNot() throws Exception {
        stoppedCleanly();
        assertThat(saidOfFiles()).isEmpty();
        Files.write(file("00000000000000000000.log.cleaned"), new byte[5]);
        assertThat(saidOfFiles())
                .singleElement()
                .asString()
                .contains(file("").toString())
                .contains("was changed since the clean stop");
        Files.delete(root.resolve(RECORD));
        assertThat(saidOfFiles()).isEmpty();
    }

    private List<String> saidOfFiles() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("io.odradek.engine.recovery.FoundFiles");
        ListAppender<ILoggingEvent> listening = new ListAppender<>();
        listening.start();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(listening);
        try (LogDirectory directory = open()) {
            directory.openOrCreate(PARTITION, CONFIG);
        } finally {
            logger.detachAppender(listening);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
        return listening.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    /** Their names are used again when the log grows. */
    @Test
    void leftoversOfTheStopItselfAreRemoved() throws Exception {
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG.withFileDeleteDelayMs(1_000_000));
            log.beginEpoch(3);
            append(log, BATCHES);
            log.truncateTo(8);
        }
        assertThat(contents().keySet()).anyMatch(name -> name.endsWith(".deleted"));
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().logEndOffset())
                    .isEqualTo(8);
            assertThat(contents().keySet()).noneMatch(name -> name.endsWith(".deleted"));
        }
    }

    /** It spares work, and must not cost the directory. */
    @Test
    void aRecordThatCannotBeReadKeepsNobodyFromTheLogs() throws Exception {
        String before = stoppedCleanly();
        Files.delete(root.resolve(RECORD));
        Files.createDirectory(root.resolve(RECORD)); // opens, and does not read
        requireAsBefore(before);
    }

    @Test
    void aMarkerOfSomebodyElseVoidsTheRecord() throws Exception {
        stoppedCleanly();
        Path sealed = segments().get(1);
        shorten(sealed, firstBatchBytes(sealed));
        Files.writeString(root.resolve(MARKER), "{\"version\":0,\"brokerEpoch\":12}");
        try (LogDirectory directory = open()) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().logEndOffset())
                    .isEqualTo(2L * BATCHES);
        }
    }

    /** What Kafka's broker does: takes the marker away, and leaves its own; it passes over our file and over what it does not know. */
    @Test
    void kafkaMayHaveTheDirectoryInBetween() throws Exception {
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            log.beginEpoch(3);
            append(log, BATCHES);
            directory.rememberBrokerEpoch(17);
        }
        CleanShutdownFileHandler kafkas = new CleanShutdownFileHandler(root.toString());
        assertThat(kafkas.read()).hasValue(17);
        kafkas.delete();
        long end = appendWithKafka(30, true);
        new OffsetCheckpointFile(
                        root.resolve("recovery-point-offset-checkpoint").toFile(), new LogDirFailureChannel(1))
                .write(Map.of(
                        new org.apache.kafka.common.TopicPartition(PARTITION.topic(), PARTITION.partition()), end));
        kafkas.write(18);
        try (LogDirectory directory = open()) {
            assertThat(directory.wasStoppedCleanly()).isTrue();
            assertThat(directory.lastBrokerEpoch()).isEqualTo(18);
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            assertThat(log.view().logEndOffset()).isEqualTo(end);
            assertThat(read(log)).contains("epoch 3");
        }
    }

    /** Some tool that uses Kafka's log, past its broker: the record is not void, but the active segment is not as it was. */
    @Test
    void whatKafkasLogAppendedWithoutItsBrokerIsFound() throws Exception {
        stoppedCleanly();
        long end = appendWithKafka(3, false);
        try (LogDirectory directory = open()) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            assertThat(log.view().logEndOffset()).isEqualTo(end);
            assertThat(read(log)).contains("epoch 3");
        }
    }

    /** Returns where the log ends then. */
    private long appendWithKafka(int records, boolean rolls) throws Exception {
        try (UnifiedLog kafkas = KafkaLog.open(
                root.resolve(PARTITION.directoryName()), Map.of(), new KafkaLog.Clock(System.currentTimeMillis()))) {
            assertThat(kafkas.logEndOffset()).isEqualTo(2L * BATCHES);
            for (int n = 0; n < records; n++) {
                kafkas.appendAsLeader(
                        MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(5000, "kafka's".getBytes(UTF_8))),
                        3);
                if (rolls && n == records / 2) {
                    kafkas.roll();
                }
            }
            kafkas.flush(true);
            return kafkas.logEndOffset();
        }
    }

    @Test
    void aCopyOfTheDirectoryWithItsTimesIsAsItWas() throws Exception {
        String before = stoppedCleanly();
        Path copy = root.resolveSibling(root.getFileName() + "-copy");
        copyWithTimes(root, copy);
        try (LogDirectory directory = LogDirectory.open(store, copy, "cluster", 1)) {
            store.seen.clear();
            assertThat(read(directory.openOrCreate(PARTITION, CONFIG))).isEqualTo(before);
            assertThat(store.seen).doesNotContain("leader-epoch-checkpoint", "partition.metadata");
        }
    }

    private static void copyWithTimes(Path from, Path to) throws IOException {
        List<Path> all;
        try (var files = Files.walk(from)) {
            all = files.toList();
        }
        for (Path file : all) {
            Files.copy(file, to.resolve(from.relativize(file).toString()));
        }
        for (Path file : all.reversed()) {
            Files.setLastModifiedTime(to.resolve(from.relativize(file).toString()), Files.getLastModifiedTime(file));
        }
    }
}
