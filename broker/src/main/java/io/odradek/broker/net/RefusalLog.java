package io.odradek.broker.net;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per refused client, and no more than {@link #LINES_PER_SECOND}: a client that reconnects in a loop must not
 * fill the disk. What was left out is counted and said. Any thread.
 */
final class RefusalLog {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);
    static final int LINES_PER_SECOND = 20;

    private long secondStartNanos = System.nanoTime();
    private int linesThisSecond;
    private long leftOut;

    /** @param fault what was wrong, in words of the protocol */
    void refused(String listener, Object client, String fault) {
        long suppressed;
        synchronized (this) {
            long now = System.nanoTime();
            if (now - secondStartNanos >= TimeUnit.SECONDS.toNanos(1)) {
                secondStartNanos = now;
                linesThisSecond = 0;
            }
            if (linesThisSecond == LINES_PER_SECOND) {
                leftOut++;
                return;
            }
            linesThisSecond++;
            suppressed = leftOut;
            leftOut = 0;
        }
        if (suppressed == 0) {
            LOG.warn("closing {} on {}: {}", client, listener, fault);
        } else {
            LOG.warn(
                    "closing {} on {}: {} ({} refusals before it were not logged)",
                    client,
                    listener,
                    fault,
                    suppressed);
        }
    }
}
