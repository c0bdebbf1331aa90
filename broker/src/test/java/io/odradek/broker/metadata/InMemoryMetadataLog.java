package io.odradek.broker.metadata;

import io.odradek.broker.quorum.QuorumLog;
import io.odradek.broker.quorum.ReplicatedState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * A quorum of one with its log in memory, led by a loop of its own. Commits at once, or when told to; can fail, and can lose its leadership.
 * Any thread.
 */
public final class InMemoryMetadataLog implements QuorumLog {

    private record Batch(long baseOffset, int epoch, List<byte[]> records) {}

    private record Waiting(Batch batch, Appended outcome) {}

    private final List<Batch> durable = new ArrayList<>();
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private long end;
    private int epoch;
    private long largestBatchBytes;
    private boolean held;
    private boolean woken;
    private boolean ended;

    /** Begins to lead, and returns; {@link #stop} ends it. */
    void lead(ReplicatedState state) {
        for (Batch batch : durable) {
            apply(state, batch);
        }
        leadAnew(state);
        Thread.ofPlatform().name("metadata").daemon().start(() -> run(state));
    }

    private void leadAnew(ReplicatedState state) {
        synchronized (this) {
            epoch++;
            end++; // for the record of the leader
        }
        state.passed(end - 1);
        state.leads(epoch, end);
        state.upToDate();
    }

    private static void apply(ReplicatedState state, Batch batch) {
        try {
            state.apply(
                    batch.baseOffset(),
                    batch.epoch(),
                    batch.records().stream().map(ByteBuffer::wrap).toList());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void run(ReplicatedState state) {
        while (true) {
            Runnable task;
            List<Waiting> committed = new ArrayList<>();
            synchronized (this) {
                while (!woken && tasks.isEmpty() && (held || waiting.isEmpty()) && !ended) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                if (ended) {
                    return;
                }
                woken = false;
                task = tasks.poll();
                while (!held && !waiting.isEmpty()) {
                    committed.add(waiting.remove());
                    durable.add(committed.getLast().batch());
                }
            }
            committed.forEach(each -> apply(state, each.batch()));
            committed.forEach(each -> each.outcome().committed(each.batch().baseOffset()));
            if (task != null) {
                task.run();
            }
            state.turn(0);
        }
    }

    @Override
    public synchronized void appendInTurn(int inEpoch, List<byte[]> values, Appended outcome) {
        if (ended || inEpoch != epoch) {
            outcome.failed(false);
            return;
        }
        long bytes = values.stream().mapToLong(value -> value.length).sum();
        if (bytes > MOST_BATCH_BYTES) {
            throw new IllegalArgumentException(bytes + " bytes; allowed: " + MOST_BATCH_BYTES);
        }
        largestBatchBytes = Math.max(largestBatchBytes, bytes);
        waiting.add(new Waiting(new Batch(end, inEpoch, values), outcome));
        end += values.size();
        notifyAll();
    }

    @Override
    public synchronized void wake() {
        woken = true;
        notifyAll();
    }

    @Override
    public void wantSnapshot() {}

    /** From now on appends wait for {@link #release}. */
    public synchronized void hold() {
        held = true;
    }

    public synchronized void release() {
        held = false;
        notifyAll();
    }

    synchronized long largestBatchBytes() {
        return largestBatchBytes;
    }

    public synchronized int waiting() {
        return waiting.size();
    }

    private synchronized void later(Runnable task) {
        tasks.add(task);
        notifyAll();
    }

    /** What waits is lost, and so is everything later. */
    public void fail(ReplicatedState state) {
        later(() -> {
            List<Waiting> lost;
            synchronized (this) {
                ended = true;
                lost = List.copyOf(waiting);
                waiting.clear();
            }
            lost.forEach(each -> each.outcome().failed(true));
            state.ended(new IOException("disk gone"));
        });
    }

    /** Another leads for a while; what waits is lost. Then this one leads again. */
    public void deposed(ReplicatedState state) {
        later(() -> {
            List<Waiting> lost;
            synchronized (this) {
                epoch++;
                lost = List.copyOf(waiting);
                waiting.clear();
                end = durable.isEmpty()
                        ? 0
                        : durable.getLast().baseOffset()
                                + durable.getLast().records().size();
            }
            state.follows(epoch, 2);
            lost.forEach(each -> each.outcome().failed(true));
        });
    }

    /** After {@link #deposed}. */
    public void electedAgain(ReplicatedState state) {
        later(() -> leadAnew(state));
    }

    void stop(ReplicatedState state) {
        later(() -> {
            synchronized (this) {
                ended = true;
            }
            state.ended(null);
        });
    }

    /** The log as the next process finds it: without what was not durable. */
    public synchronized InMemoryMetadataLog reopened() {
        InMemoryMetadataLog next = new InMemoryMetadataLog();
        next.durable.addAll(durable);
        next.epoch = epoch;
        for (Batch batch : durable) {
            next.end = batch.baseOffset() + batch.records().size();
        }
        return next;
    }

    /** As if a leader before had written it. */
    synchronized void holds(List<byte[]> records) {
        durable.add(new Batch(end, epoch, records));
        end += records.size();
    }
}
