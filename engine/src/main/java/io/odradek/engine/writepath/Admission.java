package io.odradek.engine.writepath;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much a shard takes in: bytes in flight here, slots by the ring. Whoever is refused closes the gate for everybody, and
 * it opens when the level has fallen to the low mark. Without the gate, writers that happen to try at the right moment would
 * keep the level above the low mark for ever, and those that wait for it would starve.
 *
 * <p>All methods: any thread, except {@link #openIfLow}, which is the settle thread's.
 */
final class Admission {
    /** Set in {@link #inFlight} by {@link #close}: from then on nothing comes in, and 0 bytes mean that all have gone. */
    private static final long CLOSED = Long.MIN_VALUE;

    private final long maxBytes;
    private final long lowBytes;
    private final int lowSlots;
    private final AtomicLong inFlight = new AtomicLong();
    /** The largest batch refused since the gate closed: it must find room when the gate opens. */
    private final AtomicLong largestRefused = new AtomicLong();

    private volatile boolean gateClosed;

    Admission(int ringSlots, long maxBytes) {
        this.maxBytes = maxBytes;
        this.lowBytes = maxBytes / 2;
        this.lowSlots = ringSlots / 2;
    }

    /** Takes {@code bytes} of the budget, or a batch larger than all of it when nothing else is in flight. */
    boolean tryAcquire(long bytes) {
        if (gateClosed) {
            return false;
        }
        long now = inFlight.get();
        while (now == 0 || (now > 0 && now + bytes <= maxBytes)) {
            long seen = inFlight.compareAndExchange(now, now + bytes);
            if (seen == now) {
                return true;
            }
            now = seen;
        }
        return false;
    }

    /** Counts something that holds no client's memory: bounded by the ring alone. False once closed. */
    boolean tryAcquireUnmetered(long bytes) {
        long now = inFlight.get();
        while (now >= 0) {
            long seen = inFlight.compareAndExchange(now, now + bytes);
            if (seen == now) {
                return true;
            }
            now = seen;
        }
        return false;
    }

    void release(long bytes) {
        inFlight.getAndAdd(-bytes);
    }

    /** Nobody comes in until the level is low and at least {@code wantedBytes} fit. */
    void closeGate(long wantedBytes) {
        if (wantedBytes > largestRefused.get()) {
            largestRefused.accumulateAndGet(wantedBytes, Math::max);
        }
        gateClosed = true;
    }

    boolean isGateClosed() {
        return gateClosed;
    }

    boolean isLow(long usedSlots) {
        long mark = Math.max(0, Math.min(lowBytes, maxBytes - largestRefused.get()));
        return usedSlots <= lowSlots && inFlightBytes() <= mark;
    }

    /** Returns whether the gate is open afterwards. A refusal that comes in between closes it again at its next try. */
    boolean openIfLow(long usedSlots) {
        if (gateClosed && isLow(usedSlots)) {
            largestRefused.set(0);
            gateClosed = false;
        }
        return !gateClosed;
    }

    long inFlightBytes() {
        return inFlight.get() & ~CLOSED;
    }

    void close() {
        inFlight.getAndUpdate(bytes -> bytes | CLOSED);
    }

    boolean isClosed() {
        return inFlight.get() < 0;
    }

    /** Closed, and everything that came in has been settled. */
    boolean isDrained() {
        return inFlight.get() == CLOSED;
    }
}
