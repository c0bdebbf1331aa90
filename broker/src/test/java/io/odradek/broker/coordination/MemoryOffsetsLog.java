package io.odradek.broker.coordination;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A log that keeps what it is told to keep, when it is told to. */
final class MemoryOffsetsLog implements OffsetsLog {

    record Held(int partition, List<KeyValue> records, Completion done) {}

    private final Map<Integer, List<KeyValue>> partitions = new ConcurrentHashMap<>();
    final LinkedBlockingQueue<Held> held = new LinkedBlockingQueue<>();
    final AtomicInteger batches = new AtomicInteger();
    final AtomicInteger reads = new AtomicInteger();
    volatile boolean holds;
    volatile boolean unreadable;
    volatile boolean leads = true;
    volatile Outcome committed = Outcome.COMMITTED;
    volatile @Nullable Runnable whileReading;

    @Override
    public void append(int partition, int leaderEpoch, List<KeyValue> records, Completion done) {
        batches.incrementAndGet();
        Held append = new Held(partition, List.copyOf(records), done);
        if (holds) {
            held.add(append);
        } else {
            keep(append);
        }
    }

    void keep(Held append) {
        List<KeyValue> log = of(append.partition());
        synchronized (log) {
            log.addAll(append.records());
        }
        append.done().completed(Outcome.COMMITTED);
    }

    int size(int partition) {
        List<KeyValue> log = of(partition);
        synchronized (log) {
            return log.size();
        }
    }

    @Override
    public void read(int partition, int leaderEpoch, RecordVisitor visitor) throws IOException {
        reads.incrementAndGet();
        Runnable hook = whileReading;
        if (hook != null) {
            hook.run();
        }
        if (unreadable) {
            throw new IOException("made unreadable");
        }
        List<KeyValue> log = of(partition);
        List<KeyValue> seen;
        synchronized (log) {
            seen = List.copyOf(log);
        }
        long offset = 0;
        for (KeyValue record : seen) {
            visitor.record(
                    offset++,
                    record.key().duplicate(),
                    record.value() == null ? null : record.value().duplicate());
        }
    }

    @Override
    public void awaitCommitted(int partition, Completion done) {
        done.completed(committed);
    }

    @Override
    public boolean leads(int partition, int leaderEpoch) {
        return leads;
    }

    @Override
    public int maxBatchBytes(int partition) {
        return 1_048_588;
    }

    private List<KeyValue> of(int partition) {
        return partitions.computeIfAbsent(partition, p -> new ArrayList<>());
    }
}
