package io.odradek.broker.partition;

import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What clients brought to a topic on this broker and took from it since the topic came here: Kafka's {@code
 * BrokerTopicMetrics}. A partition holds its topic's, so that counting finds nothing by name; what is counted for a topic is
 * counted for the broker as a whole too. Any thread; a count is an add to a cell of one's own and allocates nothing.
 */
public final class TopicTraffic {
    private final @Nullable TopicTraffic whole;
    private final LongAdder messagesIn = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final LongAdder bytesRejected = new LongAdder();
    private final LongAdder produceRequests = new LongAdder();
    private final LongAdder failedProduceRequests = new LongAdder();
    private final LongAdder fetchRequests = new LongAdder();
    private final LongAdder failedFetchRequests = new LongAdder();
    private final LongAdder corruptBatches = new LongAdder();

    private TopicTraffic(@Nullable TopicTraffic whole) {
        this.whole = whole;
    }

    /** Of all topics. */
    static TopicTraffic ofBroker() {
        return new TopicTraffic(null);
    }

    /** Of one more topic of the broker whose traffic this is. */
    TopicTraffic ofTopic() {
        return new TopicTraffic(this);
    }

    /** A client, or the broker itself, wants to append to a partition. */
    public void produceRequested() {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.produceRequests.increment();
        }
    }

    /** It was refused for what Kafka counts as unexpected; see the caller. */
    public void produceFailed() {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.failedProduceRequests.increment();
        }
    }

    /** A batch is larger than the topic allows. */
    public void rejected(int sizeBytes) {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.bytesRejected.add(sizeBytes);
        }
    }

    /** A batch was damaged on the way. */
    public void corrupted() {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.corruptBatches.increment();
        }
    }

    /**
     * A batch is in the log. A retry that was answered with the offsets of the batch it repeats is counted again, as in Kafka.
     *
     * @param receivedBytes as it came, before a topic's own compression
     */
    public void appended(int records, int receivedBytes) {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.messagesIn.add(records);
            at.bytesIn.add(receivedBytes);
        }
    }

    /** A client was answered about a partition, with so many bytes of records, or none. */
    public void fetched(int sizeBytes) {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.fetchRequests.increment();
            if (sizeBytes > 0) {
                at.bytesOut.add(sizeBytes);
            }
        }
    }

    /** The disk, not the client, is why it was not given what it asked for. */
    public void fetchFailed() {
        for (TopicTraffic at = this; at != null; at = at.whole) {
            at.failedFetchRequests.increment();
        }
    }

    public long messagesIn() {
        return messagesIn.sum();
    }

    public long bytesIn() {
        return bytesIn.sum();
    }

    public long bytesOut() {
        return bytesOut.sum();
    }

    public long bytesRejected() {
        return bytesRejected.sum();
    }

    public long produceRequests() {
        return produceRequests.sum();
    }

    public long failedProduceRequests() {
        return failedProduceRequests.sum();
    }

    public long fetchRequests() {
        return fetchRequests.sum();
    }

    public long failedFetchRequests() {
        return failedFetchRequests.sum();
    }

    public long corruptBatches() {
        return corruptBatches.sum();
    }
}
