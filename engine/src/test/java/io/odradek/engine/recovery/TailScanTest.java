package io.odradek.engine.recovery;

import static io.odradek.engine.segment.SegmentNames.LOG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.WrittenSegment;
import io.odradek.engine.segment.WrittenSegment.Placed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each way in which bytes are no batch that could follow the one before, and where a scan stops because of it. */
class TailScanTest {
    private static final int INTERVAL = 150;
    private static final long NO_END = Long.MAX_VALUE;

    @TempDir
    Path directory;

    private WrittenSegment segment(long baseOffset) throws IOException {
        return new WrittenSegment(directory, baseOffset, INTERVAL);
    }

    /** What a scan from the segment's beginning finds. */
    private record Found(boolean complete, TailScan scan, ActiveSegment segment) {
        int bytes() {
            return segment.sizeBytes();
        }
    }

    private static Found scan(WrittenSegment written, long compactedEnd, long endOffset) throws IOException {
        TailScan scan =
                new TailScan(written.active.baseOffset(), LeaderEpochs.NONE.begin(4, 0), INTERVAL, compactedEnd);
        ActiveSegment segment = ActiveSegment.rebuilding(written.active.files());
        int size = (int) written.active.log().size();
        return new Found(scan.scan(segment, size, endOffset), scan, segment);
    }

    private static Found scan(WrittenSegment written) throws IOException {
        return scan(written, 0, NO_END);
    }

    private static void requireStop(WrittenSegment written, int bytes, String problem) throws IOException {
        requireStop(scan(written), bytes, problem);
    }

    private static void requireStop(Found found, int bytes, String problem) {
        assertThat(found.complete()).isFalse();
        assertThat(found.bytes()).isEqualTo(bytes);
        assertThat(found.scan().problem()).contains(problem);
    }

    private static void requireAll(WrittenSegment written) throws IOException {
        requireAll(scan(written), written);
    }

    private static void requireAll(Found found, WrittenSegment written) {
        assertThat(found.scan().problem()).isNull();
        assertThat(found.complete()).isTrue();
        assertThat(found.bytes()).isEqualTo(written.batches.getLast().endPosition());
        assertThat(found.scan().nextOffset())
                .isEqualTo(written.batches.getLast().lastOffset() + 1);
    }

    private static ByteBuffer changed(long baseOffset, int records, Consumer<ByteBuffer> change) {
        ByteBuffer batch = WrittenSegment.batch(baseOffset, records, 100, 9, 4);
        change.accept(batch);
        RecordBatch.sealCrc(batch, 0);
        return batch;
    }

    @Test
    void aScanFindsWhatWasWritten() throws Exception {
        try (WrittenSegment written = segment(50)) {
            written.add(WrittenSegment.batch(50, 2, 61, 1000, 4)); // no more than a header
            written.add(WrittenSegment.batch(52, 1, 100, 1010, 4));
            written.add(WrittenSegment.batch(53, 3, 100, 1005, 6));
            written.add(WrittenSegment.batch(56, 3, 100, 1020, 6));
            written.store.reads = 0;
            Found found = scan(written);
            requireAll(found, written);
            assertThat(written.store.reads)
                    .as("what lies together is read together")
                    .isEqualTo(1);
            assertThat(found.scan().scannedBytes()).isEqualTo(361);
            assertThat(found.scan().epochs()).hasToString("LeaderEpochs[4@0, 6@53]");
            assertThat(found.segment().maxTimestamp()).isEqualTo(1020);
            assertThat(found.segment().firstTimestamp()).isEqualTo(1000);
            assertThat(found.segment().offsetIndex().offset(0)).isEqualTo(55);
            assertThat(found.segment().offsetIndex().position(0)).isEqualTo(161);
        }
    }

    /** Larger than what is read at a time, and across its ends. */
    @Test
    void batchesOfAnySizeAreChecked() throws Exception {
        int chunk = TailScan.CHUNK_BYTES;
        int[] sizes = {chunk - 200, 130, 100, chunk - 30, chunk, chunk + 1, 2 * chunk + 77, 61, 3 * chunk, 100};
        try (WrittenSegment written = segment(0)) {
            for (int n = 0; n < sizes.length; n++) {
                written.add(n, 1, sizes[n], 1);
            }
            requireAll(written);
            for (Placed batch : written.batches) {
                written.damage(LOG, batch.endPosition() - 1, 1);
                requireStop(written, batch.position(), "the batch has CRC");
                written.damage(LOG, batch.endPosition() - 1, 1);
            }
            // One segment behind another: nothing of the first one's bytes is left in what was read.
            try (WrittenSegment next = segment(10)) {
                next.add(10, 1, 100, 1);
                TailScan scan = new TailScan(0, LeaderEpochs.NONE, INTERVAL, 0);
                assertThat(scan.scan(ActiveSegment.rebuilding(written.active.files()), written.active.sizeBytes(), 10))
                        .isTrue();
                assertThat(scan.scan(ActiveSegment.rebuilding(next.active.files()), 100, NO_END))
                        .isTrue();
                assertThat(scan.nextOffset()).isEqualTo(11);
                assertThat(scan.scannedBytes()).isEqualTo(written.active.sizeBytes() + 100);
                next.damage(LOG, 99, 1);
                assertThat(scan.scan(ActiveSegment.rebuilding(next.active.files()), 100, NO_END))
                        .isFalse();
                assertThat(scan.problem()).isNotNull();
            }
        }
    }

    /** The batch behind is looked at, which may lie beyond what was read, and then this one again. */
    @Test
    void epochsOfLargeBatchesAreHeldAgainstEachOther() throws Exception {
        try (WrittenSegment written = segment(0)) {
            for (int n = 0; n < 5; n++) {
                written.add(WrittenSegment.batch(2L * n, 2, 900_000, 1, 5 + n));
            }
            Found found = scan(written);
            requireAll(found, written);
            assertThat(found.scan().epochs()).hasToString("LeaderEpochs[5@0, 6@2, 7@4, 8@6, 9@8]");
            written.putInt(LOG, 2_700_000 + BatchLayout.LEADER_EPOCH_AT, 10);
            requireStop(written, 2_700_000, "the batch claims leader epoch 10, the one behind it 9");
        }
    }

    @Test
    void anIntactBatchFarBehindABrokenOneIsFound() throws Exception {
        try (WrittenSegment written = segment(0)) {
            written.add(0, 1, 100, 1);
            written.add(1, 1, 1_500_000, 1);
            written.add(2, 1, 100, 1);
            written.damage(LOG, 99, 1);
            written.damage(LOG, 200, 1);
            assertThat(intactFrom(written, 1, 1_500_200)).isTrue();
            written.damage(LOG, 1_500_199, 1);
            assertThat(intactFrom(written, 1, 1_500_200)).isFalse();
        }
        // As far behind in offsets as an index entry can say.
        try (WrittenSegment written = segment(50)) {
            written.add(50, 1, 100, 1);
            written.add(51, 1, 100, 1);
            written.damage(LOG, 99, 1);
            written.putLong(LOG, 100, 50L + Integer.MAX_VALUE);
            assertThat(intactFrom(written, 1, 200)).isTrue();
        }
    }

    @Test
    void whatIsNoBatchStopsTheScan() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            requireAll(written);
            for (int left : new int[] {12, 60}) { // fewer are zeros, as the length's first bytes
                written.truncate(LOG, 200 + left);
                requireStop(written, 200, left + " bytes are too few for a batch");
            }
            written.truncate(LOG, 261);
            requireStop(written, 200, "the batch claims 88 bytes where 49 follow");
        }
    }

    @Test
    void aLengthThatCannotBeStopsTheScan() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            for (int length : new int[] {48, 0, -1, 89, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                written.putInt(LOG, 200 + BatchLayout.LENGTH_AT, length);
                requireStop(written, 200, "the batch claims " + length + " bytes where 88 follow");
            }
            written.putInt(LOG, 200 + BatchLayout.LENGTH_AT, 49); // possible, but not this batch's
            requireStop(written, 200, "the batch has CRC");
            written.putInt(LOG, 200 + BatchLayout.LENGTH_AT, 88);
            written.damage(LOG, 200 + BatchLayout.MAGIC_AT, 1);
            requireStop(written, 200, "the batch has format 3, expected 2");
        }
    }

    /** The CRC covers everything behind it, to the last byte, and nothing before. */
    @Test
    void everyByteBehindTheCrcIsCovered() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            for (int at = BatchLayout.CRC_AT; at < 100; at++) {
                written.damage(LOG, 200 + at, 1);
                requireStop(written, 200, "the batch has CRC");
                written.damage(LOG, 200 + at, 1);
            }
            written.damage(LOG, 200 + BatchLayout.LEADER_EPOCH_AT + 3, 1); // 5 instead of 4: it may have begun
            requireAll(written);
        }
    }

    @Test
    void offsetsThatCannotBeStopTheScan() throws Exception {
        try (WrittenSegment written = segment(50)) {
            written.add(50, 2, 100, 1);
            written.add(52, 2, 100, 1);
            written.putLong(LOG, 100, 51);
            requireStop(written, 100, "the batch claims offsets 51 to 52, expected 52 or above");
            written.putLong(LOG, 100, 49);
            requireStop(written, 100, "the batch claims offsets 49");
        }
        try (WrittenSegment written = segment(60)) {
            written.add(60, 2, 100, 1);
            written.add(changed(62, 1, batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, -1)));
            requireStop(written, 100, "the batch claims offsets 62 to 61");
        }
    }

    /** An index entry has 4 bytes for an offset relative to the segment's. */
    @Test
    void offsetsBeyondAnIndexsReachStopTheScan() throws Exception {
        long base = 70;
        try (WrittenSegment written = segment(base)) {
            written.active.append(
                    new ByteBuffer[] {WrittenSegment.batch(base + Integer.MAX_VALUE - 1L, 2, 100, 1, 4)}, 1);
            Found within = scan(written, Long.MAX_VALUE, NO_END);
            assertThat(within.complete()).isTrue();
            assertThat(within.scan().nextOffset()).isEqualTo(base + Integer.MAX_VALUE + 1L);
            written.putLong(LOG, 0, base + Integer.MAX_VALUE);
            requireStop(scan(written, Long.MAX_VALUE, NO_END), 0, "within reach of 70");
        }
    }

    @Test
    void anEpochThatFallsStopsTheScan() throws Exception {
        try (WrittenSegment written = segment(0)) {
            written.add(WrittenSegment.batch(0, 2, 100, 1, 5));
            written.add(WrittenSegment.batch(2, 2, 100, 1, 5));
            requireAll(written);
            written.putInt(LOG, 100 + BatchLayout.LEADER_EPOCH_AT, 3);
            requireStop(written, 100, "the batch has leader epoch 3, the one before it 5");
        }
    }

    @Test
    void aBatchThatReachesIntoTheNextSegmentStopsTheScan() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            requireAll(scan(written, 0, 6), written);
            requireStop(scan(written, 0, 5), 200, "the batch claims offsets up to 5, the next segment begins at 5");
        }
    }

    /** Base offset and epoch lie outside the CRC; the batch behind tells when one is too high. */
    @Test
    void aBaseOffsetThatIsTooHighIsTold() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            written.putLong(LOG, 100, 3);
            requireStop(written, 100, "the batch claims offset 3, expected 2");
            // Where compaction may have left gaps, the one behind tells: it begins with the last of these, or with 2.
            written.putLong(LOG, 100, 4);
            requireStop(scan(written, 100, NO_END), 100, "the batch claims offsets 4 to 5, the one behind it 4");
            written.putLong(LOG, 100, 3);
            requireStop(scan(written, 100, NO_END), 100, "the batch claims offsets 3 to 4, the one behind it 4");
            written.putLong(LOG, 100, 30);
            requireStop(scan(written, 100, NO_END), 100, "the batch claims offsets 30 to 31, the one behind it 4");
            written.putLong(LOG, 200, 2);
            requireStop(scan(written, 100, NO_END), 100, "the batch claims offsets 30 to 31, the one behind it 2");
            // One that begins below both tells nothing of the first: it is wrong itself.
            written.putLong(LOG, 200, 1);
            requireStop(scan(written, 100, NO_END), 200, "the batch claims offsets 1 to 2, expected 32");
            written.putLong(LOG, 200, 32);
            assertThat(scan(written, 100, NO_END).complete()).isTrue();
        }
    }

    @Test
    void aGapIsCompactionsAsFarAsCompactionCame() throws Exception {
        try (WrittenSegment written = segment(0)) {
            written.add(0, 2, 100, 1);
            written.add(6, 2, 100, 1);
            written.add(8, 2, 100, 1);
            requireAll(scan(written, 6, NO_END), written);
            requireStop(scan(written, 5, NO_END), 100, "the batch claims offset 6, expected 2");
        }
    }

    @Test
    void anEpochThatIsTooHighIsTold() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            written.putInt(LOG, 100 + BatchLayout.LEADER_EPOCH_AT, 6);
            requireStop(written, 100, "the batch claims leader epoch 6, the one behind it 4");
            written.putInt(LOG, 200 + BatchLayout.LEADER_EPOCH_AT, 5);
            requireStop(written, 100, "the batch claims leader epoch 6, the one behind it 5");
            written.putInt(LOG, 200 + BatchLayout.LEADER_EPOCH_AT, 6);
            Found risen = scan(written);
            requireAll(risen, written);
            assertThat(risen.scan().epochs()).hasToString("LeaderEpochs[4@0, 6@2]");
            // Nothing behind it that is intact: it may have begun there.
            written.damage(LOG, 299, 1);
            requireStop(written, 200, "the batch has CRC");
        }
        try (WrittenSegment written = segment(50).filled(3)) {
            written.putInt(LOG, 200 + BatchLayout.LEADER_EPOCH_AT, 7);
            requireAll(written);
        }
    }

    /** Four batches of {@code size} bytes behind each other, with these base offsets and epochs. */
    private WrittenSegment four(long base, int size, List<Integer> offsets, List<Integer> epochs) throws IOException {
        WrittenSegment written = segment(base);
        for (int n = 0; n < 4; n++) {
            written.add(WrittenSegment.batch(base + 2L * n, 2, size, 1, 4));
            written.putLong(LOG, (long) n * size, base + offsets.get(n));
            written.putInt(LOG, (long) n * size + BatchLayout.LEADER_EPOCH_AT, epochs.get(n));
        }
        return written;
    }

    /**
     * Of two batches that disagree one is damaged. It is the second when a third agrees with the first: then the first, which is
     * intact, stays.
     */
    @Test
    void aThirdBatchTellsWhichOfTwoIsDamaged() throws Exception {
        record Case(List<Integer> offsets, List<Integer> epochs, int damaged, String problem) {}
        List<Integer> same = List.of(4, 4, 4, 4);
        List<Integer> dense = List.of(0, 2, 4, 6);
        List<Case> cases = List.of(
                new Case(List.of(0, 6, 4, 8), same, 2, "expected 58 or above"),
                new Case(List.of(0, 6, 4, 12), same, 2, "expected 58 or above"),
                new Case(List.of(0, 6, 4, 7), same, 1, "offsets 56 to 57, the one behind it 54"),
                new Case(List.of(0, 6, 2, 4), same, 1, "offsets 56 to 57, the one behind it 52"),
                new Case(dense, List.of(4, 6, 5, 6), 2, "leader epoch 5, the one before it 6"),
                new Case(dense, List.of(4, 6, 4, 7), 2, "leader epoch 4, the one before it 6"),
                new Case(dense, List.of(4, 6, 5, 5), 1, "leader epoch 6, the one behind it 5"),
                new Case(List.of(0, 6, 4, 8), List.of(4, 6, 5, 6), 2, "expected 58 or above"),
                new Case(List.of(0, 6, 4, 8), List.of(4, 6, 5, 5), 1, "offsets 56 to 57, the one behind it 54"),
                new Case(List.of(0, 6, 4, 7), List.of(4, 6, 5, 6), 1, "offsets 56 to 57, the one behind it 54"));
        for (Case c : cases) {
            for (int size : new int[] {100, TailScan.CHUNK_BYTES / 2 + 100}) { // read together, and not
                try (WrittenSegment written = four(50, size, c.offsets(), c.epochs())) {
                    requireStop(scan(written, 200, NO_END), c.damaged() * size, c.problem());
                    // One that is broken tells nothing, nor does one that is not there.
                    written.damage(LOG, 4L * size - 1, 1);
                    requireStop(scan(written, 200, NO_END), size, "the one behind it");
                    written.truncate(LOG, 3L * size);
                    requireStop(scan(written, 200, NO_END), size, "the one behind it");
                }
                Files.delete(SegmentNames.in(directory, 50, LOG));
            }
        }
    }

    /** The file was preallocated, or got its length and not its bytes. */
    @Test
    void zerosBehindTheLastBatchAreNone() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            for (int zeros : new int[] {1, 60, 61, 5000, (2 << 20) + 1}) {
                written.truncate(LOG, 300);
                written.truncate(LOG, 300L + zeros);
                requireAll(written);
                written.damage(LOG, 299L + zeros, 1);
                assertThat(scan(written).complete()).as("%d", zeros).isFalse();
                assertThat(scan(written).bytes()).isEqualTo(300);
                written.damage(LOG, 299L + zeros, 1);
                written.damage(LOG, 300, 1);
                assertThat(scan(written).complete()).isFalse();
                written.damage(LOG, 300, 1);
            }
            assertThat(TailScan.onlyZeros(written.active.log(), 300, 1000)).isTrue();
            assertThat(TailScan.onlyZeros(written.active.log(), 299, 1000)).isTrue(); // the last batch ends in one
            assertThat(TailScan.onlyZeros(written.active.log(), 200, 1000)).isFalse();
            assertThat(TailScan.onlyZeros(written.active.log(), 300, 300)).isTrue();
            long size = written.active.log().size();
            assertThat(TailScan.onlyZeros(written.active.log(), 300, (int) size + 1))
                    .as("what is not there is no zero")
                    .isFalse();
        }
    }

    @Test
    void aFileThatEndsBeforeItsLengthIsAnError() throws Exception {
        try (WrittenSegment written = segment(0).filled(3)) {
            ActiveSegment segment = ActiveSegment.rebuilding(written.active.files());
            TailScan scan = new TailScan(0, LeaderEpochs.NONE, INTERVAL, 0);
            assertThatThrownBy(() -> scan.scan(segment, 400, NO_END))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("ended at byte 300, its length is 400");
            written.truncate(LOG, 270);
            TailScan another = new TailScan(0, LeaderEpochs.NONE, INTERVAL, 0);
            assertThatThrownBy(() -> another.scan(ActiveSegment.rebuilding(written.active.files()), 300, NO_END))
                    .hasMessageContaining("ended at byte 270, its length is 300");
        }
    }

    /** As whoever has met something broken asks. */
    private static boolean intactFrom(WrittenSegment written, int from, int fileBytes) throws IOException {
        Found found = scan(written);
        return found.scan().anythingIntactFrom(written.active.log(), written.active.baseOffset(), from, fileBytes);
    }

    /** Where lengths cannot be believed any more, each byte may begin a batch; one that cannot belong here does not count. */
    @Test
    void anIntactBatchIsFoundAtAnyByte() throws Exception {
        try (WrittenSegment written = segment(50).filled(1)) {
            ByteBuffer junk = ByteBuffer.allocate(37);
            while (junk.hasRemaining()) {
                junk.put((byte) 2); // each position looks like a batch of format 2
            }
            written.active.append(new ByteBuffer[] {junk.flip()}, 1);
            written.active.append(new ByteBuffer[] {WrittenSegment.batch(60, 2, 100, 1, 4)}, 1);
            Found found = scan(written);
            requireStop(found, 100, "");
            int size = (int) written.active.log().size();
            assertThat(intactFrom(written, 101, size)).isTrue();
            assertThat(intactFrom(written, 137, size)).isTrue();
            assertThat(intactFrom(written, 138, size)).isFalse();
            assertThat(intactFrom(written, 101, size - 1)).isFalse();
            written.putLong(LOG, 137, 52); // it may follow
            assertThat(intactFrom(written, 101, size)).isTrue();
            written.putLong(LOG, 137, 51); // an old one
            assertThat(intactFrom(written, 101, size)).isFalse();
            written.putLong(LOG, 137, 50L + Integer.MAX_VALUE - 1);
            assertThat(intactFrom(written, 101, size)).isTrue();
            written.putLong(LOG, 137, 50L + Integer.MAX_VALUE + 1);
            assertThat(intactFrom(written, 101, size)).isFalse();
        }
        try (WrittenSegment written = segment(80).filled(2)) {
            written.damage(LOG, 99, 1);
            Found found = scan(written);
            requireStop(found, 0, "");
            written.truncate(LOG, 161);
            assertThat(intactFrom(written, 1, 161)).isFalse();
        }
        // The last that fits is no more than a header.
        try (WrittenSegment written = segment(90)) {
            written.add(90, 1, 100, 1);
            written.add(91, 1, 61, 1);
            written.damage(LOG, 99, 1);
            assertThat(intactFrom(written, 1, 161)).isTrue();
        }
    }

    @Test
    void aSegmentBehindAGapBeginsWhereItSays() throws Exception {
        TailScan scan = new TailScan(5, LeaderEpochs.NONE, INTERVAL, 0);
        scan.enter(9);
        assertThat(scan.nextOffset()).isEqualTo(9);
        scan.enter(7);
        assertThat(scan.nextOffset()).isEqualTo(9);
    }
}
