package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Both indexes against a list of their entries that is searched from the beginning. */
class IndexesTest {
    private static final long BASE = 5_000_000_000L;

    private record Entry(long offset, long value) {}

    /** Where the batches are: small steps, so that neighbours are met. */
    private static List<Entry> entries(Random random, int count) {
        List<Entry> entries = new ArrayList<>();
        long offset = BASE - 1;
        int value = -1;
        for (int n = 0; n < count; n++) {
            offset += 1 + random.nextInt(3);
            value += 1 + random.nextInt(3);
            entries.add(new Entry(offset, value));
        }
        return entries;
    }

    private static OffsetIndex offsetIndex(List<Entry> entries) {
        OffsetIndex index = OffsetIndex.empty(BASE);
        entries.forEach(entry -> index.append(entry.offset(), (int) entry.value()));
        return index;
    }

    private static TimeIndex timeIndex(List<Entry> entries) {
        TimeIndex index = TimeIndex.empty(BASE);
        entries.forEach(entry -> index.appendIfLater(entry.value(), entry.offset()));
        return index;
    }

    private static List<Entry> entries(OffsetIndex index) {
        List<Entry> entries = new ArrayList<>();
        for (int n = 0; n < index.count(); n++) {
            entries.add(new Entry(index.offset(n), index.position(n)));
        }
        return entries;
    }

    private static List<Entry> entries(TimeIndex index) {
        List<Entry> entries = new ArrayList<>();
        for (int n = 0; n < index.count(); n++) {
            entries.add(new Entry(index.offset(n), index.timestamp(n)));
        }
        return entries;
    }

    private static ByteBuffer file(ByteBuffer bytes) {
        return ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip().asReadOnlyBuffer();
    }

    /** More than the room that is made at first, so that it has to grow; also over the bytes of a file. */
    @Property(tries = 60)
    void theOffsetIndexFindsWhatAWalkFinds(@ForAll long seed, @ForAll @IntRange(max = 200) int count) {
        Random random = new Random(seed);
        List<Entry> all = entries(random, count);
        OffsetIndex grown = offsetIndex(all);
        OffsetIndex mapped = OffsetIndex.over(BASE, file(grown.bytes(0, count)));
        for (OffsetIndex index : List.of(grown, mapped)) {
            assertThat(entries(index)).isEqualTo(all);
            assertThat(index.baseOffset()).isEqualTo(BASE);
            for (int probe = 0; probe < 30; probe++) {
                long offset = BASE - 2 + random.nextLong(3L * count + 4);
                int position = random.nextInt(3 * count + 2) - 1;
                int byOffset = -1;
                int byPosition = -1;
                for (int n = 0; n < count; n++) {
                    byOffset = all.get(n).offset() <= offset ? n : byOffset;
                    byPosition = all.get(n).value() <= position ? n : byPosition;
                }
                assertThat(index.entryAtOrBelow(offset)).isEqualTo(byOffset);
                assertThat(index.entryAtOrBelowPosition(position)).isEqualTo(byPosition);
                assertThat(entries(index.truncatedTo(offset)))
                        .isEqualTo(all.stream()
                                .filter(entry -> entry.offset() < offset)
                                .toList());
            }
        }
    }

    @Property(tries = 60)
    void theTimeIndexFindsWhatAWalkFinds(@ForAll long seed, @ForAll @IntRange(max = 200) int count) {
        Random random = new Random(seed);
        List<Entry> all = entries(random, count);
        TimeIndex grown = timeIndex(all);
        TimeIndex mapped = TimeIndex.over(BASE, file(grown.bytes(0, count)));
        for (TimeIndex index : List.of(grown, mapped)) {
            assertThat(entries(index)).isEqualTo(all);
            assertThat(index.lastTimestamp())
                    .isEqualTo(all.isEmpty() ? -1 : all.getLast().value());
            for (int probe = 0; probe < 30; probe++) {
                long timestamp = random.nextLong(3L * count + 2) - 1;
                long offset = BASE - 2 + random.nextLong(3L * count + 4);
                int found = -1;
                for (int n = 0; n < count; n++) {
                    found = all.get(n).value() <= timestamp ? n : found;
                }
                assertThat(index.entryAtOrBelow(timestamp)).isEqualTo(found);
                assertThat(entries(index.truncatedTo(offset)))
                        .isEqualTo(all.stream()
                                .filter(entry -> entry.offset() < offset)
                                .toList());
            }
        }
    }

    /** A mapping cannot grow, and may be somebody else's: only a copy does. */
    @Test
    void anIndexOverAFileDoesNotGrowAndACopyOfItDoes() {
        List<Entry> all = entries(new Random(1), 5);
        OffsetIndex index = OffsetIndex.over(BASE, file(offsetIndex(all).bytes(0, 5)));
        assertThatThrownBy(() -> index.append(BASE + 100, 200)).isInstanceOf(IllegalStateException.class);
        OffsetIndex copy = index.truncatedTo(Long.MAX_VALUE);
        copy.append(BASE + 100, 200);
        assertThat(entries(copy)).startsWith(all.toArray(Entry[]::new)).endsWith(new Entry(BASE + 100, 200));
        assertThat(entries(index)).isEqualTo(all);
    }

    /** Recovery copies what a file has, and judges the copy. */
    @Test
    void aCopyOfDamagedEntriesIsWhatTheyAre() {
        int[] columns = new int[2 * (IndexEntries.FIRST_CHUNK + 3)];
        columns[1] = 7;
        OffsetIndex copy = raw(columns).truncatedTo(BASE + 1);
        assertThat(copy.count()).isEqualTo(IndexEntries.FIRST_CHUNK + 3);
        assertThat(copy.bytes(0, copy.count())).isEqualTo(raw(columns).bytes(0, copy.count()));
        assertThat(copy.isPlausible(Integer.MAX_VALUE)).isFalse();
    }

    /** Around each place where a chunk ends: those that double, and those that have reached their size. */
    @Test
    void entriesAreFoundInEveryChunk() {
        Random random = new Random(1);
        List<Entry> all = entries(random, 3 * IndexEntries.LARGEST_CHUNK + 100);
        OffsetIndex offsets = offsetIndex(all);
        TimeIndex times = timeIndex(all);
        assertThat(entries(offsets)).isEqualTo(all);
        assertThat(entries(times)).isEqualTo(all);
        assertThat(entries(OffsetIndex.over(BASE, offsets.bytes(0, all.size()))))
                .isEqualTo(all);
        assertThat(entries(OffsetIndex.over(BASE, offsets.bytes(0, all.size())).truncatedTo(Long.MAX_VALUE)))
                .isEqualTo(all);
        for (int end = IndexEntries.FIRST_CHUNK; end <= all.size(); end += IndexEntries.FIRST_CHUNK) {
            for (int n = end - 1; n <= end && n < all.size(); n++) {
                Entry entry = all.get(n);
                assertThat(offsets.entryAtOrBelow(entry.offset())).isEqualTo(n);
                assertThat(offsets.entryAtOrBelowPosition((int) entry.value())).isEqualTo(n);
                assertThat(times.entryAtOrBelow(entry.value())).isEqualTo(n);
                int from = random.nextInt(n + 1);
                assertThat(entries(OffsetIndex.over(BASE, offsets.bytes(from, n))))
                        .isEqualTo(all.subList(from, n));
            }
        }
    }

    /** What a segment holds while little or much of it is written: a bound on memory that no heap counts. */
    @Test
    void memoryIsAtMostTwiceTheEntriesUntilAChunkHasItsSizeAndThenOneChunkMore() {
        long[] held = new long[1];
        IndexEntries entries = IndexEntries.empty(Integer.BYTES, sizeBytes -> {
            held[0] += sizeBytes;
            return ByteBuffer.allocate(sizeBytes);
        });
        assertThat(held[0]).as("empty").isZero();
        for (int n = 0; n < 5 * IndexEntries.LARGEST_CHUNK; n++) {
            entries.append(n, n);
            int room = Math.max(IndexEntries.FIRST_CHUNK, Math.min(2 * n, n + IndexEntries.LARGEST_CHUNK));
            assertThat(held[0]).isBetween(8L * (n + 1), 8L * room);
        }
        // What is resumed from a file holds as much as what has grown to it.
        for (int kept = 0; kept <= entries.count(); kept = 2 * kept + 1) {
            long[] grown = new long[1];
            IndexEntries anew = IndexEntries.empty(Integer.BYTES, sizeBytes -> {
                grown[0] += sizeBytes;
                return ByteBuffer.allocate(sizeBytes);
            });
            for (int n = 0; n < kept; n++) {
                anew.append(n, n);
            }
            long[] copied = new long[1];
            entries.first(kept, sizeBytes -> {
                copied[0] += sizeBytes;
                return ByteBuffer.allocate(sizeBytes);
            });
            assertThat(copied[0]).as("%d entries", kept).isEqualTo(grown[0]);
        }
    }

    @Test
    void aCopyGrowsOnItsOwn() {
        OffsetIndex index = offsetIndex(entries(new Random(1), 5));
        OffsetIndex copy = index.truncatedTo(Long.MAX_VALUE);
        copy.append(BASE + 100, 200);
        assertThat(index.count()).isEqualTo(5);
        assertThat(copy.count()).isEqualTo(6);
    }

    @Test
    void bytesAreThoseOfTheEntriesAskedFor() {
        OffsetIndex index = offsetIndex(entries(new Random(1), 5));
        assertThat(OffsetIndex.over(BASE, index.bytes(1, 4)).offset(0)).isEqualTo(index.offset(1));
        assertThat(index.bytes(1, 4).remaining()).isEqualTo(24);
        TimeIndex times = timeIndex(entries(new Random(1), 5));
        assertThat(TimeIndex.over(BASE, times.bytes(2, 4)).timestamp(0)).isEqualTo(times.timestamp(2));
        assertThat(times.bytes(2, 4).remaining()).isEqualTo(24);
    }

    @Test
    void anEntryThatDoesNotRiseInBothColumnsIsOurMistake() {
        OffsetIndex index = OffsetIndex.empty(BASE);
        index.append(BASE + 3, 7);
        assertThatThrownBy(() -> index.append(BASE + 3, 8)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> index.append(BASE + 4, 7)).isInstanceOf(AssertionError.class);
        assertThat(index.count()).isEqualTo(1);
    }

    private static OffsetIndex raw(int... columns) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * columns.length);
        for (int column : columns) {
            bytes.putInt(column);
        }
        return OffsetIndex.over(BASE, bytes.flip());
    }

    /** Each column alone, and each bound at its edge. */
    @Test
    void aFileIsBelievedOnlyWhenBothColumnsRiseWithinTheSegment() {
        assertThat(raw().isPlausible(0)).isTrue();
        assertThat(raw(0, 0).isPlausible(1)).isTrue();
        assertThat(raw(3, 0, 4, 1).isPlausible(2)).isTrue();
        assertThat(raw(3, 0, 4, 2).isPlausible(2)).isFalse();
        assertThat(raw(3, 0, 3, 1).isPlausible(9)).isFalse();
        assertThat(raw(3, 1, 4, 1).isPlausible(9)).isFalse();
        assertThat(raw(-1, 1).isPlausible(9)).isFalse();
        assertThat(raw(1, -1).isPlausible(9)).isFalse();
        TimeIndex times = TimeIndex.empty(BASE);
        times.appendIfLater(10, BASE + 4);
        assertThat(times.isPlausible(BASE + 5)).isTrue();
        assertThat(times.isPlausible(BASE + 4)).isFalse();
    }
}
