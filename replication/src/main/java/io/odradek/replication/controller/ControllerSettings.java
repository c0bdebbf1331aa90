package io.odradek.replication.controller;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * A controller's numbers.
 *
 * @param maxPartitionsPerRequest partitions one request may create in all; more are refused with POLICY_VIOLATION
 * @param maxRecordsPerBatch what is not bounded by a request (a broker's partitions at its restart) is cut into batches of this
 *     many
 * @param producerIdBlock ids per block
 * @param sessionMs {@code broker.session.timeout.ms}: a broker that was not heard of for so long is fenced
 * @param rebalanceIntervalMs {@code leader.imbalance.check.interval.seconds}, in milliseconds: how often leadership is given back
 *     to preferred leaders; 0: never ({@code auto.leader.rebalance.enable=false})
 * @param imbalancePercent {@code leader.imbalance.per.broker.percentage}: of the partitions that prefer a broker, so many may be
 *     led by others before they are given back to it
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record ControllerSettings(
        int defaultPartitions,
        int defaultReplicationFactor,
        int maxPartitionsPerRequest,
        int maxRecordsPerBatch,
        int producerIdBlock,
        int sessionMs,
        long rebalanceIntervalMs,
        int imbalancePercent)
        implements ControllerSettingsBuilder.With {

    /**
     * Kafka's limits (10,000 partitions or records, blocks of 1,000 ids), and its balancing of leaders (every 300 s, 10 percent); but a
     * broker is missed after a second, not nine.
     */
    public static ControllerSettings of(int defaultPartitions, int defaultReplicationFactor) {
        return ControllerSettingsBuilder.builder()
                .defaultPartitions(defaultPartitions)
                .defaultReplicationFactor(defaultReplicationFactor)
                .maxPartitionsPerRequest(10_000)
                .maxRecordsPerBatch(10_000)
                .producerIdBlock(1_000)
                .sessionMs(1_000)
                .rebalanceIntervalMs(300_000)
                .imbalancePercent(10)
                .build();
    }
}
