package io.odradek.engine.recovery;

import static io.odradek.engine.segment.SegmentNames.CLEANED;
import static io.odradek.engine.segment.SegmentNames.DELETED;
import static io.odradek.engine.segment.SegmentNames.LOG;
import static io.odradek.engine.segment.SegmentNames.OFFSET_INDEX;
import static io.odradek.engine.segment.SegmentNames.PRODUCER_SNAPSHOT;
import static io.odradek.engine.segment.SegmentNames.SWAP;
import static io.odradek.engine.segment.SegmentNames.TEMPORARY;
import static io.odradek.engine.segment.SegmentNames.TIME_INDEX;
import static io.odradek.engine.segment.SegmentNames.TRANSACTION_INDEX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.NotedStore;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.WrittenSegment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's rules for what a crash leaves of deletions and compactions, one after another. */
class LeftoversTest {
    @TempDir
    Path directory;

    private final NotedStore store = new NotedStore(new DiskFileStore());

    /** A file whose content is its name, unless it has batches. */
    private void file(long base, String suffix) throws IOException {
        String name = SegmentNames.of(base, suffix);
        Files.writeString(directory.resolve(name), name);
    }

    private void segment(long base) throws IOException {
        file(base, LOG);
        file(base, OFFSET_INDEX);
        file(base, TIME_INDEX);
    }

    /** What compaction made of the segments in {@code [base, end)}: two batches and a gap between them. */
    private byte[] swap(long base, long end) throws IOException {
        ByteArrayOutputStream batches = new ByteArrayOutputStream();
        for (ByteBuffer batch :
                new ByteBuffer[] {WrittenSegment.batch(base, 2, 100, 7, 1), WrittenSegment.batch(end - 2, 2, 200, 8, 1)
                }) {
            byte[] bytes = new byte[batch.limit()];
            batch.get(0, bytes);
            batches.writeBytes(bytes);
        }
        Files.write(directory.resolve(SegmentNames.of(base, LOG + SWAP)), batches.toByteArray());
        file(base, OFFSET_INDEX + SWAP);
        file(base, TIME_INDEX + SWAP);
        return batches.toByteArray();
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                contents.put(
                        file.getFileName().toString(),
                        Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    /** And says before, by the names, whether there is anything to do: what a clean stop writes down. */
    private void remove() throws IOException {
        int before = store.operations.size();
        boolean none = Leftovers.none(store.list(directory));
        Leftovers.remove(store, directory);
        assertThat(none).isEqualTo(store.operations.size() == before);
    }

    private String directorySync() {
        return "sync directory " + directory.getFileName();
    }

    @Test
    void whereNothingIsLeftNothingIsDone() throws Exception {
        segment(0);
        segment(10);
        file(10, TRANSACTION_INDEX);
        file(20, PRODUCER_SNAPSHOT); // at the log's end: it belongs to no segment yet
        Files.writeString(directory.resolve("leader-epoch-checkpoint"), "");
        Files.writeString(directory.resolve("partition.metadata"), "");
        Map<String, String> before = contents();
        remove();
        assertThat(contents()).isEqualTo(before);
        assertThat(store.operations).isEmpty();
    }

    @Test
    void whatIsNoPartOfTheLogGoesForGood() throws Exception {
        for (String suffix : new String[] {
            LOG + DELETED,
            PRODUCER_SNAPSHOT + DELETED,
            OFFSET_INDEX + TEMPORARY,
            LOG + CLEANED,
            TIME_INDEX + CLEANED,
            OFFSET_INDEX + SWAP + DELETED
        }) {
            segment(0);
            Map<String, String> before = contents();
            file(0, suffix);
            store.operations.clear();
            remove();
            assertThat(contents()).as(suffix).isEqualTo(before);
            assertThat(store.operations)
                    .as(suffix)
                    .containsSubsequence("delete " + SegmentNames.of(0, suffix), directorySync());
        }
    }

    /** Those it covers go, durably, before it gets its name: else the same offsets could be there twice. */
    @Test
    void aFinishedCompactionTakesThePlaceOfWhatItCovers() throws Exception {
        for (long base : new long[] {0, 10, 20, 28, 30, 40}) {
            segment(base);
            file(base, TRANSACTION_INDEX);
            file(base, PRODUCER_SNAPSHOT);
        }
        Map<String, String> before = contents();
        byte[] batches = swap(10, 30);
        remove();
        Map<String, String> expected = new TreeMap<>(before);
        for (long base : new long[] {10, 20, 28}) {
            for (String suffix : new String[] {LOG, OFFSET_INDEX, TIME_INDEX, TRANSACTION_INDEX}) {
                expected.remove(SegmentNames.of(base, suffix));
            }
        }
        expected.put(SegmentNames.of(10, LOG), new String(batches, java.nio.charset.StandardCharsets.ISO_8859_1));
        expected.put(SegmentNames.of(10, OFFSET_INDEX), SegmentNames.of(10, OFFSET_INDEX + SWAP));
        expected.put(SegmentNames.of(10, TIME_INDEX), SegmentNames.of(10, TIME_INDEX + SWAP));
        assertThat(contents()).isEqualTo(expected);
        assertThat(store.operations)
                .containsSubsequence(
                        "delete " + SegmentNames.of(20, LOG),
                        directorySync(),
                        "rename " + SegmentNames.of(10, LOG + SWAP) + " to " + SegmentNames.of(10, LOG),
                        directorySync());
        assertThat(store.operations).last().isEqualTo(directorySync());
        store.operations.clear();
        remove();
        assertThat(store.operations)
                .as("the second time there is nothing to do")
                .isEmpty();
    }

    /** A crash in the middle of the deletions, or behind them. */
    @Test
    void aSwapIsFinishedWhateverIsLeftOfWhatItCovers() throws Exception {
        segment(30);
        file(20, OFFSET_INDEX);
        swap(10, 30);
        remove();
        assertThat(contents())
                .containsOnlyKeys(
                        SegmentNames.of(10, LOG),
                        SegmentNames.of(10, OFFSET_INDEX),
                        SegmentNames.of(10, TIME_INDEX),
                        SegmentNames.of(30, LOG),
                        SegmentNames.of(30, OFFSET_INDEX),
                        SegmentNames.of(30, TIME_INDEX));
    }

    @Test
    void severalSwapsAreFinished() throws Exception {
        for (long base : new long[] {0, 10, 20, 30}) {
            segment(base);
        }
        swap(20, 40);
        swap(0, 20);
        remove();
        assertThat(contents().keySet())
                .filteredOn(name -> name.endsWith(LOG))
                .containsExactly(SegmentNames.of(0, LOG), SegmentNames.of(20, LOG));
        assertThat(contents().get(SegmentNames.of(20, OFFSET_INDEX)))
                .isEqualTo(SegmentNames.of(20, OFFSET_INDEX + SWAP));
    }

    /** The last renames of a swap were lost: its log file has its name already. */
    @Test
    void anIndexThatMissedItsLastRenameGetsIt() throws Exception {
        segment(10);
        file(10, TIME_INDEX + SWAP);
        file(20, OFFSET_INDEX + SWAP); // nothing of that name was ever there
        remove();
        assertThat(contents())
                .containsOnlyKeys(
                        SegmentNames.of(10, LOG), SegmentNames.of(10, OFFSET_INDEX), SegmentNames.of(10, TIME_INDEX))
                .containsEntry(SegmentNames.of(10, TIME_INDEX), SegmentNames.of(10, TIME_INDEX + SWAP));
        assertThat(store.operations).last().isEqualTo(directorySync());
    }

    /** The segments of one compaction are renamed from the last to the first: above the lowest that is not, nothing counts. */
    @Test
    void aCompactionThatWasNotFinishedLeavesTheOldSegments() throws Exception {
        for (long base : new long[] {0, 10, 20, 30}) {
            segment(base);
        }
        Map<String, String> before = contents();
        file(10, LOG + CLEANED);
        file(20, LOG + CLEANED);
        swap(20, 40);
        swap(10, 20);
        remove();
        assertThat(contents()).isEqualTo(before);
    }

    @Test
    void aSwapBelowAnUnfinishedCompactionIsFinished() throws Exception {
        for (long base : new long[] {0, 10, 20, 30}) {
            segment(base);
        }
        Map<String, String> before = contents();
        file(20, TIME_INDEX + CLEANED);
        file(30, LOG + CLEANED);
        byte[] batches = swap(0, 20);
        swap(20, 40);
        remove();
        assertThat(contents())
                .containsEntry(
                        SegmentNames.of(0, LOG), new String(batches, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContainKey(SegmentNames.of(10, LOG))
                .containsEntry(SegmentNames.of(20, LOG), before.get(SegmentNames.of(20, LOG)))
                .containsEntry(SegmentNames.of(20, OFFSET_INDEX), before.get(SegmentNames.of(20, OFFSET_INDEX)))
                .containsEntry(SegmentNames.of(30, LOG), before.get(SegmentNames.of(30, LOG)));
    }

    /** What it says it covers would be deleted. */
    @Test
    void aDamagedSwapDeletesNothing() throws Exception {
        segment(0);
        segment(10);
        byte[] batches = swap(0, 20);
        batches[299] ^= 1;
        Files.write(directory.resolve(SegmentNames.of(0, LOG + SWAP)), batches);
        Map<String, String> before = contents();
        assertThatThrownBy(() -> Leftovers.remove(store, directory))
                .isInstanceOfSatisfying(
                        CorruptLogException.class, e -> assertThat(e.position()).isEqualTo(100));
        assertThat(contents()).isEqualTo(before);
    }

    @Test
    void indexesWithoutTheirSegmentGoAndSnapshotsStay() throws Exception {
        segment(0);
        file(10, TRANSACTION_INDEX);
        file(10, PRODUCER_SNAPSHOT);
        remove();
        assertThat(contents()).doesNotContainKey(SegmentNames.of(10, TRANSACTION_INDEX));
        assertThat(contents()).containsKey(SegmentNames.of(10, PRODUCER_SNAPSHOT));
        assertThat(store.operations).last().isEqualTo(directorySync());
    }

    @Test
    void strangeNamesAreLeftAloneUnlessTheyAreLeftovers() throws Exception {
        for (String name : new String[] {"notes", ".hidden", "7.index", "x.swap", "x.cleaned", "y.tmp"}) {
            Files.writeString(directory.resolve(name), "");
        }
        segment(0);
        swap(0, 4);
        remove();
        assertThat(contents()).containsKeys("notes", ".hidden", "7.index");
        assertThat(contents()).doesNotContainKeys("x.swap", "x.cleaned", "y.tmp");
        assertThat(contents().get(SegmentNames.of(0, OFFSET_INDEX)))
                .as("a name that is no offset holds no swap up")
                .isEqualTo(SegmentNames.of(0, OFFSET_INDEX + SWAP));
    }
}
