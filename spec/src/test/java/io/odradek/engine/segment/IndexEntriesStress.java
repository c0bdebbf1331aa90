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
        private final IndexEntries entries = IndexEntries.empty(Integer.BYTES);

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

    /** There is none: the larger buffer, then the count. */
    @JCStressTest
    @Outcome(id = "1, 10, 7", expect = Expect.ACCEPTABLE, desc = "before")
    @Outcome(id = "2, 20, 8", expect = Expect.ACCEPTABLE, desc = "after")
    @State
    public static class ALargerBufferIsThereBeforeWhatNeedsIt {
        private final IndexEntries entries = IndexEntries.over(
                Integer.BYTES,
                ByteBuffer.allocate(2 * Integer.BYTES).putInt(0, 10).putInt(4, 7));

        @Actor
        public void append() {
            entries.append(20, 8);
        }

        @Actor
        public void read(III_Result seen) {
            look(entries, seen);
        }
    }

    /** A search takes the count before the buffer. */
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "before")
    @Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "after the first search")
    @Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "after")
    @State
    public static class ASearchHasRoomForWhatItCounts {
        private final IndexEntries entries = IndexEntries.over(
                Integer.BYTES,
                ByteBuffer.allocate(2 * Integer.BYTES).putInt(0, 10).putInt(4, 7));

        @Actor
        public void append() {
            entries.append(20, 8);
        }

        @Actor
        public void search(III_Result found) {
            try {
                found.r2 = entries.lastValueAtOrBelow(8);
                found.r1 = entries.lastKeyAtOrBelow(20);
            } catch (IndexOutOfBoundsException e) {
                found.r3 = -1; // looked into the old buffer for what only the new one has
            }
        }
    }
}
