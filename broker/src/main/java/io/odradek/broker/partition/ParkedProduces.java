package io.odradek.broker.partition;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The acks=all batches of one partition that wait for the high watermark, by offset: they come in order, but for retries
 * of batches that are already written. Confined to the settle thread.
 *
 * <p>Time-outs happen on the connections' loops and leave an answered entry behind; they are swept when the queue has doubled,
 * so at most as many of them lie here as there are waiting ones, but for a few.
 */
final class ParkedProduces {
    private static final int SWEEP_AT_LEAST = 64;

    private final PriorityQueue<ParkedProduce> waiting =
            new PriorityQueue<>(Comparator.comparingLong(ParkedProduce::endOffset));
    private int sweepAt = SWEEP_AT_LEAST;

    void park(ParkedProduce produce) {
        if (waiting.size() >= sweepAt) {
            waiting.removeIf(ParkedProduce::isAnswered);
            sweepAt = Math.max(SWEEP_AT_LEAST, 2 * waiting.size());
        }
        waiting.add(produce);
        produce.parked();
    }

    void highWatermarkReached(long highWatermark) {
        @Nullable ParkedProduce first;
        while ((first = waiting.peek()) != null && first.endOffset() <= highWatermark) {
            waiting.remove();
            first.committed();
        }
    }

    void fail(Errors error) {
        @Nullable ParkedProduce first;
        while ((first = waiting.poll()) != null) {
            first.failed(error);
        }
    }

    int size() {
        return waiting.size();
    }
}
