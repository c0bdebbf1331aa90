package io.odradek.broker.partition;

import io.odradek.replication.partition.ReplicationSettings;
import java.util.function.LongSupplier;

/**
 * What the replicas of a broker need besides their logs.
 *
 * @param brokerEpoch of this process, once it has registered; -1 before. Asked when a partition appears here
 * @param leaseEndMs until when, by {@code clock}, this broker may answer as leader; {@link Long#MAX_VALUE}: nobody would take over. Asked with
 *     each request, for a timer that says so may come late: a process that stood still must not answer as what it was
 * @param settings how long replicas wait
 * @param fetching how followers ask
 * @param clock whose time replicas go by
 * @param proposals who carries a leader's proposals to the controller
 * @param sources who carries a follower's fetches to its leaders
 */
public record ReplicaPorts(
        int brokerId,
        LongSupplier brokerEpoch,
        LongSupplier leaseEndMs,
        ReplicationSettings settings,
        FetcherSettings fetching,
        ReplicaClock clock,
        InSyncProposals proposals,
        SourceBrokers sources) {

    /** Of a broker that has no others: it proposes nothing, and follows nobody. */
    public static ReplicaPorts alone(int brokerId, LongSupplier brokerEpoch, ReplicaClock clock) {
        return new ReplicaPorts(
                brokerId,
                brokerEpoch,
                () -> Long.MAX_VALUE,
                ReplicationSettings.DEFAULT,
                FetcherSettings.DEFAULT,
                clock,
                (partition, epoch, proposal, outcome) -> outcome.failed("this broker has no controller to ask"),
                (broker, shard, request, timeoutMs, outcome) ->
                        outcome.failed("this broker knows no other one", false));
    }
}
