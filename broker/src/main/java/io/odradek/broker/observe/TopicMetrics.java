package io.odradek.broker.observe;

import java.util.concurrent.atomic.LongAdder;

/**
 * Kafka's {@code BrokerTopicMetrics}, for the broker as a whole or for one topic. Handlers keep the object and add to its
 * counters. Immutable; any thread.
 *
 * @param messagesIn records appended
 * @param bytesIn bytes of batches appended
 * @param bytesOut bytes of batches fetched by consumers
 * @param bytesRejected bytes of batches refused
 * @param produceRequests partitions asked to append
 * @param fetchRequests partitions asked to read
 * @param failedProduceRequests of these, refused
 * @param failedFetchRequests of these, refused
 * @param crcMismatches batches refused for their CRC
 * @param wrongMagics batches refused for their format
 * @param wrongOffsetsOrSequences batches refused for their offsets or sequence numbers
 * @param missingKeys batches refused because a compacted topic needs keys
 */
public record TopicMetrics(
        LongAdder messagesIn,
        LongAdder bytesIn,
        LongAdder bytesOut,
        LongAdder bytesRejected,
        LongAdder produceRequests,
        LongAdder fetchRequests,
        LongAdder failedProduceRequests,
        LongAdder failedFetchRequests,
        LongAdder crcMismatches,
        LongAdder wrongMagics,
        LongAdder wrongOffsetsOrSequences,
        LongAdder missingKeys) {

    private static final String PREFIX = "kafka_server_brokertopicmetrics_";

    /** Over all topics. */
    public static TopicMetrics ofBroker(Metrics metrics) {
        return of(metrics);
    }

    /** Of one topic; goes with {@code metrics.forget("topic", topic)}. */
    public static TopicMetrics ofTopic(Metrics metrics, String topic) {
        return of(metrics, "topic", topic);
    }

    private static TopicMetrics of(Metrics metrics, String... labels) {
        return new TopicMetrics(
                metrics.counter(PREFIX + "messagesin_total", "Records appended", labels),
                metrics.counter(PREFIX + "bytesin_total", "Bytes of batches appended", labels),
                metrics.counter(PREFIX + "bytesout_total", "Bytes of batches fetched by consumers", labels),
                metrics.counter(PREFIX + "bytesrejected_total", "Bytes of batches refused", labels),
                metrics.counter(PREFIX + "totalproducerequests_total", "Appends to a partition asked for", labels),
                metrics.counter(PREFIX + "totalfetchrequests_total", "Reads of a partition asked for", labels),
                metrics.counter(PREFIX + "failedproducerequests_total", "Appends to a partition refused", labels),
                metrics.counter(PREFIX + "failedfetchrequests_total", "Reads of a partition refused", labels),
                metrics.counter(PREFIX + "invalidmessagecrcrecords_total", "Batches refused for their CRC", labels),
                metrics.counter(PREFIX + "invalidmagicnumberrecords_total", "Batches refused for their format", labels),
                metrics.counter(
                        PREFIX + "invalidoffsetorsequencerecords_total",
                        "Batches refused for their offsets or sequence numbers",
                        labels),
                metrics.counter(
                        PREFIX + "nokeycompactedtopicrecords_total", "Batches refused for a missing key", labels));
    }
}
