package io.odradek.engine.segment;

import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Whoever sees an index's count sees the entries below it. */
public final class IndexEntriesStress {
    private IndexEntriesStress() {}

    /** One chunk, and it is full. */
    private static final IndexEntries FULL = filled();

    private static IndexEntries filled() {
        IndexEntries entries = IndexEntries.empty(Integer.BYTES, ByteBuffer::allocate);
        for (int n = 0; n < IndexEntries.FIRST_CHUNK; n++) {
            entries.append(n, n);
        }
        return entries;
    }

    /** Cheap, and on the heap: there is one of them for each try. */
    private static IndexEntries full() {
        return FULL.first(IndexEntries.FIRST_CHUNK, ByteBuffer::allocate);
    }

    private static void look(IndexEntries entries, III_Result seen) {
        int count = entries.count();
        seen.r1 = count;
        seen.r2 = count == 0 ? 0 : (int) entries.key(count - 1);
        seen.r3 = count == 0 ? 0 : entries.value(count - 1);
    }

    /** There is room: the entry's bytes, then the count. */
    @JCStressTest
    @Outcome(id = "1, 10, 7", expect = Expect.ACCEPTABLE, desc = "before")
    @Outcome(id = "2, 20, 8", expect = Expect.ACCEPTABLE, desc = "after the first")
    @Outcome(id = "3, 30, 9", expect = Expect.ACCEPTABLE, desc = "after the second")
    @State
    public static class AnEntryIsThereBeforeItIsCounted {
        private final IndexEntries entries = IndexEntries.empty(Integer.BYTES, ByteBuffer::allocate);

        public AnEntryIsThereBeforeItIsCounted() {
            entries.append(10, 7); // and makes room for more
        }

        @Actor
        public void append() {
            entries.append(20, 8);
            entries.append(30, 9);
        }

        @Actor
        public void read(III_Result seen) {
            look(entries, seen);
        }
    }

    /** There is none: a chunk more, then the count. */
    @JCStressTest
    @Outcome(id = "64, 63, 63", expect = Expect.ACCEPTABLE, desc = "before")
    @Outcome(id = "65, 100, 200", expect = Expect.ACCEPTABLE, desc = "after")
    @State
    public static class AnotherChunkIsThereBeforeWhatNeedsIt {
        private final IndexEntries entries = full();

        @Actor
        public void append() {
            entries.append(100, 200);
        }

        @Actor
        public void read(III_Result seen) {
            try {
                look(entries, seen);
            } catch (NullPointerException e) {
                seen.r1 = -1; // a chunk was counted that is not listed yet
            }
        }
    }

    /** A search takes the count before the chunks. */
    @JCStressTest
    @Outcome(id = "63, 63, 0", expect = Expect.ACCEPTABLE, desc = "before")
    @Outcome(id = "64, 63, 0", expect = Expect.ACCEPTABLE, desc = "after the first search")
    @Outcome(id = "64, 64, 0", expect = Expect.ACCEPTABLE, desc = "after")
    @State
    public static class ASearchHasRoomForWhatItCounts {
        private final IndexEntries entries = full();

        @Actor
        public void append() {
            entries.append(100, 200);
        }

        @Actor
        public void search(III_Result found) {
            try {
                found.r2 = entries.lastValueAtOrBelow(200);
                found.r1 = entries.lastKeyAtOrBelow(100);
            } catch (IndexOutOfBoundsException e) {
                found.r3 = -1; // looked among the old chunks for what only the new one has
            }
        }
    }
}
