package io.odradek.engine.segment;

import io.odradek.engine.TellingThread;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/** The append thread adds index entries while readers search: who sees the count sees the entries. */
class IndexInterleavingsTest {
    private static final int INTERLEAVINGS = Integer.getInteger("odradek.interleavings", 500);

    @Test
    void anEntryIsWholeBeforeItCounts() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            OffsetIndex index = OffsetIndex.empty(0);
            TellingThread reader = TellingThread.start(() -> {
                int n = index.count();
                if (n > 0 && (index.offset(n - 1) != 10L * n || index.position(n - 1) != 100 * n)) {
                    throw new AssertionError("entry " + n + " counts and is not there");
                }
            });
            index.append(10, 100);
            index.append(20, 200);
            reader.join();
        });
    }
}
