package io.odradek.broker.partition;

import java.util.ArrayDeque;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The acks=all batches of one partition that wait for the high watermark, in offset order. Confined to the settle thread.
 *
 * <p>Time-outs happen on the connections' loops and leave an answered entry behind; they are swept when the queue has doubled,
 * so at most as many of them lie here as there are waiting ones, but for a few.
 */
final class ParkedProduces {
    private static final int SWEEP_AT_LEAST = 64;

    private final ArrayDeque<ParkedProduce> waiting = new ArrayDeque<>();
    private int sweepAt = SWEEP_AT_LEAST;

    void park(ParkedProduce produce) {
        assert waiting.isEmpty() || waiting.getLast().endOffset() <= produce.endOffset()
                : "parked out of offset order: " + produce.endOffset();
        if (waiting.size() >= sweepAt) {
            waiting.removeIf(ParkedProduce::isAnswered);
            sweepAt = Math.max(SWEEP_AT_LEAST, 2 * waiting.size());
        }
        waiting.add(produce);
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
