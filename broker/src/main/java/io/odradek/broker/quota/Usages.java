package io.odradek.broker.quota;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * What clients have used of one kind of quota. Any thread: who shares a bound is told apart from others by the map, which lets one thread at a
 * time have a client's usage.
 *
 * <p>A usage that says no more than a new one would is dropped when others come, looked for once a second at most; so clients that left cost
 * nothing after a while, and nothing is forgotten by it. (Kafka keeps them for an hour, for its metrics.) At {@link #MOST} clients those that
 * come have one usage together with all others that the same quota is for: a client does not get around its bound by calling itself something
 * else each time.
 *
 * @param <K> who
 * @param <U> what they used
 */
final class Usages<K, U extends Forgettable> {

    static final int MOST = 100_000;

    private static final long SWEEP_EVERY_MS = 1000;

    private final Supplier<U> fresh;
    private final int most;
    private final ConcurrentHashMap<K, U> usages = new ConcurrentHashMap<>();
    private final AtomicLong nextSweepMs = new AtomicLong(Long.MIN_VALUE);

    Usages(Supplier<U> fresh) {
        this(fresh, MOST);
    }

    Usages(Supplier<U> fresh, int most) {
        this.fresh = fresh;
        this.most = most;
    }

    int size() {
        return usages.size();
    }

    /**
     * Has {@code use} look at a usage and change it.
     *
     * @param crowd whose usage it is when there are too many
     */
    long use(K who, K crowd, long nowMs, ToLongFunction<U> use) {
        K whose = who;
        if (!usages.containsKey(who)) {
            sweep(nowMs);
            whose = usages.size() < most ? who : crowd;
        }
        long[] result = new long[1];
        usages.compute(whose, (_, known) -> {
            U usage = known == null ? fresh.get() : known;
            result[0] = use.applyAsLong(usage);
            return usage;
        });
        return result[0];
    }

    private void sweep(long nowMs) {
        long due = nextSweepMs.get();
        if (nowMs < due || !nextSweepMs.compareAndSet(due, nowMs + SWEEP_EVERY_MS)) {
            return;
        }
        for (K who : usages.keySet()) {
            usages.computeIfPresent(who, (_, usage) -> usage.isForgettable(nowMs) ? null : usage);
        }
    }
}
