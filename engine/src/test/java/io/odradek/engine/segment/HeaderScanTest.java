package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.segment.WrittenSegment.Placed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a walk over headers shows, and each way in which it refuses one. */
class HeaderScanTest {
    private static final int INTERVAL = 4096;
    private static final String LOG = SegmentNames.LOG;

    /** Sizes around the window's, so that headers lie before, in and across its end; then back and forth. */
    @Property(tries = 25)
    void eachBatchIsSeenAsItWasWrittenFromWhereverOneComes(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Path directory = Files.createTempDirectory("odradek-scan");
        try (WrittenSegment segment = new WrittenSegment(directory, 7, INTERVAL)) {
            long offset = 7;
            for (int n = 0; n < 25; n++) {
                int size = BatchLayout.HEADER_BYTES
                        + (random.nextInt(4) == 0 ? random.nextInt(20_000) : random.nextInt(300));
                int records = 1 + random.nextInt(3);
                segment.add(WrittenSegment.batch(offset, records, size, 100 + n, n));
                offset += records + (random.nextInt(3) == 0 ? 5 : 0);
            }
            StoreFile file = segment.active.log();
            int limit = segment.active.sizeBytes();
            HeaderScan scan = HeaderScan.ofThread();
            int at = 0;
            for (int n = 0; n < segment.batches.size(); n++) {
                assertThat(scan.moveTo(file, at, limit)).isTrue();
                requireSame(scan, segment.batches.get(n), n);
                at = scan.endPosition();
            }
            assertThat(scan.moveTo(file, at, limit)).isFalse();
            for (int i = 0; i < 60; i++) {
                int n = random.nextInt(segment.batches.size());
                assertThat(scan.moveTo(file, segment.batches.get(n).position(), limit))
                        .isTrue();
                requireSame(scan, segment.batches.get(n), n);
            }
            Files.delete(segment.path(LOG));
        }
        Files.delete(directory);
    }

    private static void requireSame(HeaderScan scan, Placed batch, int epoch) {
        assertThat(scan.position()).isEqualTo(batch.position());
        assertThat(scan.sizeBytes()).isEqualTo(batch.sizeBytes());
        assertThat(scan.endPosition()).isEqualTo(batch.endPosition());
        assertThat(scan.baseOffset()).isEqualTo(batch.baseOffset());
        assertThat(scan.lastOffset()).isEqualTo(batch.lastOffset());
        assertThat(scan.maxTimestamp()).isEqualTo(batch.timestamp());
        assertThat(scan.leaderEpoch()).isEqualTo(epoch);
        assertThat(scan.header().getLong(scan.headerAt())).isEqualTo(batch.baseOffset());
    }

    private static void walk(WrittenSegment segment, int limit) throws Exception {
        HeaderScan scan = HeaderScan.ofThread();
        int at = 0;
        while (scan.moveTo(segment.active.log(), at, limit)) {
            at = scan.endPosition();
        }
    }

    private static void requireRefused(WrittenSegment segment, int position, long offset, String problem) {
        requireRefused(segment, segment.active.sizeBytes(), position, offset, problem);
    }

    private static void requireRefused(WrittenSegment segment, int limit, int position, long offset, String problem) {
        assertThatThrownBy(() -> walk(segment, limit)).isInstanceOfSatisfying(CorruptLogException.class, e -> {
            assertThat(e.position()).isEqualTo(position);
            assertThat(e.offset()).isEqualTo(offset);
            assertThat(e.problem()).contains(problem);
        });
    }

    @Test
    void aHeaderMayBeAllOfABatchAndNoByteLess(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 2, 61, 1);
            walk(segment, 61);
            segment.add(2, 2, 61, 1);
            walk(segment, 122);
            requireRefused(segment, 121, 61, -1, "60 bytes are no batch header");
        }
    }

    @Test
    void aLengthThatLeavesTheBoundsIsRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 2, 100, 1);
            walk(segment, 100);
            segment.putInt(LOG, BatchLayout.LENGTH_AT, 48);
            requireRefused(
                    segment, 0, 0, "no batch of format 2 begins here (length field 48, magic 2, 100 bytes left)");
            segment.putInt(LOG, BatchLayout.LENGTH_AT, 89);
            requireRefused(segment, 0, 0, "length field 89, magic 2, 100 bytes left");
            segment.putInt(LOG, BatchLayout.LENGTH_AT, 88);
            walk(segment, 100);
            segment.damage(LOG, BatchLayout.MAGIC_AT, 3);
            requireRefused(segment, 0, 0, "length field 88, magic 1, 100 bytes left");
        }
    }

    @Test
    void aLengthIsHeldAgainstWhatIsLeft(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 2, 200, 1);
            segment.add(2, 2, 100, 1);
            segment.putInt(LOG, 200 + BatchLayout.LENGTH_AT, 89);
            requireRefused(segment, 200, 2, "length field 89, magic 2, 100 bytes left");
        }
    }

    /** One small read shows the headers of all batches that lie in it. */
    @Test
    void headersThatLieTogetherAreReadTogether(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            for (int n = 0; n < 81; n++) {
                segment.add(n, 1, 100, 1);
            }
            segment.add(81, 1, 5000, 1);
            int limit = segment.active.sizeBytes();
            HeaderScan scan = HeaderScan.ofThread();
            segment.store.reads = 0;
            for (int n = 0; n < 81; n++) {
                assertThat(scan.moveTo(segment.active.log(), 100 * n, limit)).isTrue();
            }
            assertThat(segment.store.reads).isEqualTo(1);
            assertThat(scan.moveTo(segment.active.log(), 0, limit)).isTrue();
            assertThat(scan.moveTo(segment.active.log(), 0, limit)).isTrue();
            assertThat(segment.store.reads).isEqualTo(1);
        }
    }

    /** What lies behind it in the window would be its own records. */
    @Test
    void behindABatchLargerThanTheWindowNoMoreThanAHeaderIsRead(@TempDir Path directory) throws Exception {
        int window = 8192;
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            int[] sizes = {window + 1, 20_000, 100, 100, window, 100, 100};
            for (int n = 0; n < sizes.length; n++) {
                segment.add(n, 1, sizes[n], 1);
            }
            List<Integer> asked = new ArrayList<>();
            StoreFile file = new DelegatingFile(segment.active.log()) {
                @Override
                public int read(ByteBuffer target, long position) throws IOException {
                    asked.add(target.remaining());
                    return super.read(target, position);
                }
            };
            int limit = segment.active.sizeBytes();
            HeaderScan scan = HeaderScan.ofThread();
            for (int at = 0; scan.moveTo(file, at, limit); at = scan.endPosition()) {}
            assertThat(asked)
                    .containsExactly(
                            window,
                            BatchLayout.HEADER_BYTES, // large
                            BatchLayout.HEADER_BYTES, // small, behind a large one
                            window, // two small ones and the one of the window's size
                            200);
            asked.clear();
            assertThat(scan.moveTo(file, 0, limit)).isTrue();
            assertThat(scan.moveTo(file, window + 1 + 20_000, limit)).isTrue();
            assertThat(asked).as("behind another than the one before").containsExactly(window, window);
        }
    }

    @Test
    void aHeaderThatEndsWithWhatWasReadIsNotReadAgain(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 1, 100, 1);
            segment.add(1, 1, 61, 1);
            segment.store.reads = 0;
            walk(segment, 161);
            assertThat(segment.store.reads).isEqualTo(1);
        }
    }

    @Test
    void offsetsThatCannotBeAreRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 1, 100, 1);
            walk(segment, 100); // first and last may be one, and 0
            segment.putLong(LOG, 0, -1);
            requireRefused(segment, 0, -1, "the batch claims offsets -1 to -1");
            segment.putLong(LOG, 0, 9);
            segment.putInt(LOG, BatchLayout.LAST_OFFSET_DELTA_AT, -1);
            requireRefused(segment, 0, 9, "the batch claims offsets 9 to 8");
        }
    }

    /** It may follow a gap; it may not begin within the one before it. */
    @Test
    void aBatchThatBeginsWithinTheOneBeforeItIsRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(4, 3, 100, 1);
            segment.add(7, 2, 100, 1);
            segment.add(30, 2, 100, 1);
            walk(segment, 300);
            segment.putLong(LOG, 100, 6);
            requireRefused(segment, 100, 6, "the batch claims offset 6, the one before it ends at 6");
            // Who comes from elsewhere has nothing to compare with.
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(scan.moveTo(segment.active.log(), 200, 300)).isTrue();
            assertThat(scan.moveTo(segment.active.log(), 100, 300)).isTrue();
            assertThat(scan.moveTo(segment.active.log(), 0, 300)).isTrue();
            assertThat(scan.moveTo(segment.active.log(), 200, 300)).isTrue();
        }
    }

    /**
     * A header may be wrong in what no walk can see: its length or last offset. Where the next one makes no sense, the CRC of the
     * one before says which of the two it is.
     */
    @Test
    void theBatchBeforeIsBlamedWhenItsCrcIsWrong(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 2, 100, 1);
            segment.add(2, 2, 100, 1);
            segment.add(4, 2, 100, 1);
            segment.damage(LOG, 100 + BatchLayout.LENGTH_AT + 3, 0x10); // 88 becomes 72: the next begins in its records
            requireRefused(segment, 100, 2, "the batch has CRC");
            segment.damage(LOG, 100 + BatchLayout.LENGTH_AT + 3, 0x10);
            segment.damage(LOG, 100 + BatchLayout.LENGTH_AT + 3, 0x08); // 80
            requireRefused(segment, 100, 2, "the batch has CRC");
            segment.damage(LOG, 100 + BatchLayout.LENGTH_AT + 3, 0x08);
            segment.putInt(LOG, 100 + BatchLayout.LAST_OFFSET_DELTA_AT, 5); // the one behind begins within
            requireRefused(segment, 100, 2, "the batch has CRC");
            segment.putInt(LOG, 100 + BatchLayout.LAST_OFFSET_DELTA_AT, 1);
            walk(segment, 300);
            segment.putLong(LOG, 200, -7); // this one is wrong itself, the one before is not
            requireRefused(segment, 200, -7, "the batch claims offsets -7 to -6");
            segment.putLong(LOG, 200, 4);
            segment.putInt(LOG, 100 + BatchLayout.LENGTH_AT, 158); // 170 bytes: 30 are left behind it
            requireRefused(segment, 100, 2, "the batch has CRC");
            segment.putInt(LOG, 100 + BatchLayout.LENGTH_AT, 88);
            segment.putInt(LOG, 100 + BatchLayout.LAST_OFFSET_DELTA_AT, 3);
            segment.putLong(LOG, 200, -1); // both are wrong: the first is named
            requireRefused(segment, 100, 2, "the batch has CRC");
        }
    }

    /** The caller's limit lies beyond the file: what was promised is not there. */
    @Test
    void aFileThatEndsBeforeItsBatchesIsRefused(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            segment.add(0, 2, 100, 1);
            segment.active.log().truncate(60);
            requireRefused(segment, 100, 0, -1, "the file ends after 60 of the bytes of a batch header");
            segment.active.log().truncate(0);
            requireRefused(segment, 100, 0, -1, "the file ends after 0 of the bytes of a batch header");
        }
    }

    @Test
    void anEmptySegmentHasNoBatch(@TempDir Path directory) throws Exception {
        try (WrittenSegment segment = new WrittenSegment(directory, 0, INTERVAL)) {
            assertThat(HeaderScan.ofThread().moveTo(segment.active.log(), 0, 0)).isFalse();
        }
    }

    /** Each user of the thread's scan begins anew: nothing of another file is left in it. */
    @Test
    void theNextUserSeesHisOwnFile(@TempDir Path directory) throws Exception {
        try (WrittenSegment one = new WrittenSegment(directory, 0, INTERVAL);
                WrittenSegment other = new WrittenSegment(directory, 50, INTERVAL)) {
            one.add(0, 2, 100, 1);
            other.add(50, 2, 100, 1);
            other.add(52, 2, 100, 1);
            assertThat(HeaderScan.ofThread().moveTo(other.active.log(), 0, 200)).isTrue();
            HeaderScan scan = HeaderScan.ofThread();
            assertThat(scan.moveTo(one.active.log(), 0, 100)).isTrue();
            assertThat(scan.baseOffset()).isZero();
            // Nor an offset to compare with: 50 and 51 were the last of the other file.
            one.add(2, 2, 100, 1);
            assertThat(HeaderScan.ofThread().moveTo(one.active.log(), 100, 200)).isTrue();
        }
    }
}
