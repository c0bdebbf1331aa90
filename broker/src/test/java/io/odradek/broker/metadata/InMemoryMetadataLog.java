package io.odradek.broker.metadata;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A metadata log in memory. Commits at once, or when told to; can fail. Any thread. */
public final class InMemoryMetadataLog implements MetadataLog {

    private record Batch(long baseOffset, List<byte[]> records) {}

    private record Waiting(Batch batch, Completion whenDone) {}

    private final List<Batch> durable = new ArrayList<>();
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private long end;
    private boolean held;
    private boolean broken;

    @Override
    public synchronized void append(List<byte[]> records, Completion whenDone) {
        if (broken) {
            whenDone.failed(new IOException("disk gone"));
            return;
        }
        waiting.add(new Waiting(new Batch(end, records), whenDone));
        end += records.size();
        if (!held) {
            commitAll();
        }
    }

    /** From now on appends wait for {@link #release}. */
    public synchronized void hold() {
        held = true;
    }

    public synchronized void release() {
        held = false;
        commitAll();
    }

    public synchronized int waiting() {
        return waiting.size();
    }

    /** What waits is lost, and so is everything later. */
    public synchronized void fail() {
        broken = true;
        for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
            each.whenDone().failed(new IOException("disk gone"));
        }
    }

    /** The log as the next process finds it: without what was not durable. */
    public synchronized InMemoryMetadataLog reopened() {
        InMemoryMetadataLog next = new InMemoryMetadataLog();
        next.durable.addAll(durable);
        for (Batch batch : durable) {
            next.end = batch.baseOffset() + batch.records().size();
        }
        return next;
    }

    private void commitAll() {
        for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
            durable.add(each.batch());
            each.whenDone().durable(each.batch().baseOffset());
        }
    }

    @Override
    public synchronized void replay(Visitor visitor) {
        for (Batch batch : durable) {
            visitor.batch(
                    batch.baseOffset(),
                    batch.records().stream().map(ByteBuffer::wrap).toList());
        }
    }
}
