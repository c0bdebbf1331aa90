package io.odradek.engine;

import io.odradek.engine.record.BufferLease;
import java.util.concurrent.atomic.AtomicInteger;

/** What a lease has to be, and a memory of how often it was given up. */
final class CountedLease implements BufferLease {
    private final AtomicInteger shares = new AtomicInteger(1);
    private final AtomicInteger freed = new AtomicInteger();

    @Override
    public boolean tryRetain() {
        int seen = shares.get();
        while (seen > 0) {
            int witness = shares.compareAndExchange(seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    @Override
    public void release() {
        if (shares.decrementAndGet() <= 0) {
            freed.incrementAndGet();
        }
    }

    int freed() {
        return freed.get();
    }
}
