package io.odradek.broker.request;

import io.odradek.broker.partition.ParkedProduce;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.AppendOutcome.Duplicate;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.writepath.AppendListener;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * One batch between its producer and its log. Its settle thread and, when the time is over, its network loop race to answer;
 * whoever takes it first writes the response's part, nobody else touches that.
 */
final class ProducedBatch implements AppendListener, ParkedProduce {
    private static final AtomicIntegerFieldUpdater<ProducedBatch> ANSWERED =
            AtomicIntegerFieldUpdater.newUpdater(ProducedBatch.class, "answered");

    private final PendingProduce produce;
    private final PartitionHost host;
    private final PartitionProduceResponse part;
    private final ValidatedBatch batch;
    private final int receivedBytes;

    /** In the request; network loop. */
    @Nullable
    ProducedBatch older;

    private volatile int answered;

    // What the log said; settle thread.
    private long baseOffset = -1;
    private long lastOffset = -1;
    private long logAppendTimeMs = -1;
    private long logStartOffset = -1;

    /** @param receivedBytes as it came; what is written may be compressed anew */
    ProducedBatch(
            PendingProduce produce,
            PartitionHost host,
            PartitionProduceResponse part,
            ValidatedBatch batch,
            int receivedBytes) {
        this.produce = produce;
        this.host = host;
        this.part = part;
        this.batch = batch;
        this.receivedBytes = receivedBytes;
    }

    PartitionHost host() {
        return host;
    }

    /**
     * Hands it to its shard, which then owns the memory, and wakes it at {@link PendingProduce#announce}; false when there is
     * no room. Network loop.
     */
    boolean tryWrite() {
        if (!host.tryWriteUnannounced(batch, this)) {
            return false;
        }
        produce.wrote(host.shard());
        return true;
    }

    PendingProduce produce() {
        return produce;
    }

    @Override
    public void onSettled(AppendOutcome outcome) {
        switch (outcome) {
            case Appended appended ->
                written(
                        appended.baseOffset(),
                        appended.lastOffset(),
                        appended.logAppendTimeMs(),
                        appended.logStartOffset());
            case Duplicate(long base, long last, long appendTimeMs, long startOffset) ->
                written(base, last, appendTimeMs, startOffset);
            case AppendOutcome refused -> {
                Errors error = ProduceErrors.of(refused, host.status());
                if (ProduceErrors.isUnexpected(error)) {
                    host.traffic().produceFailed();
                }
                fail(error, ProduceErrors.message(refused));
            }
        }
    }

    private void written(long base, long last, long appendTimeMs, long startOffset) {
        // Whether or not somebody still waits for the answer.
        host.traffic().appended(batch.recordCount(), receivedBytes);
        baseOffset = base;
        lastOffset = last;
        logAppendTimeMs = appendTimeMs;
        logStartOffset = startOffset;
        if (produce.waitsForAll()) {
            host.awaitCommit(this);
        } else if (host.status() != Errors.NONE) {
            fail(host.status(), null); // who does not lead any more, or has no lease, promises nothing
        } else {
            succeed();
        }
    }

    @Override
    public void parked() {
        produce.armTimer();
    }

    @Override
    public long endOffset() {
        return lastOffset + 1;
    }

    @Override
    public boolean isAnswered() {
        return answered != 0;
    }

    @Override
    public void committed() {
        succeed();
    }

    @Override
    public void failed(Errors error) {
        fail(error, null);
    }

    /** Network loop. */
    void timeOut() {
        fail(Errors.REQUEST_TIMED_OUT, null);
    }

    private void succeed() {
        if (take()) {
            part.setBaseOffset(baseOffset).setLogAppendTimeMs(logAppendTimeMs).setLogStartOffset(logStartOffset);
            produce.partAnswered();
        }
    }

    private void fail(Errors error, @Nullable String message) {
        if (take()) {
            produce.fail(part, host.partition().topic(), host.partition().partition(), error, message);
            produce.partAnswered();
        }
    }

    private boolean take() {
        return answered == 0 && ANSWERED.compareAndSet(this, 0, 1);
    }
}
