package io.odradek.broker.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of received frames that wait for their answers, over all connections. Above the bound connections stop reading and line
 * up; below half of it they go on. Any thread.
 */
final class InFlightBudget {
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final ConcurrentLinkedQueue<KafkaConnection> waiting = new ConcurrentLinkedQueue<>();

    InFlightBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Counts a frame in; false when the bound has been passed: stop reading and {@link #await}. */
    boolean take(int frameBytes) {
        return bytes.addAndGet(frameBytes) <= maxBytes;
    }

    void giveBack(int frameBytes) {
        if (bytes.addAndGet(-frameBytes) <= maxBytes / 2) {
            wakeAll();
        }
    }

    /** The connection has stopped reading; its {@link KafkaConnection#budgetFreed()} is called when there is room again. */
    void await(KafkaConnection connection) {
        waiting.add(connection);
        // The last frame may have been given back between the failed take and the line above: then nobody else would
        // come.
        if (bytes.get() <= maxBytes / 2) {
            wakeAll();
        }
    }

    private void wakeAll() {
        for (KafkaConnection connection = waiting.poll(); connection != null; connection = waiting.poll()) {
            connection.budgetFreed();
        }
    }

    long bytes() {
        return bytes.get();
    }
}
