package io.odradek.bench.jmh;

import java.util.Locale;

/**
 * How many times as fast one system is as another.
 *
 * @param low the same when both are as wrong as their intervals allow, to the worse; not a number when these are unknown
 * @param high and to the better
 */
record Ratio(double value, double low, double high) {

    /** Of the same run, the times of two systems for one operation. */
    static Ratio asFastAs(Figure ours, Figure peer) {
        double slowest = ours.nanos() + ours.errorNanos();
        double fastest = ours.nanos() - ours.errorNanos();
        double low = (peer.nanos() - peer.errorNanos()) / slowest;
        return new Ratio(
                peer.nanos() / ours.nanos(),
                Math.max(0, low),
                // an interval that reaches down to no time at all says nothing
                fastest > 0 ? (peer.nanos() + peer.errorNanos()) / fastest : Double.POSITIVE_INFINITY);
    }

    @Override
    public String toString() {
        return Double.isNaN(low)
                ? String.format(Locale.ROOT, "%.3g", value)
                : String.format(Locale.ROOT, "%.3g (%.3g .. %.3g)", value, low, high);
    }
}
