package io.odradek.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines of the quorum's that come again with each attempt: each is written once a minute. One thread.
 *
 * <p>Bound: when a hundred different ones have come, all are forgotten, and said again.
 */
final class Complaints implements Consumer<String> {

    private static final Logger LOG = LoggerFactory.getLogger(Complaints.class);
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MOST_KNOWN = 100;

    private final LongSupplier nanoClock;
    private final Map<String, Long> said = new HashMap<>();

    Complaints(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    @Override
    public void accept(String line) {
        long now = nanoClock.getAsLong();
        Long last = said.get(line);
        if (last == null || now - last > QUIET_NANOS) {
            if (said.size() >= MOST_KNOWN) {
                said.clear();
            }
            said.put(line, now);
            LOG.warn("{}", line);
        }
    }
}
