package io.odradek.engine.writepath;

import io.odradek.engine.record.BufferLease;
import java.util.concurrent.atomic.AtomicInteger;

/** Complains when it is released once too often; tells whether it was released at all. */
final class CountedLease implements BufferLease {
    private final AtomicInteger shares = new AtomicInteger(1);

    @Override
    public boolean tryRetain() {
        return shares.getAndUpdate(held -> held == 0 ? 0 : held + 1) > 0;
    }

    @Override
    public void release() {
        int left = shares.decrementAndGet();
        if (left < 0) {
            throw new AssertionError("lease released more often than held");
        }
    }

    int shares() {
        return shares.get();
    }
}
