package io.odradek.broker.request;

import io.odradek.engine.record.BufferLease;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the shares in one frame; more releases than shares fail at once. */
final class CountingLease implements BufferLease {
    private final AtomicInteger shares = new AtomicInteger(1);

    @Override
    public boolean tryRetain() {
        while (true) {
            int now = shares.get();
            if (now == 0) {
                return false;
            }
            if (shares.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    @Override
    public void release() {
        int left = shares.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("released once too often");
        }
    }

    int shares() {
        return shares.get();
    }
}
