package io.odradek.replication.controller;

/**
 * A controller's numbers.
 *
 * @param maxPartitionsPerRequest partitions one request may create in all; more are refused with POLICY_VIOLATION
 * @param maxRecordsPerBatch what is not bounded by a request (a broker's partitions at its restart) is cut into batches of this
 *     many
 * @param producerIdBlock ids per block
 */
public record ControllerSettings(
        int defaultPartitions,
        int defaultReplicationFactor,
        int maxPartitionsPerRequest,
        int maxRecordsPerBatch,
        int producerIdBlock) {

    /** Kafka's limits (10,000 partitions or records, blocks of 1,000 ids). */
    public static ControllerSettings of(int defaultPartitions, int defaultReplicationFactor) {
        return new ControllerSettings(defaultPartitions, defaultReplicationFactor, 10_000, 10_000, 1_000);
    }
}
