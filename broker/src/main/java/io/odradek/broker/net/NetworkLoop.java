package io.odradek.broker.net;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One event loop and the connections on it. Answers that other threads complete gather in a stack; only who finds it
 * empty wakes the loop, so a settled group of a hundred requests costs one wake-up. Its order does not matter: each
 * connection writes in the order of its own queue.
 */
final class NetworkLoop {

    private final EventLoop eventLoop;
    private final AtomicReference<@Nullable ReplySlot> filled = new AtomicReference<>();
    private final Runnable drain = this::drain;
    /** Loop only. */
    private final Set<KafkaConnection> connections = new LinkedHashSet<>();

    private final List<KafkaConnection> touched = new ArrayList<>();

    NetworkLoop(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    EventLoop eventLoop() {
        return eventLoop;
    }

    /** Closes idle connections and lets waiters over the memory bound from time to time. */
    void sweepEvery(long periodMs, MemoryBudget budget) {
        var _ = eventLoop.scheduleWithFixedDelay(
                () -> {
                    long now = System.nanoTime();
                    budget.relieve(now);
                    List.copyOf(connections).forEach(connection -> connection.sweep(now));
                },
                periodMs,
                periodMs,
                TimeUnit.MILLISECONDS);
    }

    void add(KafkaConnection connection) {
        connections.add(connection);
    }

    void remove(KafkaConnection connection) {
        connections.remove(connection);
    }

    /** On the loop. */
    List<KafkaConnection> connections() {
        return List.copyOf(connections);
    }

    /** The slot has its outcome. Any thread. */
    void filled(ReplySlot slot) {
        if (eventLoop.inEventLoop() && slot.connection.isPumping()) {
            return; // it looks at its answers before it is done
        }
        ReplySlot top;
        do {
            top = filled.get();
            slot.nextFilled = top;
        } while (!filled.compareAndSet(top, slot));
        if (top == null) {
            try {
                eventLoop.execute(drain);
            } catch (RejectedExecutionException stopped) {
                // The loop is gone and its connections with it: what the answers hold is given up here.
                for (ReplySlot next = filled.getAndSet(null); next != null; next = next.nextFilled) {
                    next.finish(false);
                }
            }
        }
    }

    private void drain() {
        for (ReplySlot slot = filled.getAndSet(null); slot != null; ) {
            KafkaConnection connection = slot.connection;
            if (connection.isClosed()) {
                slot.finish(false);
            } else if (connection.touch()) {
                touched.add(connection);
            }
            ReplySlot next = slot.nextFilled;
            slot.nextFilled = null;
            slot = next;
        }
        for (KafkaConnection connection : touched) {
            connection.untouch();
            connection.pump();
        }
        touched.clear();
    }
}
