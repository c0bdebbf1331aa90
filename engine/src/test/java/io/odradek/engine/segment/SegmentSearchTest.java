package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.WrittenSegment.Placed;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Searches find what a walk over all batches finds, whatever an index says; and say so when a batch cannot be what it claims. */
class SegmentSearchTest {
    private static final String LOG = SegmentNames.LOG;
    private static final long END = Long.MAX_VALUE;

    private static int positionOf(List<Placed> batches, long offset, int end) {
        return batches.stream()
                .filter(batch -> batch.lastOffset() >= offset)
                .map(Placed::position)
                .findFirst()
                .orElse(end);
    }

    /** Offsets and timestamps are dense or not, index entries right or flipped: the answers are those of a walk. */
    @Property(tries = 150)
    void anIndexMayBeDamagedAndNoAnswerChanges(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Path directory = Files.createTempDirectory("odradek-search");
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 150)) {
            long offset = 50;
            boolean gaps = random.nextBoolean();
            int count = 1 + random.nextInt(30);
            for (int n = 0; n < count; n++) {
                int records = 1 + random.nextInt(3);
                segment.add(offset, records, 61 + random.nextInt(200), 1000 + 5L * n + random.nextInt(20));
                offset += records + (gaps && random.nextInt(3) == 0 ? 4 : 0);
            }
            segment.active.finishTimeIndex();
            segment.active.persistIndexes(false);
            for (String suffix : List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX)) {
                long size = Files.size(segment.path(suffix));
                for (int flips = random.nextInt(3); flips > 0 && size > 0; flips--) {
                    segment.damage(suffix, random.nextInt((int) size), 1 << random.nextInt(8));
                }
            }
            int limit = segment.active.sizeBytes();
            SealedSegment sealed = SealedSegment.found(segment.active.files(), limit);
            HeaderScan scan = HeaderScan.ofThread();
            List<Placed> batches = segment.batches;
            for (long wanted = 50; wanted <= offset; wanted++) {
                int expected = positionOf(batches, wanted, limit);
                assertThat(SegmentSearch.startFor(scan, sealed, wanted, limit)).isLessThanOrEqualTo(expected);
                boolean found = SegmentSearch.seek(scan, sealed, limit, wanted, END);
                assertThat(found).isEqualTo(expected < limit);
                if (found) {
                    assertThat(scan.position()).isEqualTo(expected);
                    SegmentSearch.requireOffsets(scan, sealed, limit, END);
                    assertThat(scan.position()).isEqualTo(expected);
                }
            }
            for (int wanted = 0; wanted <= limit; wanted += 40) {
                int known = batches.get(random.nextInt(count)).position();
                int boundary = SegmentSearch.boundaryNear(scan, sealed, known, wanted, limit);
                assertThat(boundary).isGreaterThanOrEqualTo(known).isLessThanOrEqualTo(Math.max(known, wanted));
                assertThat(batches).anyMatch(batch -> batch.position() == boundary);
            }
            for (long time = 995; time < 1000 + 5L * count + 25; time += 3) {
                long wanted = time;
                long first = batches.stream()
                        .filter(batch -> batch.timestamp() >= wanted)
                        .mapToLong(Placed::lastOffset)
                        .findFirst()
                        .orElse(END);
                assertThat(SegmentSearch.offsetFor(scan, sealed, time, limit)).isBetween(50L, first);
            }
            assertThat(sealed.maxTimestamp())
                    .isEqualTo(
                            batches.stream().mapToLong(Placed::timestamp).max().orElse(-1));
        }
        remove(directory);
    }

    /** Found by the property: the flip leaves an entry that the other batch confirms, behind one that is as late as what is looked for. */
    @Test
    void anOffsetThatBecameThatOfAnotherBatchOfTheSameTimeIsNotBelieved() throws Exception {
        anIndexMayBeDamagedAndNoAnswerChanges(-726592);
    }

    private static void remove(Path directory) throws Exception {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** What an index is for: the walk begins at the entry, not at the segment's beginning. */
    @Test
    void anIntactIndexIsUsed(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 150).filled(20)) {
            HeaderScan scan = HeaderScan.ofThread();
            OffsetIndex index = segment.active.offsetIndex();
            TimeIndex times = segment.active.timeIndex();
            int n = index.count() - 1;
            assertThat(n).isGreaterThan(3);
            assertThat(SegmentSearch.startFor(scan, segment.active, index.offset(n), 2000))
                    .isEqualTo(index.position(n));
            assertThat(SegmentSearch.startFor(scan, segment.active, index.offset(n) - 1, 2000))
                    .isEqualTo(index.position(n - 1));
            assertThat(SegmentSearch.startFor(scan, segment.active, index.offset(0) - 1, 2000))
                    .isZero();
            // Of the entry that is earlier, not of one that is as late.
            assertThat(SegmentSearch.offsetFor(scan, segment.active, times.timestamp(2) + 1, 2000))
                    .isEqualTo(times.offset(2));
            assertThat(SegmentSearch.offsetFor(scan, segment.active, times.timestamp(2), 2000))
                    .isEqualTo(times.offset(1));
            assertThat(SegmentSearch.offsetFor(scan, segment.active, times.timestamp(0), 2000))
                    .isEqualTo(50);
            assertThat(SegmentSearch.offsetFor(scan, segment.active, times.timestamp(0) + 1, 2000))
                    .isEqualTo(times.offset(0));
            assertThat(SegmentSearch.boundaryNear(scan, segment.active, 0, index.position(0), 2000))
                    .isEqualTo(index.position(0));
            assertThat(SegmentSearch.confirmedTime(scan, segment.active, 3, Long.MAX_VALUE, 2000))
                    .isEqualTo(3);
            assertThat(SegmentSearch.confirmedTime(scan, segment.active, 3, times.timestamp(3), 2000))
                    .isEqualTo(3);
            assertThat(SegmentSearch.confirmedTime(scan, segment.active, 3, times.timestamp(3) - 1, 2000))
                    .isEqualTo(2);
            assertThat(SegmentSearch.boundaryNear(scan, segment.active, 0, index.position(2), 2000))
                    .isEqualTo(index.position(2));
            assertThat(SegmentSearch.boundaryNear(scan, segment.active, 0, index.position(2) - 1, 2000))
                    .isEqualTo(index.position(1));
            assertThat(SegmentSearch.boundaryNear(scan, segment.active, 0, index.position(0) - 1, 2000))
                    .isZero();
            assertThat(SegmentSearch.boundaryNear(scan, segment.active, 1900, index.position(2), 2000))
                    .isEqualTo(1900);
        }
    }

    /** In an index that is nothing but damage the search gives up after few steps: each is a read. */
    @Test
    void aSearchGoesBackFurtherEachTime(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, 1).filled(40)) {
            segment.active.persistIndexes(false);
            int entries = segment.active.offsetIndex().count();
            // Positions in the middle of batches, each above the one before; only the first entry stays right.
            for (int n = 1; n < entries; n++) {
                segment.putInt(
                        SegmentNames.OFFSET_INDEX,
                        8L * n + 4,
                        segment.batches.get(n + 1).position() + 1);
            }
            SealedSegment sealed = SealedSegment.found(segment.active.files(), 4000);
            HeaderScan scan = HeaderScan.ofThread();
            for (int wanted = 0; wanted < 80; wanted++) {
                assertThat(SegmentSearch.startFor(scan, sealed, wanted, 4000)).isIn(0, 100);
                assertThat(SegmentSearch.seek(scan, sealed, 4000, wanted, END)).isTrue();
                assertThat(scan.position()).isEqualTo(wanted / 2 * 100);
            }
            // From entry 3: 2 and then 0, which is right; from 4 and above it is passed, one way or another.
            assertThat(SegmentSearch.startFor(scan, sealed, sealed.offsetIndex().offset(3), 4000))
                    .isEqualTo(100);
            assertThat(SegmentSearch.startFor(scan, sealed, sealed.offsetIndex().offset(2), 4000))
                    .isZero();
        }
    }

    private static void requireRefused(
            WrittenSegment segment, long offset, long endOffset, int position, String problem) {
        int limit = segment.active.sizeBytes();
        assertThatThrownBy(() -> SegmentSearch.seek(HeaderScan.ofThread(), segment.active, limit, offset, endOffset))
                .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                    assertThat(e.position()).isEqualTo(position);
                    assertThat(e.problem()).contains(problem);
                });
    }

    @Test
    void aBatchBelowItsSegmentIsRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(3)) {
            segment.putLong(LOG, 0, 49);
            requireRefused(segment, 52, 56, 0, "below the segment's first, 50");
        }
    }

    @Test
    void aBatchThatReachesIntoTheNextSegmentIsRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(3)) {
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(SegmentSearch.seek(scan, segment.active, 300, 55, 56)).isTrue();
            requireRefused(segment, 55, 55, 200, "claims offsets up to 55, but offset 55 is behind it");
        }
    }

    /** A gap is what compaction leaves, or what a damaged header makes of records that are there. */
    @Test
    void aGapIsBelievedWhenTheBatchBeforeItIsIntact(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            segment.add(50, 2, 100, 1);
            segment.add(60, 2, 100, 2);
            segment.add(70, 2, 100, 3);
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(SegmentSearch.seek(scan, segment.active, 300, 55, END)).isTrue();
            assertThat(scan.baseOffset()).isEqualTo(60);
            assertThat(scan.position()).isEqualTo(100);
            // The last batch has nothing behind it that could contradict.
            assertThat(SegmentSearch.seek(scan, segment.active, 300, 65, END)).isTrue();
            assertThat(scan.position()).isEqualTo(200);
            // Its last offset may have been higher: a search for one of those must not end at the next batch.
            segment.damage(LOG, 99, 1);
            requireRefused(segment, 55, END, 0, "the batch has CRC");
        }
    }

    @Test
    void aGapBeforeTheFirstBatchIsBelievedWhenTheOneBehindFits(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            segment.add(60, 2, 100, 2);
            segment.add(70, 2, 100, 3);
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(SegmentSearch.seek(scan, segment.active, 200, 50, END)).isTrue();
            assertThat(scan.position()).isZero();
            segment.putLong(LOG, 0, 75); // too high: the batch behind it begins below
            requireRefused(segment, 50, END, 100, "the batch claims offset 70, the one before it ends at 76");
        }
    }

    /** What was looked for may be in the last batch, whose header claims less than it has. */
    @Test
    void aSegmentThatEndsBelowItsEndIsBelievedWhenItsLastBatchIsIntact(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(3)) {
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(SegmentSearch.seek(scan, segment.active, 300, 56, 60)).isFalse();
            segment.damage(LOG, 299, 1);
            requireRefused(segment, 56, 60, 200, "the batch has CRC");
            // No question when the segment ends there.
            assertThat(SegmentSearch.seek(HeaderScan.ofThread(), segment.active, 300, 56, 56))
                    .isFalse();
        }
    }

    @Test
    void anEmptySegmentHoldsNothing(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            assertThat(SegmentSearch.seek(HeaderScan.ofThread(), segment.active, 0, 50, 60))
                    .isFalse();
        }
    }

    @Test
    void anotherBatchThatClaimsTheSameOffsetsIsNoticed(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(4)) {
            segment.putLong(LOG, 200, 50); // the third claims the first's offsets
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(scan.moveTo(segment.active.log(), 200, 400)).isTrue();
            assertThatThrownBy(() -> SegmentSearch.requireOffsets(scan, segment.active, 400, END))
                    .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                        assertThat(e.position()).isEqualTo(200);
                        assertThat(e.offset()).isEqualTo(50);
                        assertThat(e.problem()).contains("offsets up to 51, which are those of another");
                    });
            HeaderScan last = HeaderScan.ofThread();
            segment.putLong(LOG, 200, 54);
            segment.putLong(LOG, 300, 90); // nobody looking for 91 ends elsewhere, but 56 and 57 are missed
            assertThat(last.moveTo(segment.active.log(), 300, 400)).isTrue();
            SegmentSearch.requireOffsets(last, segment.active, 400, END);
        }
    }

    /** When the time index does not say, the batches do, each by its CRC: else the index may be right, and the batch wrong. */
    @Test
    void theLargestTimestampIsNotTakenFromADamagedBatch(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(3)) {
            segment.active.finishTimeIndex();
            segment.active.persistIndexes(false);
            segment.putLong(LOG, 200 + BatchLayout.MAX_TIMESTAMP_AT, 9999);
            SealedSegment sealed = SealedSegment.found(segment.active.files(), 300);
            assertThatThrownBy(sealed::maxTimestamp)
                    .isInstanceOf(CorruptLogException.class)
                    .hasMessageContaining("the batch has CRC");
        }
    }

    @Test
    void aSegmentWithoutTimestampsHasNoLargest(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 150)) {
            for (int n = 0; n < 5; n++) {
                segment.add(50 + n, 1, 100, -1);
            }
            segment.active.finishTimeIndex();
            segment.active.persistIndexes(false);
            assertThat(SealedSegment.found(segment.active.files(), 500).maxTimestamp())
                    .isEqualTo(-1);
        }
    }

    /** Kafka's rule: an entry of a batch that compaction has emptied stands. */
    @Test
    void anEmptiedBatchConfirmsItsTime(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 150).filled(6)) {
            ByteBuffer emptied = WrittenSegment.batch(62, 2, 100, 5000, 4);
            emptied.putInt(BatchLayout.RECORD_COUNT_AT, 0);
            RecordBatch.sealCrc(emptied, 0);
            segment.add(emptied);
            TimeIndex times = segment.active.timeIndex();
            times.appendIfLater(5000, 63);
            int n = times.count() - 1;
            assertThat(SegmentSearch.confirmedTime(HeaderScan.ofThread(), segment.active, n, Long.MAX_VALUE, 700))
                    .isEqualTo(n);
        }
    }

    @Test
    void anEntryThatNamesAnOffsetBetweenTwoBatchesIsNotConfirmed(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            segment.add(50, 2, 100, 1000);
            segment.add(60, 2, 100, 1010);
            TimeIndex times = segment.active.timeIndex();
            times.appendIfLater(1010, 55); // the time of the batch behind it
            assertThat(SegmentSearch.confirmedTime(HeaderScan.ofThread(), segment.active, 0, Long.MAX_VALUE, 200))
                    .isEqualTo(-1);
            times.appendIfLater(1011, 60);
            assertThat(SegmentSearch.confirmedTime(HeaderScan.ofThread(), segment.active, 1, Long.MAX_VALUE, 200))
                    .isEqualTo(-1);
            times.appendIfLater(1012, 62); // beyond the last batch
            assertThat(SegmentSearch.confirmedTime(HeaderScan.ofThread(), segment.active, 2, Long.MAX_VALUE, 200))
                    .isEqualTo(-1);
        }
    }

    /** Nobody who looks for it has to do with the one behind it. */
    @Test
    void anIndexedBatchIsFoundThoughTheOneBehindItIsDamaged(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 150).filled(6)) {
            segment.putInt(LOG, 300 + BatchLayout.LENGTH_AT, -1);
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(SegmentSearch.seek(scan, segment.active, 600, 55, END)).isTrue();
            assertThat(scan.position()).isEqualTo(200);
            requireRefused(segment, 56, END, 300, "no batch of format 2 begins here");
        }
    }

    @Test
    void theOnlyBatchOfASegmentThatEndsBelowItsEndHasToBeIntact(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096).filled(1)) {
            assertThat(SegmentSearch.seek(HeaderScan.ofThread(), segment.active, 100, 52, 60))
                    .isFalse();
            segment.damage(LOG, 99, 1);
            requireRefused(segment, 52, 60, 0, "the batch has CRC");
        }
    }

    /** A damaged entry sends the search to its right, and back from there to one that is as late as what is looked for. */
    @Test
    void anEntryAsLateAsTheTimeIsNotUsedEvenWhenItIsMetOnTheWayBack(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            segment.add(50, 2, 100, 1050);
            segment.add(52, 2, 100, 1060);
            segment.add(54, 2, 100, 1090);
            ByteBuffer entries = ByteBuffer.allocate(36);
            entries.putLong(1050)
                    .putInt(1)
                    .putLong(1020)
                    .putInt(3)
                    .putLong(1090)
                    .putInt(5);
            Files.write(segment.path(SegmentNames.TIME_INDEX), entries.array());
            Files.write(segment.path(SegmentNames.OFFSET_INDEX), new byte[0]);
            SealedSegment sealed = SealedSegment.found(segment.active.files(), 300);
            assertThat(SegmentSearch.offsetFor(HeaderScan.ofThread(), sealed, 1050, 300))
                    .isEqualTo(50);
        }
    }

    @Test
    void aConfirmedTimeSparesTheWalk(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 4096)) {
            segment.add(50, 1, 100, 1000); // a batch of one record: first and last offset are one
            SealedSegment sealed = segment.active.seal();
            TimeIndex times = sealed.timeIndex();
            assertThat(times.count()).isEqualTo(1);
            segment.damage(LOG, 99, 1);
            assertThat(SealedSegment.found(segment.active.files(), 100).maxTimestamp())
                    .isEqualTo(1000);
            assertThat(SegmentSearch.confirmedTime(HeaderScan.ofThread(), sealed, 0, Long.MAX_VALUE, 100))
                    .isZero();
        }
    }

    /** Whoever runs the broker is told once for each segment, with the entry and the file. */
    @Test
    void anIndexThatIsPassedOverIsSaidOnce(@TempDir Path directory) throws Exception {
        for (String suffix : List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX)) {
            long base = suffix.equals(SegmentNames.OFFSET_INDEX) ? 50 : 90;
            try (WrittenSegment segment = new WrittenSegment(directory, base, 150).filled(6)) {
                segment.active.seal();
                segment.putInt(
                        suffix,
                        Files.size(segment.path(suffix)) - 4,
                        suffix.equals(SegmentNames.OFFSET_INDEX) ? 401 : 9);
                SealedSegment sealed = SealedSegment.found(segment.active.files(), 600);
                HeaderScan scan = HeaderScan.ofThread();
                List<String> said = said(() -> {
                    for (int twice = 0; twice < 2; twice++) {
                        assertThat(SegmentSearch.seek(scan, sealed, 600, base + 9, END))
                                .isTrue();
                        SegmentSearch.maxTimestamp(scan, sealed, 600);
                        SegmentSearch.offsetFor(scan, sealed, 1041, 600);
                        SegmentSearch.confirmedTime(
                                scan, sealed, sealed.timeIndex().count() - 1, Long.MAX_VALUE, 600);
                    }
                });
                assertThat(said)
                        .singleElement()
                        .asString()
                        .contains(segment.path(suffix).toString())
                        .contains("is passed over");
            }
        }
    }

    /** Also where the batch that goes has an entry, and one record: its entry is one for the offset at which the log ends then. */
    @Test
    void ofAnIntactIndexNothingIsSaidWhenTheEndBeforeACutIsLookedFor(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 50, 1)) {
            for (int n = 0; n < 4; n++) {
                segment.add(50 + n, 1, 100, 1000);
            }
            List<String> said = said(() -> {
                for (int n = 0; n <= 4; n++) {
                    assertThat(SegmentWalk.endOffsetBefore(segment.active, 50 + n, 100 * n))
                            .isEqualTo(50 + n);
                }
            });
            assertThat(segment.active.offsetIndex().count()).isGreaterThan(2);
            assertThat(said).isEmpty();
        }
    }

    private interface Search {
        void run() throws Exception;
    }

    /** What whoever runs the broker is told meanwhile. */
    private static List<String> said(Search search) throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(SegmentFiles.class);
        ListAppender<ILoggingEvent> listening = new ListAppender<>();
        listening.start();
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        logger.addAppender(listening);
        try {
            search.run();
        } finally {
            logger.detachAppender(listening);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
        return listening.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
