package io.odradek.bench.jmh;

import java.util.Locale;
import java.util.Map;

/** Something to reach, as a ratio of figures of one run. Said, never asserted: a busy machine is no failure of the code. */
sealed interface Goal {

    /** The system of ours that should reach it. */
    String system();

    /** The rows it is about. */
    Map<String, String> where();

    /** In words, for the table. */
    String text();

    /** At least so many times as fast as the peer. */
    record AsFast(String system, String peer, Map<String, String> where, double atLeast) implements Goal {
        @Override
        public String text() {
            return String.format(Locale.ROOT, "at least %s x as fast as %s", plain(atLeast), peer);
        }
    }

    /** At most this part of the peer's time. */
    record ShareOfTime(String system, String peer, Map<String, String> where, double atMost) implements Goal {
        @Override
        public String text() {
            return String.format(Locale.ROOT, "at most %s x the time of %s", plain(atMost), peer);
        }
    }

    /**
     * At most so many bytes of heap.
     *
     * @param counter that has them
     * @param perCounter that has what they are divided by
     */
    record Allocates(String system, String counter, String perCounter, Map<String, String> where, double atMost)
            implements Goal {
        @Override
        public String text() {
            return String.format(Locale.ROOT, "%s: at most %s B a batch", counter, plain(atMost));
        }
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }
}
