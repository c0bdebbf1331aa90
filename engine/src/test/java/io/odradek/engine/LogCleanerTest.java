package io.odradek.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.CompactedLog.Entry;
import io.odradek.engine.LogReader.TimestampedOffset;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.OffsetIndex;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Compaction as readers, writers and a restart see it. What stays of a single batch: BatchCleanerAgainstKafkaTest. */
class LogCleanerTest {

    /** Some hundred records over a few keys, in batches of every size and codec. */
    private static void write(CompactedLog prices, Random random, int batches) throws IOException {
        Codec[] codecs = Codec.values();
        for (int i = 0; i < batches; i++) {
            List<Entry> entries = new ArrayList<>();
            int records = 1 + random.nextInt(4);
            for (int r = 0; r < records; r++) {
                entries.add(new Entry(
                        -1,
                        "k" + random.nextInt(20),
                        "v".repeat(random.nextInt(60)),
                        prices.nowMs + random.nextInt(200) - 100));
            }
            prices.put(new BatchBuilder().compressed(codecs[random.nextInt(codecs.length)]), entries);
            prices.nowMs += random.nextInt(10);
        }
    }

    /** What lies below the active segment. */
    private static long sealedEnd(CompactedLog prices) {
        LogView view = prices.log.view();
        return view.segment(view.segmentCount() - 1).baseOffset();
    }

    @Property(tries = 40)
    void theLastRecordOfEachKeyStaysAtItsOffset(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int round = 0; round < 3; round++) {
                write(prices, random, 60);
                if (random.nextBoolean()) {
                    prices.sync();
                }
                long end = sealedEnd(prices);
                assertThat(prices.clean()).isNotNull();
                assertThat(prices.read()).isEqualTo(prices.expected(end));
                lookUpEverything(prices);
                assertThat(prices.clean()).as("nothing is left to clean").isNull();
                switch (random.nextInt(3)) {
                    case 0 -> prices.reopenCleanly();
                    case 1 -> prices.crash();
                    default -> {}
                }
                prices.log.beginEpoch(CompactedLog.EPOCH + round + 1);
                assertThat(prices.read()).isEqualTo(prices.expected(end));
                assertThat(prices.clean())
                        .as("nothing is left to clean after a start")
                        .isNull();
                lookUpEverything(prices);
            }
        }
    }

    /** Fetch from every offset, and by every timestamp, over the gaps. */
    private static void lookUpEverything(CompactedLog prices) throws Exception {
        LogView view = prices.log.view();
        List<Entry> there = CompactedLog.read(view);
        for (long offset = 0; offset < view.logEndOffset(); offset++) {
            long from = offset;
            try (FetchedSlices slices = LogReader.read(view, from, view.end(), 1, true)) {
                ByteBuffer bytes = ByteBuffer.wrap(TemporaryLog.bytes(slices));
                long last = RecordBatch.lastOffset(bytes, 0);
                Optional<Entry> next =
                        there.stream().filter(entry -> entry.offset() >= from).findFirst();
                assertThat(last).isGreaterThanOrEqualTo(from);
                if (next.isPresent() && bytes.getInt(BatchLayout.RECORD_COUNT_AT) > 0) {
                    assertThat(RecordBatch.baseOffset(bytes, 0))
                            .as("the batch that holds offset %d, or the next", from)
                            .isLessThanOrEqualTo(next.get().offset());
                    assertThat(last).isGreaterThanOrEqualTo(from);
                }
            }
        }
        Set<Long> times = new TreeSet<>();
        there.forEach(entry -> times.addAll(List.of(entry.timestamp() - 1, entry.timestamp(), entry.timestamp() + 1)));
        for (long time : times) {
            Optional<Long> wanted = there.stream()
                    .filter(entry -> entry.timestamp() >= time)
                    .map(Entry::offset)
                    .findFirst();
            assertThat(LogReader.offsetForTimestamp(view, time, view.end()).map(TimestampedOffset::offset))
                    .as("first record at or after %d", time)
                    .isEqualTo(wanted);
        }
        long latest = there.stream().mapToLong(Entry::timestamp).max().orElseThrow();
        assertThat(LogReader.maxTimestamp(view, view.end()))
                .hasValueSatisfying(found -> assertThat(found.timestamp()).isEqualTo(latest));
    }

    @Test
    void segmentsThatHaveBecomeSmallAreMergedAndTheirIndexKeepsItsInterval() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config().withIndexIntervalBytes(150))) {
            for (int i = 0; i < 60; i++) {
                prices.put("k" + i % 2, "v".repeat(50));
            }
            for (int i = 0; i < 30; i++) {
                prices.put("rare" + i, "v".repeat(10));
            }
            prices.clean();
            int before = prices.log.view().segmentCount();
            prices.put("k0", "v".repeat(500)); // rolls
            prices.put("k0", "v".repeat(500));
            prices.clean();
            assertThat(prices.log.view().segmentCount()).isLessThan(before + 2);
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
            int entries = 0;
            for (int n = 0; n < prices.log.view().segmentCount() - 1; n++) {
                SealedSegment segment = (SealedSegment) prices.log.view().segment(n);
                assertThat(segment.sizeBytes()).isLessThanOrEqualTo(600);
                OffsetIndex index = segment.offsetIndex();
                for (int i = 1; i < index.count(); i++) {
                    assertThat(index.position(i) - index.position(i - 1)).isGreaterThan(150);
                }
                entries += index.count();
            }
            assertThat(entries).isGreaterThan(5);
        }
    }

    @Test
    void whatIsNotStableIsLeftAlone() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int i = 0; i < 40; i++) {
                prices.put("k", "v".repeat(50));
            }
            LogView view = prices.log.view();
            long third = view.segment(3).baseOffset();
            prices.clean(third + 1);
            assertThat(prices.read()).isEqualTo(prices.expected(third));
            assertThat(prices.clean(third + 1)).isNull();
        }
    }

    @Test
    void recordsYoungerThanTheLagStay() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config().withMinCompactionLagMs(10_000))) {
            for (int i = 0; i < 40; i++) {
                prices.put("k", "v".repeat(50));
                prices.nowMs += 100;
            }
            assertThat(prices.clean()).isNull();
            prices.nowMs += 8_000;
            LogCleaner.Cleaned cleaned = requireNonNull(prices.clean());
            assertThat(cleaned.endOffset()).isBetween(1L, 20L);
            assertThat(prices.read()).isEqualTo(prices.expected(cleaned.endOffset()));
        }
    }

    @Test
    void aLogIsCleanedOnceItIsDirtyEnoughOrOverdue() throws Exception {
        LogConfig config = CompactedLog.config().withMinCleanableDirtyRatio(0.9).withMaxCompactionLagMs(5_000);
        try (CompactedLog prices = new CompactedLog(config)) {
            for (int i = 0; i < 40; i++) {
                prices.put("k" + i, "v".repeat(50));
            }
            assertThat(prices.clean()).isNotNull(); // all of it is dirty
            for (int i = 0; i < 20; i++) {
                prices.put("k" + i, "v".repeat(50));
            }
            assertThat(prices.clean()).isNull();
            prices.nowMs += 5_001;
            assertThat(prices.clean()).isNotNull();
        }
    }

    @Test
    void aDeletionIsSeenForAsLongAsPromisedAndThenGoes() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config().withDeleteRetentionMs(1000))) {
            prices.put("gone", "v".repeat(50));
            prices.put("gone", null);
            fill(prices, "a");
            prices.clean();
            assertThat(prices.read()).extracting(Entry::key).contains("gone");
            prices.nowMs += 999;
            fill(prices, "b");
            prices.clean();
            assertThat(prices.read()).extracting(Entry::key).contains("gone");
            prices.nowMs += 1;
            fill(prices, "c");
            prices.clean();
            assertThat(prices.read()).extracting(Entry::key).doesNotContain("gone");
        }
    }

    /** Enough for two rolls. */
    private static void fill(CompactedLog prices, String key) throws IOException {
        for (int i = 0; i < 20; i++) {
            prices.put(key, "v".repeat(50));
        }
    }

    @Test
    void aSmallMapTakesSeveralPassesToTheSameEnd() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            prices.cleaner = prices.cleaner(12 * 24); // ten keys
            Random random = new Random(5);
            for (int i = 0; i < 200; i++) {
                prices.put("k" + random.nextInt(40), "v".repeat(30));
            }
            long end = sealedEnd(prices);
            int passes = 0;
            long reached = 0;
            while (true) {
                LogCleaner.Cleaned cleaned = prices.clean();
                if (cleaned == null) {
                    break;
                }
                assertThat(cleaned.endOffset()).as("each pass gets on").isGreaterThan(reached);
                reached = cleaned.endOffset();
                passes++;
            }
            assertThat(passes).isGreaterThan(4);
            assertThat(reached).isEqualTo(end);
            assertThat(prices.read()).isEqualTo(prices.expected(end));
        }
    }

    @Test
    void aProducersLastBatchStaysSoThatItsRetryIsKnown() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            prices.put(
                    new BatchBuilder().producer(77, (short) 0, 0),
                    List.of(new Entry(-1, "k", "v", prices.nowMs), new Entry(-1, "k", "w", prices.nowMs)));
            prices.put("k", "x");
            fill(prices, "a");
            prices.clean();
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
            for (String snapshot : prices.files(SegmentNames.PRODUCER_SNAPSHOT)) {
                Files.delete(prices.log.directory().resolve(snapshot)); // all that is left is the log
            }
            prices.crash();
            AppendOutcome again = prices.log.stage(
                    new BatchBuilder()
                            .producer(77, (short) 0, 0)
                            .add(0, new byte[] {'k'}, new byte[] {'v'})
                            .add(0, new byte[] {'k'}, new byte[] {'w'})
                            .build(),
                    prices.log.view().latestEpoch(),
                    prices.nowMs);
            assertThat(again).isInstanceOf(AppendOutcome.Duplicate.class);
        }
    }

    // ---- beside other work on the log

    @Test
    void aCutWhileSegmentsAreRewrittenCallsItOff() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(1), 60);
            long cutAt = prices.log.view().segment(2).baseOffset();
            prices.store.hook = (operation, path) -> {
                if (operation.equals("open") && path.toString().endsWith(".log.cleaned")) {
                    prices.store.hook = (_, _) -> {};
                    assertThat(prices.log.truncateTo(cutAt)).isEqualTo(cutAt);
                }
            };
            assertThat(prices.clean()).isNull();
            prices.written.removeIf(entry -> entry.offset() >= cutAt);
            assertThat(prices.files(SegmentNames.CLEANED)).isEmpty();
            assertThat(prices.read()).isEqualTo(prices.expected(0));
            assertThat(prices.cleaner.setAside()).isZero();
            fill(prices, "a");
            assertThat(prices.clean()).isNotNull();
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
            prices.crash();
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
        }
    }

    @Test
    void whatIsWrittenAfterACutIsDirtyAgain() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int i = 0; i < 60; i++) {
                prices.put("k" + i, "v".repeat(50));
            }
            assertThat(prices.clean()).isNotNull();
            long cutAt = prices.log.view().segment(1).baseOffset();
            assertThat(prices.log.truncateTo(cutAt)).isEqualTo(cutAt);
            prices.written.removeIf(entry -> entry.offset() >= cutAt);
            prices.put("twice", "v");
            prices.put("twice", "w"); // where all was clean before
            for (int i = 0; i < 100; i++) {
                prices.put("a", "v".repeat(50));
            }
            assertThat(prices.clean()).isNotNull();
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
            prices.crash();
            assertThat(prices.clean()).isNull();
        }
    }

    @Test
    void aCutBetweenTheSwapOnDiskAndInTheLogFindsTheNewSegment() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int i = 0; i < 40; i++) {
                prices.put("k" + i % 3, "v".repeat(50));
            }
            long end = sealedEnd(prices);
            long cutAt = prices.log.view().segment(3).baseOffset();
            prices.beforeWork = number -> {
                if (number == 2) { // the end of the first swap
                    prices.log.truncateTo(cutAt);
                }
            };
            prices.clean();
            prices.beforeWork = _ -> {};
            List<Entry> expected = new ArrayList<>(prices.expected(end));
            List<Entry> found = prices.read();
            // The first run was compacted by what the whole log said, the rest was not; and then it was cut.
            prices.written.removeIf(entry -> entry.offset() >= cutAt);
            expected.removeIf(entry -> entry.offset() >= cutAt);
            assertThat(found).containsAll(expected);
            assertThat(prices.written).containsAll(found);
            assertThat(prices.log.view().logEndOffset()).isLessThanOrEqualTo(cutAt);
            prices.crash();
            assertThat(prices.read()).isEqualTo(found);
            prices.log.beginEpoch(9);
            long next = prices.log.view().logEndOffset();
            prices.put("k0", "z");
            assertThat(prices.read().getLast().offset()).isEqualTo(next);
        }
    }

    @Test
    void deletedRecordsStayDeletedAndTheirSegmentsGoWhenTheSwapIsOver() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(2), 60);
            long below = prices.log.view().segment(4).baseOffset();
            long end = sealedEnd(prices);
            prices.store.hook = (operation, path) -> {
                if (operation.equals("open") && path.toString().endsWith(".log.cleaned")) {
                    prices.store.hook = (_, _) -> {};
                    prices.log.deleteRecordsBefore(below);
                }
            };
            prices.clean();
            prices.clean();
            assertThat(prices.log.view().logStartOffset()).isEqualTo(below);
            assertThat(prices.log.view().segmentEndOffset(0)).isGreaterThan(below);
            List<Entry> left = prices.expected(end).stream()
                    .filter(entry -> entry.offset() >= below)
                    .toList();
            assertThat(prices.read()).isEqualTo(left);
            prices.directory.deletePending(0);
            prices.directory.deletePending(1);
            assertThat(prices.files(SegmentNames.DELETED)).isEmpty();
            assertThat(prices.files(SegmentNames.LOG)).hasSize(prices.log.view().segmentCount());
            prices.crash();
            assertThat(prices.log.view().logStartOffset()).isEqualTo(below);
            assertThat(prices.read()).isEqualTo(left);
        }
    }

    @Test
    void retentionAndCompactionShareALog() throws Exception {
        LogConfig config = CompactedLog.config().withDelete(true).withRetentionMs(1000);
        try (CompactedLog prices = new CompactedLog(config)) {
            write(prices, new Random(3), 60);
            long end = sealedEnd(prices);
            prices.beforeWork = number -> {
                if (number == 2) {
                    prices.nowMs += 5_000;
                    prices.log.applyRetention(prices.nowMs, end);
                }
            };
            prices.clean();
            prices.beforeWork = _ -> {};
            prices.log.applyRetention(prices.nowMs, end);
            prices.directory.deletePending(0);
            prices.directory.deletePending(1);
            assertThat(prices.log.view().logStartOffset()).isEqualTo(end);
            assertThat(prices.files(SegmentNames.LOG)).hasSize(prices.log.view().segmentCount());
            prices.crash();
            assertThat(prices.log.view().logStartOffset()).isEqualTo(end);
        }
    }

    @Test
    void whoReadsFromAnOlderViewGetsTheOldSegmentOrIsToldToLookAgain() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int i = 0; i < 40; i++) {
                prices.put("k" + i % 3, "v".repeat(50));
            }
            prices.reopenCleanly(); // so that no batch is in memory, and no index is mapped
            prices.log.beginEpoch(5);
            LogView before = prices.log.view();
            FetchedSlices held = LogReader.read(before, 0, before.end(), 10_000, true);
            List<Entry> whole = CompactedLog.read(before);
            byte[] seen = TemporaryLog.bytes(held);
            prices.clean();
            assertThat(TemporaryLog.bytes(held)).as("what is held stays").isEqualTo(seen);
            held.close();
            assertThatThrownBy(() -> CompactedLog.read(before)).isInstanceOf(OffsetOutOfRangeException.class);
            assertThatThrownBy(() -> LogReader.offsetForTimestamp(before, 0, before.end()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("newer view");
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
            assertThat(whole).isEqualTo(prices.written);
        }
    }

    /** Between the swap in the directory and in the log, names belong to the new segment and readers to the old. */
    @Test
    void anOldSegmentIsReadByItsOwnIndexWhenItsNamesAreAnothers() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            for (int i = 0; i < 40; i++) {
                prices.put("k" + i % 3, "v".repeat(50));
            }
            prices.reopenCleanly();
            prices.log.beginEpoch(5);
            List<Entry> whole = new ArrayList<>(prices.written);
            prices.beforeWork = number -> {
                if (number == 2) {
                    try {
                        assertThat(CompactedLog.read(prices.log.view())).isEqualTo(whole);
                        for (Entry entry : whole) {
                            LogReader.read(
                                            prices.log.view(),
                                            entry.offset(),
                                            prices.log.view().end(),
                                            1,
                                            true)
                                    .close();
                        }
                    } catch (OffsetOutOfRangeException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            assertThat(prices.clean()).isNotNull();
        }
    }

    @Test
    void aPositionFoundBeforeTheSwapIsNotBelievedAfterIt() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config().withSegmentBytes(2000))) {
            for (int i = 0; i < 40; i++) {
                prices.put("k" + i, "v".repeat(10 + i % 7));
            }
            // a bound as a fetch holds it, in the middle of a segment that is compacted meanwhile
            LogPosition bound = positionOf(prices.log.view(), 11);
            for (int i = 0; i < 8; i++) {
                prices.put("k" + i, "w");
            }
            fill(prices, "a");
            fill(prices, "a");
            assertThat(prices.clean()).isNotNull();
            try (FetchedSlices slices = LogReader.read(prices.log.view(), 8, bound, 10_000, true)) {
                ByteBuffer bytes = ByteBuffer.wrap(TemporaryLog.bytes(slices));
                long next = 0;
                for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
                    next = RecordBatch.nextOffset(bytes, at);
                }
                assertThat(next).isEqualTo(11);
            }
        }
    }

    private static LogPosition positionOf(LogView view, long offset) throws Exception {
        int position = 0;
        try (FetchedSlices slices = LogReader.read(view, 0, LogPosition.ofOffset(offset), 1 << 20, true)) {
            position = slices.sizeBytes();
        }
        return new LogPosition(offset, 0, position);
    }

    // ---- when something goes wrong

    @Test
    void aDamagedLogIsSetAsideAndServesAsBefore() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(4), 60);
            Path file = prices.log
                    .directory()
                    .resolve(SegmentNames.of(prices.log.view().segment(1).baseOffset(), SegmentNames.LOG));
            try (var damaged = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
                damaged.position(100).write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            }
            assertThat(prices.clean()).isNull();
            assertThat(prices.cleaner.setAside()).isEqualTo(1);
            assertThat(prices.directory.isOffline()).isFalse();
            assertThat(prices.files(SegmentNames.CLEANED)).isEmpty();
            prices.nowMs += 2 * LogCleaner.RETRY_MS;
            assertThat(prices.clean()).as("until the next start").isNull();
            prices.put("k", "still written");
            assertThat(prices.log.view().logEndOffset()).isEqualTo(prices.written.size());
        }
    }

    @Test
    void aFullDiskPutsTheLogOffForAWhileAndLeavesNothingBehind() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(5), 60);
            List<String> before = prices.files("");
            prices.store.hook = (operation, path) -> {
                if (operation.equals("open") && path.toString().contains(".index.cleaned")) {
                    throw new IOException("No space left on device");
                }
            };
            assertThat(prices.clean()).isNull();
            prices.store.hook = (_, _) -> {};
            assertThat(prices.cleaner.setAside()).isEqualTo(1);
            assertThat(prices.directory.isOffline()).isFalse();
            assertThat(prices.files("")).isEqualTo(before);
            assertThat(prices.clean()).as("it rests").isNull();
            prices.nowMs += LogCleaner.RETRY_MS;
            assertThat(prices.clean()).isNotNull();
            assertThat(prices.cleaner.setAside()).isZero();
            assertThat(prices.read()).isEqualTo(prices.expected(sealedEnd(prices)));
        }
    }

    @Test
    void aDirectoryThatFailsInTheMiddleOfASwapGoesOffline() throws Exception {
        for (int failing = 1; failing <= 3; failing++) {
            int nth = failing;
            try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
                write(prices, new Random(6), 60);
                prices.sync();
                int[] syncs = {0};
                prices.store.hook = (operation, path) -> {
                    if (operation.equals("syncDirectory") && path.equals(prices.log.directory()) && ++syncs[0] == nth) {
                        throw new IOException("input/output error");
                    }
                };
                assertThat(prices.clean()).isNull();
                prices.store.hook = (_, _) -> {};
                assertThat(prices.directory.isOffline()).isTrue();
                prices.crash();
                assertThat(prices.written).containsAll(prices.read());
                assertThat(prices.read()).containsAll(prices.expected(sealedEnd(prices)));
                assertThat(prices.files(SegmentNames.SWAP)).isEmpty();
            }
        }
    }

    @Test
    void aStopEndsThePassAtWork() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(7), 60);
            prices.beforeWork = number -> {
                if (number == 3) { // one run is done
                    prices.throttle.stop();
                }
            };
            assertThat(prices.clean()).isNull();
            prices.beforeWork = _ -> {};
            assertThat(prices.cleaner.setAside()).isZero();
            assertThat(prices.read()).containsAll(prices.expected(sealedEnd(prices)));
            prices.reopenCleanly();
            assertThat(prices.files(SegmentNames.CLEANED)).isEmpty();
            assertThat(prices.read()).containsAll(prices.expected(sealedEnd(prices)));
        }
    }

    @Test
    void aLogThatIsDeletedMeanwhileIsLeftInPeace() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            write(prices, new Random(8), 60);
            prices.store.hook = (operation, path) -> {
                if (operation.equals("open") && path.toString().endsWith(".log.cleaned")) {
                    prices.store.hook = (_, _) -> {};
                    prices.directory.delete(prices.log);
                }
            };
            assertThat(prices.clean()).isNull();
            assertThat(prices.directory.isOffline()).isFalse();
            assertThat(prices.cleaner.setAside()).isZero();
            prices.log = prices.directory.openOrCreate(CompactedLog.PARTITION, CompactedLog.config());
            assertThat(prices.log.view().logEndOffset()).isZero();
        }
    }

    @Test
    void theDirtiestLogComesFirst() throws Exception {
        try (CompactedLog prices = new CompactedLog(CompactedLog.config())) {
            PartitionLog first = prices.log;
            fill(prices, "a");
            prices.clean();
            fill(prices, "b");
            LogCleaner.Candidate half = prices.candidate(first.view().logEndOffset());
            prices.log = prices.directory.openOrCreate(
                    new TopicPartition("other", new UUID(3, 6), 0), CompactedLog.config());
            prices.log.beginEpoch(1);
            fill(prices, "c");
            LogCleaner.Candidate whole = prices.candidate(prices.log.view().logEndOffset());
            LogCleaner.Cleaned cleaned = requireNonNull(prices.cleaner.cleanNext(List.of(half, whole)));
            assertThat(cleaned.partition().topic()).isEqualTo("other");
            assertThat(prices.cleaner.maxDirtyRatio()).isEqualTo(1.0);
            cleaned = requireNonNull(prices.cleaner.cleanNext(List.of(half, whole)));
            assertThat(cleaned.partition().topic()).isEqualTo("prices");
            assertThat(prices.cleaner.cleanNext(List.of(half, whole))).isNull();
        }
    }
}
