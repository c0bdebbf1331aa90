package io.odradek.broker.partition;

import io.odradek.engine.TopicPartition;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.atomic.LongAdder;

/**
 * One side of this broker's throttled replication (KIP-73): which partitions are throttled, and when something may pass. Only replicas that do
 * not count for what is committed are held up, and only what they are sent or fetch is paid for: who is in sync goes first, and is never in the
 * way of the others. Kafka counts it, so that a partition which is written faster than the rate has no replica added.
 *
 * <p>Any thread; what network loops or shards do at once may each pass once.
 */
public final class ReplicationThrottle {
    private static final AtomicReferenceFieldUpdater<ReplicationThrottle, Pace> PACE =
            AtomicReferenceFieldUpdater.newUpdater(ReplicationThrottle.class, Pace.class, "pace");

    private final ReplicaClock clock;
    private volatile Pace pace;
    /** By topic; those without any are not in it. */
    private final Map<String, ThrottledReplicas> topics = new ConcurrentHashMap<>();

    private final LongAdder passedBytes = new LongAdder();

    ReplicationThrottle(ReplicaClock clock) {
        this.clock = clock;
        this.pace = Pace.of(Pace.UNLIMITED, 0);
    }

    private long nowNs() {
        return TimeUnit.MILLISECONDS.toNanos(clock.nowMs());
    }

    /** Whether there is a rate, and this replica of the partition is named. */
    public boolean throttles(TopicPartition partition) {
        if (topics.isEmpty() || !pace.isLimited()) {
            return false;
        }
        ThrottledReplicas named = topics.get(partition.topic());
        return named != null && named.contains(partition.partition());
    }

    /** How long nothing throttled may pass, unless the rate is changed meanwhile; 0: it may now. */
    public long waitMs() {
        Pace now = pace;
        if (!now.isLimited()) {
            return 0; // without a look at the clock: it is asked with each group that settles
        }
        long waitNs = now.waitNs(nowNs());
        return waitNs == Long.MAX_VALUE ? waitNs : TimeUnit.NANOSECONDS.toMillis(waitNs + 999_999);
    }

    /** So much of what is throttled has been sent, or has come. */
    public void passed(int bytes) {
        passedBytes.add(bytes);
        Pace before;
        do {
            before = pace;
        } while (!PACE.compareAndSet(this, before, before.passed(bytes, nowNs())));
    }

    /** In all. */
    public long passedBytes() {
        return passedBytes.sum();
    }

    void rate(long bytesPerSecond) {
        Pace before;
        do {
            before = pace;
        } while (before.bytesPerSecond() != bytesPerSecond
                && !PACE.compareAndSet(this, before, before.at(bytesPerSecond, nowNs())));
    }

    void topic(String name, ThrottledReplicas replicas) {
        if (replicas.isEmpty()) {
            topics.remove(name);
        } else {
            topics.put(name, replicas);
        }
    }
}
