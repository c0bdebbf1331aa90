package io.odradek.spec.powerloss;

import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.util.List;

/**
 * The disks that crashes may leave: all of them when a crash has at most so many ({@code -Dodradek.crash.disks}), else a
 * number that is drawn; and always what a killed process leaves. Counts what it showed.
 */
final class CrashDisks {
    private static final int DRAWN = 6;
    private final int bound;
    private long points;
    private long exhausted;
    private long shown;

    /** @param usualBound when nobody sets another */
    CrashDisks(int usualBound) {
        bound = Integer.getInteger("odradek.crash.disks", usualBound);
    }

    interface Check {
        /** @param where for the message of a failure */
        void check(SimulatedFileStore found, String where) throws Exception;
    }

    /** Shows each disk that the crash of {@code store} may leave. */
    void each(SimulatedFileStore store, String where, Check check) throws Exception {
        points++;
        List<SimulatedFileStore> all = store.everyDiskAfterCrash(bound);
        try {
            for (int n = 0; n < all.size(); n++) {
                show(all.get(n), where + ", disk " + n + " of " + all.size(), check);
            }
            if (all.isEmpty()) {
                for (long seed = 0; seed < DRAWN; seed++) {
                    show(store.afterCrash(seed), where + ", disk drawn by seed " + seed, check);
                }
            } else {
                exhausted++;
            }
            show(store.afterKill(), where + ", killed", check);
        } catch (IOException refused) {
            throw new AssertionError(where + ": does not open", refused);
        }
    }

    private void show(SimulatedFileStore found, String where, Check check) throws Exception {
        shown++;
        check.check(found, where);
    }

    void report(String what) {
        System.out.printf(
                "%s: %d crash points, %d of them with every disk they may leave (at most %d), %d disks, each recovered"
                        + " twice%n",
                what, points, exhausted, bound, shown);
    }
}
