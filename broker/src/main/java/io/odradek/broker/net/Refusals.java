package io.odradek.broker.net;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/** Says why connections are closed: one line each, and not more than a few a second whoever misbehaves. Any thread. */
final class Refusals {
    private static final int LINES_PER_SECOND = 10;
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final AtomicLong windowStart = new AtomicLong(System.nanoTime());
    private final AtomicLong lines = new AtomicLong();

    void log(Logger log, InetAddress client, String listener, String reason) {
        long now = System.nanoTime();
        long start = windowStart.get();
        if (now - start > SECOND_NANOS && windowStart.compareAndSet(start, now)) {
            long unsaid = lines.getAndSet(0) - LINES_PER_SECOND;
            if (unsaid > 0) {
                log.warn("closed {} more connections for what they sent", unsaid);
            }
        }
        if (lines.incrementAndGet() <= LINES_PER_SECOND) {
            log.warn("closing the connection of {} on {}: {}", client.getHostAddress(), listener, reason);
        }
    }
}
