package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.segment.WrittenSegment.Placed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A segment that grows, is sealed, is resumed, is shared; and what of it is in its files, and durable, when. */
class SegmentsTest {
    private static final int INTERVAL = 150;

    private static String name(long base, String suffix) {
        return SegmentNames.of(base, suffix);
    }

    // ---- growing

    /** Kafka's rule: a batch gets an entry when more than the interval lies between it and the last that did. */
    @Test
    void entriesAreWrittenOnceMoreThanTheIntervalHasPassed(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, 200)) {
            segment.add(0, 2, 100, 50);
            segment.add(2, 2, 100, 40);
            segment.add(4, 2, 100, 70); // 200 before it: not more
            segment.add(6, 2, 100, 60);
            segment.add(8, 2, 100, 90);
            segment.add(10, 2, 100, 90);
            segment.add(12, 2, 150, 80);
            OffsetIndex offsets = segment.active.offsetIndex();
            assertThat(offsets.count()).isEqualTo(2);
            assertThat(offsets.position(0)).isEqualTo(300);
            assertThat(offsets.offset(0)).isEqualTo(7);
            assertThat(offsets.position(1)).isEqualTo(600);
            assertThat(offsets.offset(1)).isEqualTo(13);
            // The largest so far, and the first batch that has it.
            TimeIndex times = segment.active.timeIndex();
            assertThat(times.count()).isEqualTo(2);
            assertThat(times.timestamp(0)).isEqualTo(70);
            assertThat(times.offset(0)).isEqualTo(5);
            assertThat(times.timestamp(1)).isEqualTo(90);
            assertThat(times.offset(1)).isEqualTo(9);
            assertThat(segment.active.firstTimestamp()).isEqualTo(50);
            assertThat(segment.active.maxTimestamp()).isEqualTo(90);
            assertThat(segment.active.sizeBytes()).isEqualTo(750);
        }
    }

    @Test
    void anIndexIsFullWhenABatchMoreWouldNotFit(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            // 48 bytes: six offset entries, four time entries of which the roll needs one.
            assertThat(segment.active.indexesAreFull(3, 48)).isFalse();
            assertThat(segment.active.indexesAreFull(4, 48)).isTrue();
            // Without timestamps the offset index decides.
            for (int n = 0; n < 11; n++) {
                segment.add(n, 1, 100, -1);
            }
            assertThat(segment.active.offsetIndex().count()).isEqualTo(5);
            assertThat(segment.active.timeIndex().count()).isZero();
            assertThat(segment.active.indexesAreFull(1, 48)).isFalse();
            assertThat(segment.active.indexesAreFull(2, 48)).isTrue();
        }
        try (WrittenSegment segment = new WrittenSegment(directory, 50, INTERVAL).filled(7)) {
            assertThat(segment.active.timeIndex().count()).isEqualTo(3);
            assertThat(segment.active.indexesAreFull(0, 48)).isFalse();
            assertThat(segment.active.indexesAreFull(1, 48)).isTrue();
        }
    }

    /** Entries that the files have are not written again; those that they lack are, behind them. */
    @Test
    void theFilesGetTheEntriesTheyLack(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(5)) {
            ActiveSegment active = segment.active;
            assertThat(active.hasUnpersistedEntries()).isTrue();
            segment.store.operations.clear();
            assertThat(active.persistIndexes(true)).as("files are new").isTrue();
            assertThat(segment.store.operations)
                    .containsSubsequence(
                            "sync 00000000000000000000.index.tmp", "sync 00000000000000000000.timeindex.tmp");
            assertThat(active.hasUnpersistedEntries()).isFalse();
            segment.store.operations.clear();
            assertThat(active.persistIndexes(true)).isFalse();
            assertThat(segment.store.operations).isEmpty();

            segment.add(10, 1, 100, 5);
            segment.add(11, 1, 100, 5); // an offset entry, and no later time
            assertThat(active.hasUnpersistedEntries()).isTrue();
            assertThat(active.persistIndexes(false))
                    .as("the directory has their names")
                    .isFalse();
            assertThat(segment.store.operations)
                    .contains("write 00000000000000000000.index")
                    .noneMatch(operation -> operation.contains("timeindex"))
                    .noneMatch(operation -> operation.startsWith("sync"));
            active.wrote(100, 12, 9000, INTERVAL);
            active.finishTimeIndex(); // a time and no offset entry
            assertThat(active.hasUnpersistedEntries()).isTrue();
            segment.store.operations.clear();
            assertThat(active.persistIndexes(false)).isFalse();
            assertThat(segment.store.operations).noneMatch(operation -> operation.endsWith(".index"));
            assertThat(Files.readAllBytes(segment.path(SegmentNames.OFFSET_INDEX)))
                    .hasSize(8 * active.offsetIndex().count())
                    .isEqualTo(copy(
                            active.offsetIndex().bytes(0, active.offsetIndex().count())));
            assertThat(Files.readAllBytes(segment.path(SegmentNames.TIME_INDEX)))
                    .isEqualTo(
                            copy(active.timeIndex().bytes(0, active.timeIndex().count())));
        }
    }

    /** What the files lack begins and ends in the middle of chunks, and lies in several. */
    @Test
    void theFilesGetTheEntriesOfSeveralChunks(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            ActiveSegment active = segment.active;
            int batches = 0;
            for (int entries : new int[] {10, 5 * IndexEntries.FIRST_CHUNK, 10 * IndexEntries.FIRST_CHUNK}) {
                while (active.offsetIndex().count() < entries) {
                    active.wrote(100, batches, batches, INTERVAL);
                    batches++;
                }
                active.persistIndexes(false);
                assertThat(Files.readAllBytes(segment.path(SegmentNames.OFFSET_INDEX)))
                        .isEqualTo(copy(active.offsetIndex().bytes(0, entries)));
                assertThat(Files.readAllBytes(segment.path(SegmentNames.TIME_INDEX)))
                        .isEqualTo(copy(active.timeIndex().bytes(0, entries)));
            }
        }
    }

    private static byte[] copy(java.nio.ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    /** Each of the two may be the one that is new: the directory has to be synced for either. */
    @Test
    void whichFileIsNewIsToldForEach(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            assertThat(segment.active.persistIndexes(false)).isTrue();
            for (int n = 0; n < 5; n++) {
                segment.add(n, 1, 100, -1);
            }
            segment.store.operations.clear();
            assertThat(segment.active.persistIndexes(false)).as("no time yet").isTrue();
            assertThat(segment.store.operations).noneMatch(operation -> operation.contains("timeindex"));
            segment.add(5, 1, 100, 7);
            segment.add(6, 1, 100, 7);
            assertThat(segment.active.persistIndexes(false))
                    .as("the first time")
                    .isTrue();
            assertThat(segment.store.operations).contains("write 00000000000000000000.index");
        }
    }

    /** A crash may have left the first half of a replacement. */
    @Test
    void whatWasBegunOnceIsWrittenAnew(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            Files.write(directory.resolve(name(0, ".index.tmp")), new byte[500]);
            segment.active.persistIndexes(false);
            assertThat(Files.size(segment.path(SegmentNames.OFFSET_INDEX))).isEqualTo(32);
        }
    }

    /** The interval may have been changed meanwhile: the entry that the walk begins with is judged by the new one. */
    @Test
    void aResumedSegmentGoesByTheIntervalOfNow(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            ActiveSegment resumed = ActiveSegment.resuming(
                    segment.active.files(), segment.active.offsetIndex(), segment.active.timeIndex(), 1000, false);
            SegmentWalk.walk(resumed, 900, 500);
            assertThat(resumed.offsetIndex().count()).isEqualTo(3);
        }
    }

    /** A reader may have mapped the file that is there: it gets a new one in its place. */
    @Test
    void whatIsRebuiltReplacesTheFile(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            segment.active.persistIndexes(false);
            ActiveSegment rebuilt = ActiveSegment.rebuilding(segment.active.files());
            SegmentWalk.walk(rebuilt, 500, INTERVAL);
            assertThat(rebuilt.hasUnpersistedEntries()).isTrue();
            assertThat(rebuilt.persistIndexes(false)).isTrue();
            assertThat(Files.size(segment.path(SegmentNames.OFFSET_INDEX))).isEqualTo(16);
            // Also by nothing.
            ActiveSegment empty = ActiveSegment.rebuilding(segment.active.files());
            assertThat(empty.hasUnpersistedEntries()).isFalse();
            assertThat(empty.persistIndexes(false)).isTrue();
            assertThat(Files.size(segment.path(SegmentNames.OFFSET_INDEX))).isZero();
            assertThat(Files.size(segment.path(SegmentNames.TIME_INDEX))).isZero();
        }
    }

    @Test
    void whatIsPreallocatedIsGivenBackOnce(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            assertThat(segment.active.trim())
                    .as("there is nothing to give back")
                    .isFalse();
            segment.active.preallocate(5000);
            assertThat(Files.size(segment.path(SegmentNames.LOG))).isEqualTo(5000);
            segment.filled(3);
            assertThat(segment.active.trim()).isTrue();
            assertThat(Files.size(segment.path(SegmentNames.LOG))).isEqualTo(300);
            assertThat(segment.active.trim()).isFalse();
            segment.active.log().truncate(299);
            segment.active.log().write(java.nio.ByteBuffer.allocate(50), 299);
            segment.active.cutToSize();
            assertThat(Files.size(segment.path(SegmentNames.LOG))).isEqualTo(300);
        }
    }

    // ---- resuming and cutting

    private static String picture(ActiveSegment segment) {
        StringBuilder text = new StringBuilder();
        for (int n = 0; n < segment.offsetIndex().count(); n++) {
            text.append(segment.offsetIndex().offset(n))
                    .append('@')
                    .append(segment.offsetIndex().position(n))
                    .append(' ');
        }
        for (int n = 0; n < segment.timeIndex().count(); n++) {
            text.append(segment.timeIndex().timestamp(n))
                    .append('~')
                    .append(segment.timeIndex().offset(n))
                    .append(' ');
        }
        return text.append(segment.sizeBytes())
                .append(" first ")
                .append(segment.firstTimestamp())
                .append(" max ")
                .append(segment.maxTimestamp())
                .toString();
    }

    /** A picture begun at the last index entry and walked to the end is the one that grew with the file; so is a shorter one. */
    @Property(tries = 60)
    void whatIsWalkedAgainIsWhatGrew(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Path directory = Files.createTempDirectory("odradek-segments");
        try (WrittenSegment segment = new WrittenSegment(directory, 50, INTERVAL)) {
            int count = random.nextInt(25);
            List<String> pictures = new ArrayList<>();
            pictures.add(picture(segment.active));
            long offset = 50;
            for (int n = 0; n < count; n++) {
                int records = 1 + random.nextInt(3);
                Placed placed = segment.add(
                        offset, records, 61 + random.nextInt(100), random.nextInt(6) == 0 ? -1 : random.nextInt(400));
                offset = placed.lastOffset() + 1;
                pictures.add(picture(segment.active));
            }
            int kept = random.nextInt(count + 1);
            int end = kept == count
                    ? segment.active.sizeBytes()
                    : segment.batches.get(kept).position();
            long endOffset = kept == count ? offset : segment.batches.get(kept).baseOffset();
            ActiveSegment shortened = SegmentWalk.shortened(segment.active, endOffset, end, INTERVAL);
            assertThat(picture(shortened)).isEqualTo(pictures.get(kept));
            assertThat(SegmentWalk.endOffsetBefore(segment.active, endOffset, end))
                    .isEqualTo(endOffset);
            // It grows on as if nothing had been behind it.
            for (int n = kept; n < count; n++) {
                Placed batch = segment.batches.get(n);
                shortened.wrote(batch.sizeBytes(), batch.lastOffset(), batch.timestamp(), INTERVAL);
            }
            assertThat(picture(shortened)).isEqualTo(pictures.getLast());
            // Truncation's indexes replace the files; those that recovery resumes go on.
            assertThat(shortened.persistIndexes(false)).isTrue();
            boolean entries = shortened.offsetIndex().count() > 0;
            ActiveSegment resumed = ActiveSegment.resuming(
                    segment.active.files(),
                    shortened.offsetIndex().truncatedTo(Long.MAX_VALUE),
                    shortened.timeIndex().truncatedTo(Long.MAX_VALUE),
                    SegmentWalk.firstTimestamp(segment.active, segment.active.sizeBytes()),
                    true);
            int last = shortened.offsetIndex().count() - 1;
            assertThat(resumed.sizeBytes())
                    .isEqualTo(entries ? shortened.offsetIndex().position(last) : 0);
            SegmentWalk.walk(resumed, segment.active.sizeBytes(), INTERVAL);
            assertThat(picture(resumed)).isEqualTo(pictures.getLast());
            resumed.persistIndexes(false);
            assertThat(Files.readAllBytes(segment.path(SegmentNames.OFFSET_INDEX)))
                    .isEqualTo(copy(
                            resumed.offsetIndex().bytes(0, resumed.offsetIndex().count())));
            assertThat(Files.readAllBytes(segment.path(SegmentNames.TIME_INDEX)))
                    .isEqualTo(copy(
                            resumed.timeIndex().bytes(0, resumed.timeIndex().count())));
        }
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Test
    void entriesThatTheFilesHaveCountWhenASegmentIsResumed(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            segment.active.persistIndexes(false);
            for (boolean inFiles : new boolean[] {true, false}) {
                ActiveSegment resumed = ActiveSegment.resuming(
                        segment.active.files(),
                        segment.active.offsetIndex(),
                        segment.active.timeIndex(),
                        1000,
                        inFiles);
                assertThat(resumed.hasUnpersistedEntries()).isEqualTo(!inFiles);
                SegmentWalk.walk(resumed, 900, INTERVAL);
                assertThat(resumed.hasUnpersistedEntries()).isTrue(); // the last is written again
                assertThat(resumed.persistIndexes(false)).isEqualTo(!inFiles);
            }
        }
    }

    @Test
    void anEmptySegmentHasNoFirstTimestampAndEndsWhereItBegins(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, INTERVAL)) {
            assertThat(SegmentWalk.firstTimestamp(segment.active, 0)).isEqualTo(-1);
            assertThat(SegmentWalk.endOffsetBefore(segment.active, 50, 0)).isEqualTo(50);
        }
    }

    // ---- sealing

    @Test
    void aSealedSegmentsFilesAreCompleteAndNotYetDurable(@TempDir Path directory) throws Exception {
        for (boolean preallocated : new boolean[] {false, true}) {
            long base = preallocated ? 50 : 0;
            try (WrittenSegment segment = new WrittenSegment(directory, base, INTERVAL)) {
                if (preallocated) {
                    segment.active.preallocate(5000);
                }
                segment.filled(4);
                segment.store.operations.clear();
                SealedSegment sealed = segment.active.seal();
                assertThat(segment.store.operations).noneMatch(operation -> operation.startsWith("sync"));
                assertThat(Files.size(segment.path(SegmentNames.LOG))).isEqualTo(400);
                assertThat(Files.size(segment.path(SegmentNames.TIME_INDEX))).isEqualTo(24);
                assertThat(sealed.files()).isSameAs(segment.active.files());
                assertThat(sealed.baseOffset()).isEqualTo(base);
                assertThat(sealed.sizeBytes()).isEqualTo(400);
                assertThat(sealed.maxTimestamp()).isEqualTo(1030);
                assertThat(sealed.isCompacted()).isFalse();
                assertThat(sealed.isDurable()).isFalse();
                // A sync before the trim says nothing of the new length.
                sealed.makeDurable(true);
                assertThat(sealed.isDurable()).isTrue();
                assertThat(segment.store.operations)
                        .contains("sync " + name(base, ".index"), "sync " + name(base, ".timeindex"));
                assertThat(segment.store.operations.contains("sync " + name(base, ".log")))
                        .isEqualTo(preallocated);
            }
        }
    }

    @Test
    void recordsThatAreNotKnownToBeSyncedAreSyncedWithTheirSegment(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(4)) {
            SealedSegment sealed = segment.active.seal();
            sealed.makeDurable(false);
            assertThat(segment.store.operations).contains("sync " + name(0, ".log"));
        }
    }

    @Test
    void whereASegmentComesFromSaysWhetherItIsDurable(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(4)) {
            SealedSegment rolled = segment.active.seal();
            rolled.noteDurable();
            assertThat(rolled.isDurable()).isTrue();
            SealedSegment found = SealedSegment.found(segment.active.files(), 400);
            assertThat(found.isDurable()).isTrue();
            assertThat(found.isCompacted()).isFalse();
            SealedSegment compacted = SealedSegment.compacted(segment.active.files(), 400);
            assertThat(compacted.isDurable()).isTrue();
            assertThat(compacted.isCompacted()).isTrue();
        }
    }

    /** Mapped once: each mapping is kept until the segment is closed. */
    @Test
    void aFoundSegmentsIndexesAreMappedOnce(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            segment.active.seal();
            SealedSegment found = SealedSegment.found(segment.active.files(), 900);
            assertThat(found.offsetIndex()).isSameAs(found.offsetIndex());
            assertThat(found.timeIndex()).isSameAs(found.timeIndex());
            assertThat(found.offsetIndex().count()).isEqualTo(4);
            assertThat(found.offsetIndex().offset(0)).isEqualTo(5);
            assertThat(found.timeIndex().count()).isEqualTo(4);
            assertThat(found.timeIndex().timestamp(3)).isEqualTo(1080);
            assertThat(found.maxTimestamp()).isEqualTo(1080).isEqualTo(found.maxTimestamp());
            segment.store.operations.clear();
            segment.active.files().remove();
            assertThat(segment.store.operations)
                    .containsExactlyInAnyOrder(
                            "close " + name(0, ".log"), "close " + name(0, ".index"), "close " + name(0, ".timeindex"));
        }
    }

    @Test
    void anIndexWithAPartOfAnEntryIsDamaged(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 7, INTERVAL).filled(9)) {
            segment.active.seal();
            segment.truncate(SegmentNames.OFFSET_INDEX, 31);
            segment.truncate(SegmentNames.TIME_INDEX, 44);
            SealedSegment found = SealedSegment.found(segment.active.files(), 900);
            assertThatThrownBy(found::offsetIndex).isInstanceOfSatisfying(CorruptLogException.class, e -> {
                assertThat(e.file()).isEqualTo(segment.path(SegmentNames.OFFSET_INDEX));
                assertThat(e.offset()).isEqualTo(7);
                assertThat(e.problem()).contains("delete it while the broker is stopped");
            });
            assertThatThrownBy(found::timeIndex).hasMessageContaining(".timeindex");
        }
    }

    @Test
    void anEmptyIndexHasNoEntries(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, 4096)) {
            segment.add(0, 1, 100, -1);
            segment.active.seal();
            SealedSegment found = SealedSegment.found(segment.active.files(), 100);
            assertThat(found.offsetIndex().count()).isZero();
            assertThat(found.timeIndex().count()).isZero();
        }
    }

    // ---- sharing

    @Test
    void theLastToLetGoClosesTheFiles(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            ActiveSegment active = segment.active;
            assertThat(active.tryRetain()).isTrue();
            assertThat(active.tryRetain()).isTrue();
            assertThat(active.files().isRemoved()).isFalse();
            active.files().remove();
            assertThat(active.files().isRemoved()).isTrue();
            assertThat(active.tryRetain()).as("no new reader begins").isFalse();
            active.release();
            assertThat(segment.store.operations).doesNotContain("close " + name(0, ".log"));
            active.release();
            assertThat(segment.store.operations).containsOnlyOnce("close " + name(0, ".log"));
            assertThat(active.tryRetain()).isFalse();
            assertThatThrownBy(active::release).isInstanceOf(AssertionError.class);
        }
    }

    /** What had to be durable was synced before; the other files are closed all the same. */
    @Test
    void aFileThatDoesNotCloseKeepsNoOther(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(9)) {
            segment.active.seal();
            SealedSegment found = SealedSegment.found(segment.active.files(), 900);
            found.timeIndex();
            segment.store.failing = "close " + name(0, ".log");
            segment.active.files().remove();
            assertThat(segment.store.operations).contains("close " + name(0, ".timeindex"));
            segment.store.failing = null;
            segment.active.log().close();
        }
    }

    // ---- the files themselves

    @Test
    void aMissingIndexIsNoneAndAnEmptyOneIsEmpty(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            SegmentFiles files = segment.active.files();
            assertThat(files.read(SegmentNames.OFFSET_INDEX)).isNull();
            Files.write(segment.path(SegmentNames.OFFSET_INDEX), new byte[] {1, 2, 3});
            assertThat(files.read(SegmentNames.OFFSET_INDEX)).isEqualTo(java.nio.ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertThat(segment.store.operations).contains("close " + name(0, ".index"));
            assertThat(files.store()).isSameAs(segment.store);
            assertThat(SegmentFiles.logPath(directory, 0)).isEqualTo(segment.path(SegmentNames.LOG));
        }
    }

    /** Nobody may take them for durable who does not know; nor journal them when their name is about to be another's. */
    @Test
    void bytesAreJournaledOnlyWhereTheirPlaceIsKnown(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL).filled(2)) {
            SegmentFiles files = segment.active.files();
            assertThat(files.handedOutBytes()).as("nothing is known yet").isEqualTo(-1);
            files.handedOut(100);
            assertThat(files.handedOutBytes()).isEqualTo(100);
            assertThat(files.isJournalable()).isTrue();
            files.giveNameAway();
            assertThat(files.isJournalable()).isFalse();
        }
    }

    @Test
    void whatCompactionWritesHasNamesThatRecoveryRemoves(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 3, INTERVAL)) {
            SegmentFiles cleaned = SegmentFiles.createCleaned(segment.store, directory, 3);
            assertThat(cleaned.log().path()).isEqualTo(directory.resolve(name(3, ".log.cleaned")));
            assertThat(cleaned.path(SegmentNames.OFFSET_INDEX)).isEqualTo(directory.resolve(name(3, ".index.cleaned")));
            assertThatThrownBy(() -> SegmentFiles.createCleaned(segment.store, directory, 3))
                    .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
            assertThatThrownBy(() -> SegmentFiles.open(segment.store, directory, 3, OpenMode.CREATE_NEW))
                    .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
            cleaned.remove();
        }
    }

    @Test
    void abortedTransactionsAreReadAsTheyWereWritten(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            SegmentFiles files = segment.active.files();
            assertThat(TransactionIndex.read(files)).isEmpty();
            List<TransactionIndex.Aborted> aborted = List.of(
                    new TransactionIndex.Aborted(7, 100, 120, 110), new TransactionIndex.Aborted(8, 105, 130, 121));
            TransactionIndex.write(files, aborted);
            assertThat(TransactionIndex.read(files)).isEqualTo(aborted);
            assertThat(segment.store.operations)
                    .containsSubsequence(
                            "sync " + name(0, ".txnindex.tmp"),
                            "rename " + name(0, ".txnindex.tmp") + " to " + name(0, ".txnindex"));
            segment.truncate(SegmentNames.TRANSACTION_INDEX, 67);
            assertThatThrownBy(() -> TransactionIndex.read(files))
                    .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                        assertThat(e.position()).isEqualTo(34);
                        assertThat(e.file()).isEqualTo(segment.path(SegmentNames.TRANSACTION_INDEX));
                    });
            segment.truncate(SegmentNames.TRANSACTION_INDEX, 34);
            segment.damage(SegmentNames.TRANSACTION_INDEX, 1, 1);
            assertThatThrownBy(() -> TransactionIndex.read(files)).hasMessageContaining("at byte 0");
        }
    }

    /** Batches of every size around the pieces that are read at a time. */
    @Test
    void aBatchsCrcIsComparedWhateverItsSize(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            int[] sizes = {61, 100, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 3 << 16, (3 << 16) + 7};
            for (int n = 0; n < sizes.length; n++) {
                segment.add(n, 1, sizes[n], 1);
            }
            for (Placed batch : segment.batches) {
                BatchCrc.require(segment.active.log(), batch.position(), batch.sizeBytes());
                segment.damage(SegmentNames.LOG, batch.endPosition() - 1, 4);
                assertThatThrownBy(() -> BatchCrc.require(segment.active.log(), batch.position(), batch.sizeBytes()))
                        .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                            assertThat(e.position()).isEqualTo(batch.position());
                            assertThat(e.offset()).isEqualTo(batch.baseOffset());
                            assertThat(e.problem())
                                    .contains("the batch has CRC")
                                    .contains("restore the file");
                        });
                segment.damage(SegmentNames.LOG, batch.endPosition() - 1, 4);
            }
            Placed last = segment.batches.getLast();
            assertThatThrownBy(() -> BatchCrc.require(segment.active.log(), last.position(), last.sizeBytes() + 1))
                    .hasMessageContaining("the file ends in this batch")
                    .hasMessageContaining("offset " + last.baseOffset());
        }
    }

    @Test
    void aDamageNamesItsPlaceAsFarAsItIsKnown() {
        Path file = Path.of("x.log");
        assertThat(new CorruptLogException(file, 0, 0, "no")).hasMessage("x.log at byte 0 (offset 0): no");
        assertThat(new CorruptLogException(file, 70, 4, "no")).hasMessage("x.log at byte 70 (offset 4): no");
        assertThat(new CorruptLogException(file, -1, -1, "no")).hasMessage("x.log: no");
    }

    @Test
    void aNameWithAnythingButDigitsIsNoBaseOffset() {
        assertThat(SegmentNames.baseOffset("00000000000000000000.log", ".log")).hasValue(0);
        assertThat(SegmentNames.baseOffset("09999999999999999999.log", ".log")).isEmpty(); // beyond a long
        assertThat(SegmentNames.baseOffset("+0000000000000000009.log", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("-0000000000000000009.log", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("/0000000000000000000.log", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("0000000000000000000:.log", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("0000000000000000009.log", ".log")).isEmpty(); // nineteen
        assertThat(SegmentNames.baseOffset("00000000000000000009.lug", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("00000000000000000009.log", ".log")).hasValue(9);
    }
}
