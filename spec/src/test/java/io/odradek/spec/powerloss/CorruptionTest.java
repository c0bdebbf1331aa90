package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogScan;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.UnsuitableDirectoryException;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Bits flip on the disk while nobody looks: one at a time, at each structurally different place of each type of file, before a
 * start that follows a clean stop and before one that follows a crash.
 *
 * <p>A flip in an index or a producer snapshot changes no answer. A flip in the log is found where somebody needs what it hit,
 * with file, byte and offset: at the start, by the read, or by the reader, who compares CRCs. Kafka's text files have no
 * checksum: what cannot be read is refused by name or made anew, and no record is served at another's offset.
 */
class CorruptionTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(4, 2), 0);
    private static final Path LOG_FILES = DATA.resolve(PARTITION.directoryName());
    private static final Path MARKER = DATA.resolve(".kafka_cleanshutdown");
    private static final Path RECORD = DATA.resolve(".odradek-clean-stop");
    private static final int BATCHES = 30;
    /** Before this batch the recovery point and the high watermark were written down for the last time, if a crash follows. */
    private static final int CHECKPOINT_BEFORE = 24;

    private static final int RECORDS = 3;
    /** In the tests of text files: within the first segment. */
    private static final int DELETED_BEFORE = 15;
    /** One of so many places is flipped; 1 takes two minutes. */
    private static final int EVERY = Integer.getInteger("odradek.flips.every", 5);

    private static final long FIRST_TIMESTAMP = 1_000_000;
    private static final long LAST_TIMESTAMP = FIRST_TIMESTAMP + BATCHES / 3 * 10L;
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withAppendAheadBytes(128 << 10)
            .withSegmentBytes(1900)
            .withIndexIntervalBytes(150)
            .withRetentionMs(-1)
            .withFileDeleteDelayMs(0);

    enum Stop {
        CLEAN,
        /** As Kafka leaves it: nothing says what is in the logs' directories. */
        CLEAN_WITHOUT_RECORD,
        CRASH
    }

    /** One batch, where it was written. */
    private record Placed(Path file, int position, ByteBuffer bytes) {
        long baseOffset() {
            return RecordBatch.baseOffset(bytes, 0);
        }

        long lastOffset() {
            return RecordBatch.lastOffset(bytes, 0);
        }

        int endPosition() {
            return position + bytes.limit();
        }
    }

    /** A disk as the stop has left it, and what a log on it answers. */
    private record Left(
            SimulatedFileStore disk, Stop stop, long recoveryPoint, List<Placed> batches, List<String> answers) {
        /** A copy. */
        SimulatedFileStore look() {
            return disk.afterKill();
        }

        /** The same on another disk, whose changes change no answer. */
        Left on(SimulatedFileStore changed) {
            return new Left(changed, stop, recoveryPoint, batches, answers);
        }

        long end() {
            return batches.getLast().lastOffset() + 1;
        }

        Placed batchOf(long offset) {
            return batches.get((int) (offset / RECORDS));
        }
    }

    /** Counts what became of the flips. */
    private static final class Outcomes {
        private final Map<String, Integer> counts = new TreeMap<>();
        private int places;
        private int taken;

        /** Whether the next place is flipped. Batches and entries repeat the same fields: each comes to its turn in one of them. */
        boolean takes() {
            boolean takes = places++ % EVERY == 0;
            taken += takes ? 1 : 0;
            return takes;
        }

        void count(String outcome) {
            counts.merge(outcome, 1, Integer::sum);
        }

        void report(String what) {
            System.out.printf("corruption, %s: %d of %d places flipped; %s%n", what, taken, places, counts);
        }
    }

    private interface Check {
        void check(SimulatedFileStore disk, String where) throws Exception;
    }

    private static void flip(Left left, Path file, long position, int mask, Outcomes outcomes, Check check)
            throws Exception {
        if (!outcomes.takes()) {
            return;
        }
        SimulatedFileStore disk = left.look();
        disk.corrupt(file, position, mask);
        String where =
                String.format("%s stop, %s byte %d flipped by %02x", left.stop(), file.getFileName(), position, mask);
        try {
            check.check(disk, where);
        } catch (Exception | AssertionError e) {
            throw new AssertionError(where, e);
        }
    }

    // ---- the log

    private static Left left(Stop stop) throws Exception {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.prepare(DATA);
        LogDirectory directory = open(store);
        PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
        log.beginEpoch(1);
        for (int n = 0; n < BATCHES; n++) {
            if (n == 10) {
                log.beginEpoch(2);
            }
            if (n == CHECKPOINT_BEFORE) {
                sync(log);
                directory.checkpointRecoveryPoints();
                directory.checkpointHighWatermarks(Map.of(PARTITION, log.view().logEndOffset()));
            }
            assertThat(log.stage(batch(n), log.view().latestEpoch(), 0)).isInstanceOf(AppendOutcome.Appended.class);
            log.writeStaged();
        }
        sync(log);
        // As if its beginning had been compacted once.
        CheckpointText.replace(
                store, DATA.resolve("cleaner-offset-checkpoint"), CheckpointText.encode(List.of("orders 0 9")));
        if (stop != Stop.CRASH) {
            directory.close();
        }
        if (stop == Stop.CLEAN_WITHOUT_RECORD) {
            CheckpointText.replace(store, MARKER, "{\"version\":0,\"brokerEpoch\":3}");
            store.delete(RECORD);
            store.syncDirectory(DATA);
        }
        SimulatedFileStore disk = store.afterCrash(1);
        List<Placed> batches = placed(disk.afterKill());
        assertThat(batches).hasSize(BATCHES);
        String[] noted = text(disk.afterKill(), DATA.resolve("recovery-point-offset-checkpoint"))
                .strip()
                .split("\\s+", -1);
        long recoveryPoint = Long.parseLong(noted[noted.length - 1]);
        List<String> answers = answers(disk.afterKill(), batches);
        assertThat(answers).noneMatch(answer -> answer.contains("other") || answer.contains("corrupt"));
        return new Left(disk, stop, recoveryPoint, batches, answers);
    }

    private static LogDirectory open(SimulatedFileStore store) throws IOException {
        return EagerSnapshots.open(store, DATA);
    }

    private static void sync(PartitionLog log) throws IOException {
        long end = log.view().logEndOffset();
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        log.synced(end);
    }

    /** Two producers take turns; some batches are compressed; three batches in a row are written in the same milliseconds. */
    private static ValidatedBatch batch(int n) {
        BatchBuilder batch = new BatchBuilder().producer(7 + n % 2, (short) 0, n / 2 * RECORDS);
        if (n % 5 == 3) {
            batch.compressed(Codec.GZIP);
        }
        for (int r = 0; r < RECORDS; r++) {
            batch.add(
                    FIRST_TIMESTAMP + n / 3 * 10L + r,
                    ("key " + n % 4).getBytes(StandardCharsets.UTF_8),
                    ("value " + n + " " + r + ".".repeat(20)).getBytes(StandardCharsets.UTF_8));
        }
        return batch.build();
    }

    private static List<Placed> placed(SimulatedFileStore disk) throws IOException {
        List<Placed> batches = new ArrayList<>();
        for (Path file : files(disk, ".log")) {
            ByteBuffer content = ByteBuffer.wrap(bytes(disk, file));
            for (int at = 0;
                    at < content.limit() && content.getInt(at + BatchLayout.LENGTH_AT) > 0; // zeros were made ahead
                    at += RecordBatch.sizeInBytes(content, at)) {
                batches.add(new Placed(file, at, content.slice(at, RecordBatch.sizeInBytes(content, at))));
            }
        }
        return batches;
    }

    private static List<Path> files(SimulatedFileStore disk, String suffix) throws IOException {
        return disk.list(LOG_FILES).stream()
                .filter(file -> file.toString().endsWith(suffix))
                .sorted()
                .toList();
    }

    private static byte[] bytes(SimulatedFileStore disk, Path file) throws IOException {
        try (StoreFile opened = disk.open(file, OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate((int) opened.size());
            opened.read(content, 0);
            return content.array();
        }
    }

    private static String text(SimulatedFileStore disk, Path file) throws IOException {
        return new String(bytes(disk, file), StandardCharsets.UTF_8);
    }

    // ---- what is asked

    /** Reads from each offset, in small and large pieces; lookups by time; retries; what retention removes. */
    private static List<String> answers(SimulatedFileStore disk, List<Placed> batches) throws Exception {
        try (LogDirectory directory = open(disk)) {
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            LogView view = log.view();
            List<String> answers = new ArrayList<>();
            answers.add("from " + view.logStartOffset() + " to " + view.logEndOffset());
            for (long offset = view.logStartOffset(); offset < view.logEndOffset(); offset++) {
                for (int maxBytes : new int[] {1, 700, 10_000}) {
                    answers.add(offset + ": " + names(read(view, offset, maxBytes), batches));
                }
            }
            for (long time = FIRST_TIMESTAMP - 1; time <= LAST_TIMESTAMP; time++) {
                answers.add(time + ": " + LogReader.offsetForTimestamp(view, time, view.end()));
            }
            answers.add("latest: " + LogReader.maxTimestamp(view, view.end()));
            answers.addAll(retries(log));
            log.reconfigure(CONFIG.withRetentionMs(1));
            answers.add("expired: "
                    + log.applyRetention(
                            (FIRST_TIMESTAMP + LAST_TIMESTAMP) / 2, log.view().logEndOffset()));
            return answers;
        }
    }

    private static void requireSame(List<String> answers, List<String> intact) {
        // Most of some hundred thousand flips end here: an assertion for each answer takes longer than to get it.
        if (answers.equals(intact)) {
            return;
        }
        for (int n = 0; n < Math.min(answers.size(), intact.size()); n++) {
            assertThat(answers.get(n)).isEqualTo(intact.get(n));
        }
        assertThat(answers).hasSameSizeAs(intact);
    }

    private static List<String> retries(PartitionLog log) throws IOException {
        int epoch = Math.max(3, log.view().latestEpoch());
        log.beginEpoch(epoch);
        List<String> answers = new ArrayList<>();
        for (int n : new int[] {BATCHES - 2, BATCHES - 1}) {
            answers.add("retry: " + log.stage(batch(n), epoch, 0));
        }
        return answers;
    }

    private static ByteBuffer read(LogView view, long offset, int maxBytes)
            throws IOException, OffsetOutOfRangeException {
        try (FetchedSlices slices = LogReader.read(view, offset, view.end(), maxBytes, true)) {
            ByteBuffer all = ByteBuffer.allocate(slices.sizeBytes());
            for (FetchedSlices.Slice slice : slices.slices()) {
                switch (slice) {
                    case FetchedSlices.MemorySlice memory ->
                        all.put(memory.bytes().duplicate());
                    case FetchedSlices.FileSlice(StoreFile file, long position, int length) -> {
                        ByteBuffer run = ByteBuffer.allocate(length);
                        file.read(run, position);
                        all.put(run.flip());
                    }
                }
            }
            return all.flip();
        }
    }

    /** Which batches these are. */
    private static String names(ByteBuffer run, List<Placed> batches) {
        StringBuilder names = new StringBuilder();
        int at = 0;
        while (RecordBatch.isWhole(run, at, run.limit())) {
            ByteBuffer batch = run.slice(at, RecordBatch.sizeInBytes(run, at));
            int n = (int) (RecordBatch.baseOffset(batch, 0) / RECORDS);
            boolean same =
                    n >= 0 && n < batches.size() && batches.get(n).bytes().equals(batch);
            names.append(same ? " " + n : " other");
            at += batch.limit();
        }
        return at == run.limit() ? names.toString() : names + " other bytes";
    }

    private static Logger engineLog() {
        return (Logger) LoggerFactory.getLogger("io.odradek.engine");
    }

    @BeforeAll
    static void silence() {
        engineLog().setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        engineLog().setLevel(null);
    }

    // ---- indexes and snapshots

    @ParameterizedTest
    @EnumSource(Stop.class)
    void aFlipInAnIndexChangesNoAnswer(Stop stop) throws Exception {
        Left left = left(stop);
        for (String suffix : List.of(".index", ".timeindex")) {
            int entryBytes = suffix.equals(".index") ? 8 : 12;
            Outcomes outcomes = new Outcomes();
            for (Path file : files(left.look(), suffix)) {
                int entries = bytes(left.look(), file).length / entryBytes;
                Set<Integer> flipped = new LinkedHashSet<>(List.of(0, entries / 2, entries - 1));
                flipped.removeIf(entry -> entry < 0 || entry >= entries);
                for (int entry : flipped) {
                    for (int at = 0; at < entryBytes; at++) {
                        for (int bit = 0; bit < 8; bit++) {
                            flip(left, file, (long) entry * entryBytes + at, 1 << bit, outcomes, (disk, where) -> {
                                requireSame(answers(disk, left.batches()), left.answers());
                                outcomes.count("answers as before");
                            });
                        }
                    }
                }
            }
            outcomes.report(suffix + " before a start after a " + stop + " stop");
        }
    }

    /** Nor in what ties the record to the stop. Without it the log is read as Kafka would have left it. */
    @Test
    void aFlipInTheRecordOfACleanStopChangesNoAnswer() throws Exception {
        Left left = left(Stop.CLEAN);
        Outcomes outcomes = new Outcomes();
        for (Path file : List.of(RECORD, MARKER)) {
            int size = bytes(left.look(), file).length;
            for (int at = 0; at < size; at++) {
                for (int mask : new int[] {0x01, 0x10, 0x80}) {
                    flip(left, file, at, mask, outcomes, (disk, where) -> {
                        requireSame(answers(disk, left.batches()), left.answers());
                        outcomes.count("answers as before");
                    });
                }
            }
        }
        outcomes.report("record and marker of a clean stop");
    }

    /** One that ends too early, at each byte. */
    @Test
    void aRecordOfACleanStopThatWasCutChangesNoAnswer() throws Exception {
        Left left = left(Stop.CLEAN);
        for (int size = 0; size < bytes(left.look(), RECORD).length; size += EVERY) {
            SimulatedFileStore disk = left.look();
            try (StoreFile record = disk.open(RECORD, OpenMode.READ_WRITE)) {
                record.truncate(size);
            }
            requireSame(answers(disk, left.batches()), left.answers());
        }
    }

    /** The record of another stop, under a marker that names its own: what was sealed then was cut since. */
    @Test
    void aRecordOfAnotherStopIsVoid() throws Exception {
        Left left = left(Stop.CLEAN);
        SimulatedFileStore disk = left.look();
        byte[] old = bytes(disk, RECORD);
        try (LogDirectory directory = open(disk)) {
            directory.openOrCreate(PARTITION, CONFIG).truncateTo(RECORDS);
        }
        try (StoreFile record = disk.open(RECORD, OpenMode.READ_WRITE)) {
            record.truncate(0);
            record.append(new ByteBuffer[] {ByteBuffer.wrap(old)}, 1);
        }
        try (LogDirectory directory = open(disk)) {
            assertThat(directory.openOrCreate(PARTITION, CONFIG).view().logEndOffset())
                    .isEqualTo(RECORDS);
        }
    }

    /** Compaction alone asks it: no start and no read depends on it. */
    @ParameterizedTest
    @EnumSource(Stop.class)
    void aFlipInATransactionIndexChangesNoAnswer(Stop stop) throws Exception {
        Left found = left(stop);
        Path log = found.batches().getFirst().file();
        Path file = log.resolveSibling(log.getFileName().toString().replace(".log", ".txnindex"));
        SimulatedFileStore changed = found.look();
        try (StoreFile index = changed.open(file, OpenMode.CREATE_NEW)) {
            ByteBuffer entry = ByteBuffer.allocate(34).putShort((short) 0);
            entry.putLong(7).putLong(3).putLong(8).putLong(3).flip();
            index.append(new ByteBuffer[] {entry}, 1);
            index.sync();
        }
        changed.syncDirectory(LOG_FILES);
        Left left = found.on(changed);
        Outcomes outcomes = new Outcomes();
        for (int at = 0; at < 34; at++) {
            for (int mask : new int[] {0x01, 0x80}) {
                flip(left, file, at, mask, outcomes, (disk, where) -> {
                    requireSame(answers(disk, left.batches()), left.answers());
                    outcomes.count("answers as before");
                });
            }
        }
        outcomes.report(".txnindex before a start after a " + stop + " stop");
    }

    @ParameterizedTest
    @EnumSource(Stop.class)
    void aFlipInAProducerSnapshotChangesNoAnswer(Stop stop) throws Exception {
        Left left = left(stop);
        Outcomes outcomes = new Outcomes();
        for (Path file : files(left.look(), ".snapshot")) {
            int size = bytes(left.look(), file).length;
            for (int at = 0; at < size; at++) {
                for (int mask : new int[] {0x01, 0x80}) {
                    flip(left, file, at, mask, outcomes, (disk, where) -> {
                        requireSame(answers(disk, left.batches()), left.answers());
                        outcomes.count("answers as before");
                    });
                }
            }
        }
        outcomes.report(".snapshot before a start after a " + stop + " stop");
    }

    // ---- the log itself

    @ParameterizedTest
    @EnumSource(Stop.class)
    void aFlipInTheLogIsReportedOrLeftToTheReadersCrcAndNeverPassesForAnotherRecord(Stop stop) throws Exception {
        Left left = left(stop);
        Outcomes outcomes = new Outcomes();
        for (int n : interestingBatches(left)) {
            Placed batch = left.batches().get(n);
            for (int at = 0; at < batch.bytes().limit(); at++) {
                int[] masks = at < BatchLayout.HEADER_BYTES ? new int[] {0x01, 0x02, 0x20, 0x80} : new int[] {0x10};
                for (int mask : masks) {
                    int field = at;
                    flip(
                            left,
                            batch.file(),
                            batch.position() + (long) at,
                            mask,
                            outcomes,
                            (disk, where) -> new LogFlip(left, n, field).check(disk, outcomes));
                }
            }
        }
        outcomes.report(".log before a start after a " + stop + " stop");
    }

    /** First, middle and last of a sealed segment, compressed ones, and those around the recovery point and the end. */
    private static Set<Integer> interestingBatches(Left left) {
        List<Placed> batches = left.batches();
        int inFirst = (int) batches.stream()
                .filter(batch -> batch.file().equals(batches.getFirst().file()))
                .count();
        int atRecoveryPoint = (int) (left.recoveryPoint() / RECORDS);
        Set<Integer> chosen = new LinkedHashSet<>(List.of(
                0, 3, inFirst / 2, inFirst - 1, inFirst, inFirst + 1, CHECKPOINT_BEFORE - 1, CHECKPOINT_BEFORE, 28));
        chosen.add(atRecoveryPoint - 1);
        chosen.add(BATCHES - 1);
        return chosen;
    }

    /** One flip in batch {@code flipped}, at its byte {@code field}. */
    private record LogFlip(Left left, int flipped, int field) {

        void check(SimulatedFileStore disk, Outcomes outcomes) throws Exception {
            PartitionLog log;
            try {
                log = open(disk).openOrCreate(PARTITION, CONFIG);
            } catch (CorruptLogException e) {
                requirePlace(e);
                outcomes.count("start refused");
                return;
            }
            LogView view = log.view();
            long end = view.logEndOffset();
            assertThat(end).as("the log's end").isLessThanOrEqualTo(left.end());
            if (end < left.end()) {
                assertThat(left.stop()).as("cut by a start").isEqualTo(Stop.CRASH);
                assertThat(placed().baseOffset()).as("cut at").isGreaterThanOrEqualTo(left.recoveryPoint());
                assertThat(end).as("the cut").isGreaterThanOrEqualTo(left.recoveryPoint());
                outcomes.count("cut above the recovery point");
            } else {
                outcomes.count(reads(view));
            }
            for (long offset = view.logStartOffset(); offset < end; offset++) {
                readAt(view, offset);
            }
            times(view, end);
            if (end == left.end()) {
                assertThat(retries(log)).noneMatch(answer -> answer.contains("Appended"));
            }
        }

        private Placed placed() {
            return left.batches().get(flipped);
        }

        /** File, byte and offset of the flipped batch, or of the next, which no longer fits it. */
        private void requirePlace(CorruptLogException e) {
            Placed next = left.batches().get(Math.min(flipped + 1, BATCHES - 1));
            boolean inNext = e.file().equals(next.file()) && e.position() == next.position();
            if (!inNext) {
                assertThat(e.file()).as("%s", e).isEqualTo(placed().file());
                assertThat(e.position()).as("%s", e).isBetween((long) placed().position(), (long)
                        placed().endPosition());
            }
            assertThat(e.offset()).as("%s", e).isNotEqualTo(-1);
        }

        /** The batch that a read begins with has the offset, or fails its reader's CRC, or is not served. */
        private void readAt(LogView view, long offset) throws Exception {
            ByteBuffer run;
            try {
                run = read(view, offset, 1);
            } catch (CorruptLogException e) {
                requirePlace(e);
                return;
            }
            assertThat(RecordBatch.isWhole(run, 0, run.limit()))
                    .as("a batch at %d", offset)
                    .isTrue();
            ByteBuffer expected = left.batchOf(offset).bytes();
            if (RecordBatch.sizeInBytes(run, 0) == run.limit() && RecordBatch.crcMatches(run, 0)) {
                assertThat(withoutEpoch(run)).as("batch at %d", offset).isEqualTo(withoutEpoch(expected));
            }
        }

        private static ByteBuffer withoutEpoch(ByteBuffer batch) {
            ByteBuffer copy = ByteBuffer.allocate(batch.limit()).put(0, batch, 0, batch.limit());
            return copy.putInt(BatchLayout.LEADER_EPOCH_AT, 0);
        }

        private void times(LogView view, long end) throws Exception {
            for (long time = FIRST_TIMESTAMP - 1; time <= LAST_TIMESTAMP; time++) {
                String answer;
                try {
                    answer = time + ": " + LogReader.offsetForTimestamp(view, time, view.end());
                } catch (CorruptLogException e) {
                    requirePlace(e);
                    continue;
                }
                if (end == left.end()) {
                    assertThat(epochless(left.answers())
                                    .contains(epochless(List.of(answer)).getFirst()))
                            .as("%s is as it was", answer)
                            .isTrue();
                }
            }
        }

        private static List<String> epochless(List<String> answers) {
            return answers.stream()
                    .map(answer -> answer.replaceAll("leaderEpoch=-?[0-9]+", ""))
                    .toList();
        }

        /** Reads all as a consumer does, from where the last batch ended, and says who noticed. */
        private String reads(LogView view) throws Exception {
            long next = view.logStartOffset();
            boolean epochDiffers = false;
            while (next < view.logEndOffset()) {
                ByteBuffer run;
                try {
                    run = read(view, next, 10_000);
                } catch (CorruptLogException e) {
                    requirePlace(e);
                    return "reported by the read";
                }
                for (int at = 0; at < run.limit(); at += RecordBatch.sizeInBytes(run, at)) {
                    if (!RecordBatch.isWhole(run, at, run.limit()) || !RecordBatch.crcMatches(run, at)) {
                        return "found by the reader's CRC";
                    }
                    ByteBuffer expected = left.batchOf(next).bytes();
                    ByteBuffer batch = run.slice(at, RecordBatch.sizeInBytes(run, at));
                    if (!batch.equals(expected)) {
                        epochDiffers = true;
                        if (RecordBatch.baseOffset(batch, 0) != next) {
                            assertThat(field).as("what differs").isLessThan(BatchLayout.LENGTH_AT);
                            return "base offset inside a served run";
                        }
                    }
                    next = RecordBatch.nextOffset(batch, 0);
                }
            }
            if (epochDiffers) {
                assertThat(field).isBetween(BatchLayout.LEADER_EPOCH_AT, BatchLayout.MAGIC_AT - 1);
                return "leader epoch served as it is";
            }
            throw new AssertionError("nobody noticed");
        }
    }

    /**
     * Ranges of the active segment are written anew while its size and times stay, so that a start after a clean stop believes what
     * the stop has written down of it.
     */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CRASH")
    void aRewriteThatNoTimeTellsIsReportedOrLeftToTheReadersCrc(Stop stop) throws Exception {
        Left left = left(stop);
        Path active = left.batches().getLast().file();
        int size = bytes(left.look(), active).length;
        Outcomes outcomes = new Outcomes();
        for (int length : new int[] {20, 150, size}) { // at 20 bytes each batch that is hit loses CRC or base offset
            for (int from = 0; from + length <= size; from++) {
                int first = from;
                if (!outcomes.takes()) {
                    continue;
                }
                SimulatedFileStore disk = left.look();
                FileStore.Status before = disk.status(active);
                for (int at = 0; at < length; at++) {
                    disk.corrupt(active, first + at, 0x5a);
                }
                assertThat(disk.status(active)).isEqualTo(before);
                try {
                    outcomes.count(rewritten(disk, left, active));
                } catch (Exception | AssertionError e) {
                    throw new AssertionError(
                            stop + " stop, " + length + " bytes from byte " + first + " on written anew", e);
                }
            }
        }
        outcomes.report("ranges of the active .log before a start after a " + stop + " stop");
    }

    private static String rewritten(SimulatedFileStore disk, Left left, Path active) throws Exception {
        PartitionLog log;
        try {
            log = open(disk).openOrCreate(PARTITION, CONFIG);
        } catch (CorruptLogException e) {
            requirePlaceIn(active, left, e);
            return "start refused";
        }
        LogView view = log.view();
        assertThat(view.logEndOffset()).isEqualTo(left.end());
        String noticed = "found by the reader's CRC";
        for (long offset = view.logStartOffset(); offset < view.logEndOffset(); offset++) {
            ByteBuffer run;
            try {
                run = read(view, offset, 1);
            } catch (CorruptLogException e) {
                requirePlaceIn(active, left, e);
                noticed = "reported by a read";
                continue;
            }
            if (RecordBatch.isWhole(run, 0, run.limit()) && RecordBatch.crcMatches(run, 0)) {
                assertThat(run)
                        .as("batch at %d", offset)
                        .isEqualTo(left.batchOf(offset).bytes());
            }
        }
        assertThatThrownBy(() -> LogScan.forEachBatch(log, (_, _) -> {}))
                .isInstanceOfSatisfying(CorruptLogException.class, e -> requirePlaceIn(active, left, e));
        return noticed;
    }

    private static void requirePlaceIn(Path active, Left left, CorruptLogException e) {
        assertThat(e.file()).as("%s", e).isEqualTo(active);
        assertThat(e.position()).as("%s", e).isBetween(0L, (long)
                left.batches().getLast().endPosition());
        assertThat(e.offset()).as("%s", e).isNotEqualTo(-1);
    }

    // ---- text

    @ParameterizedTest
    @EnumSource(Stop.class)
    void aFlipInATextFileIsRefusedByNameOrServesNoRecordAtAnothersOffset(Stop stop) throws Exception {
        Left found = left(stop);
        // As if its first records had been deleted by request.
        SimulatedFileStore changed = found.look();
        CheckpointText.replace(
                changed,
                DATA.resolve("log-start-offset-checkpoint"),
                CheckpointText.encode(List.of("orders 0 " + DELETED_BEFORE)));
        Left left = found.on(changed);
        List<Path> texts = new ArrayList<>(
                List.of(LOG_FILES.resolve("leader-epoch-checkpoint"), LOG_FILES.resolve("partition.metadata")));
        for (Path file : left.look().list(DATA)) {
            String name = file.getFileName().toString();
            if (name.endsWith("-checkpoint") || name.equals("meta.properties") || name.startsWith(".kafka")) {
                texts.add(file);
            }
        }
        assertThat(texts)
                .hasSizeGreaterThanOrEqualTo(stop == Stop.CRASH ? 7 : 8)
                .contains(DATA.resolve("log-start-offset-checkpoint"));
        for (Path file : texts) {
            Outcomes outcomes = new Outcomes();
            int size = bytes(left.look(), file).length;
            for (int at = 0; at < size; at++) {
                for (int mask : new int[] {0x01, 0x08, 0x10, 0x80}) {
                    flip(left, file, at, mask, outcomes, (disk, where) -> outcomes.count(textFlip(disk, left, file)));
                }
            }
            outcomes.report(file.getFileName() + " before a start after a " + stop + " stop");
        }
    }

    private static String textFlip(SimulatedFileStore disk, Left left, Path file) throws Exception {
        PartitionLog log;
        try {
            log = open(disk).openOrCreate(PARTITION, CONFIG);
        } catch (UnsuitableDirectoryException e) {
            assertThat(e).hasMessageContaining(file.getFileName().toString());
            return "refused";
        } catch (CorruptLogException e) {
            // By name, or by what the log was held against.
            String name = file.getFileName().toString();
            assertThat(e.getMessage())
                    .containsAnyOf(name, "partition.metadata", "recorded as synced", "recovery point");
            assertThat(placed(disk)).as("nothing was removed").isEqualTo(left.batches());
            Path points = DATA.resolve("recovery-point-offset-checkpoint");
            if (!file.equals(points)) {
                assertThat(text(disk, points)).as("nothing was forgotten").isEqualTo(text(left.look(), points));
            }
            return "refused";
        }
        LogView view = log.view();
        List<String> answers = new ArrayList<>();
        for (long offset = view.logStartOffset(); offset < Math.min(view.logEndOffset(), left.end()); offset++) {
            String answer = offset + ": " + names(read(view, offset, 700), left.batches());
            assertThat(left.answers().contains(answer))
                    .as("%s is as it was", answer)
                    .isTrue();
            answers.add(answer);
        }
        boolean all = view.logStartOffset() == DELETED_BEFORE && answers.size() == left.end() - DELETED_BEFORE;
        return all ? "all records served" : "believed: begins or ends elsewhere";
    }
}
