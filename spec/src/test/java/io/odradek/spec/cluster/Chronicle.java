package io.odradek.spec.cluster;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** What happened: the last lines of it, a checksum over all, and how often each kind of thing did. */
final class Chronicle {
    private static final int LINES_KEPT = Integer.getInteger("odradek.cluster.lines", 400);

    private final Timeline time;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final CRC32C checksum = new CRC32C();

    Chronicle(Timeline time) {
        this.time = time;
    }

    void say(String line) {
        String at = time.nowMs() + " " + line;
        checksum.update(at.getBytes(StandardCharsets.UTF_8));
        if (lines.size() == LINES_KEPT) {
            lines.removeFirst();
        }
        lines.addLast(at);
    }

    void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    Map<String, Integer> counts() {
        return counts;
    }

    String last() {
        return String.join("\n", lines);
    }

    /** Equal for equal histories. */
    long checksum() {
        return checksum.getValue();
    }
}
