package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Brokers coming and going. A broker is registered fenced, then unfenced by its first heartbeat that shows it has read so far;
 * in between it leads nothing, so that every process's reign over a partition has an epoch of its own:
 *
 * <pre>
 *   process 7a    led p at epoch 4     killed
 *   process 9c    registers            p: no leader (or another in-sync replica), epoch 5
 *                 heartbeat, caught up p: led by it again, epoch 6
 * </pre>
 *
 * The partitions' records come first and the broker's own record last: if only a part of them is committed, the broker is as it
 * was before and asking again finishes the work.
 */
final class BrokerControl {

    /**
     * Two processes with one id: the later one wins and the earlier one learns from its next heartbeat that its epoch is stale.
     * Refusing the later one, as Kafka does while the earlier one's session lives, needs leases.
     */
    static Decision register(ClusterImage image, RegisterBroker request) {
        BrokerImage known = image.broker(request.brokerId());
        if (known != null && known.incarnationId().equals(request.incarnationId())) {
            return Decision.only(new BrokerRegistered(new Done<>(known.epoch()))); // a retry
        }
        for (Map.Entry<String, Short> feature : image.features().entrySet()) {
            VersionRange range = request.features().get(feature.getKey());
            if (range == null || !range.contains(feature.getValue())) {
                return Decision.only(new BrokerRegistered(new Refused<>(
                        ControllerError.UNSUPPORTED_VERSION,
                        "Unable to register because the broker does not support finalized version "
                                + feature.getValue() + " of " + feature.getKey() + ". The broker supports "
                                + (range == null ? "none of it" : range.min() + " to " + range.max()))));
            }
        }
        List<MetadataRecord> records = new ArrayList<>();
        boolean keptEverything = known != null && known.epoch() == request.previousEpoch();
        leaderless(image, request.brokerId(), !keptEverything, records);
        // Above every offset so far, and every broker epoch was one: so it is above all earlier epochs, whoever decided
        // them.
        long epoch = image.lastOffset() + 1;
        records.add(new MetadataRecord.RegisterBroker(
                request.brokerId(),
                epoch,
                request.incarnationId(),
                List.copyOf(request.endpoints()),
                Map.copyOf(request.features()),
                request.rack(),
                true,
                false,
                List.copyOf(request.directories())));
        return new Decision(records, new BrokerRegistered(new Done<>(epoch)), false);
    }

    static Decision heartbeat(ClusterImage image, Heartbeat request) {
        BrokerImage broker = image.broker(request.brokerId());
        Refused<BrokerState> refused = strange(broker, request.brokerId(), request.brokerEpoch());
        if (broker == null || refused != null) {
            return Decision.only(new HeartbeatAnswered(refused != null ? refused : notRegistered(request.brokerId())));
        }
        boolean caughtUp = request.metadataOffset() >= broker.epoch();
        List<MetadataRecord> records = new ArrayList<>();
        boolean fenced = broker.fenced();
        if (request.wantShutdown() || request.wantFence()) {
            if (!fenced) {
                // Kafka leaves a broker that stops unfenced until all others have read that it leads nothing any more,
                // and fences it then. Here one batch says both, so whoever reads the one reads the other.
                leaderless(image, broker.id(), true, records);
                records.add(change(broker, true, request.wantShutdown() || broker.inControlledShutdown()));
                fenced = true;
            }
        } else if (fenced && caughtUp) {
            elect(image, broker.id(), records);
            records.add(change(broker, false, false));
            fenced = false;
        }
        // Whatever it led has been given away by the records this reply waits for.
        BrokerState state = new BrokerState(caughtUp, fenced, request.wantShutdown());
        return new Decision(records, new HeartbeatAnswered(new Done<>(state)), false);
    }

    private static BrokerRegistrationChange change(BrokerImage broker, boolean fenced, boolean leaving) {
        return new BrokerRegistrationChange(
                broker.id(),
                broker.epoch(),
                fenced == broker.fenced() ? null : fenced,
                leaving == broker.inControlledShutdown() ? null : leaving,
                List.of());
    }

    static Decision allocate(ClusterImage image, AllocateProducerIds request, int blockSize) {
        BrokerImage broker = image.broker(request.brokerId());
        Refused<ProducerIdBlock> refused = strange(broker, request.brokerId(), request.brokerEpoch());
        if (refused != null) {
            return Decision.only(new ProducerIdsAllocated(refused));
        }
        long first = image.nextProducerId();
        return Decision.atomic(
                List.of(new MetadataRecord.ProducerIds(request.brokerId(), request.brokerEpoch(), first + blockSize)),
                new ProducerIdsAllocated(new Done<>(new ProducerIdBlock(first, blockSize))));
    }

    private static <T> @Nullable Refused<T> strange(@Nullable BrokerImage broker, int id, long epoch) {
        if (broker == null) {
            return notRegistered(id);
        }
        return broker.epoch() == epoch
                ? null
                : new Refused<>(
                        ControllerError.STALE_BROKER_EPOCH,
                        "Broker " + id + " speaks with epoch " + epoch + "; its current one is " + broker.epoch());
    }

    private static <T> Refused<T> notRegistered(int id) {
        return new Refused<>(ControllerError.BROKER_ID_NOT_REGISTERED, "Broker " + id + " is not registered.");
    }

    /**
     * The broker stops leading.
     *
     * @param leavesInSync whether it also leaves in-sync sets that have another member; the last one stays, because nobody else
     *     has the records
     */
    private static void leaderless(
            ClusterImage image, int brokerId, boolean leavesInSync, List<MetadataRecord> records) {
        IntPredicate active = id -> id != brokerId && image.isActive(id);
        for (TopicImage topic : image.topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                PartitionImage partition = topic.partitions().get(p);
                List<Integer> inSync = partition.inSyncReplicas();
                boolean leaves = leavesInSync && inSync.contains(brokerId) && inSync.size() > 1;
                List<Integer> remaining =
                        leaves ? inSync.stream().filter(id -> id != brokerId).toList() : inSync;
                if (partition.leader() == brokerId) {
                    int leader = LeaderChooser.choose(partition, remaining, active);
                    records.add(PartitionChange.newReign(topic.id(), p, leader, leaves ? remaining : null));
                } else if (leaves) {
                    records.add(PartitionChange.newReign(topic.id(), p, PartitionChange.NO_LEADER_CHANGE, remaining));
                }
            }
        }
    }

    /** The broker can lead now: partitions without a leader get one. */
    private static void elect(ClusterImage image, int brokerId, List<MetadataRecord> records) {
        IntPredicate active = id -> id == brokerId || image.isActive(id);
        for (TopicImage topic : image.topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                PartitionImage partition = topic.partitions().get(p);
                if (!partition.hasLeader() && partition.replicas().contains(brokerId)) {
                    int leader = LeaderChooser.choose(partition, partition.inSyncReplicas(), active);
                    if (leader != PartitionImage.NO_LEADER) {
                        boolean inSync = partition.inSyncReplicas().contains(leader);
                        records.add(PartitionChange.newReign(topic.id(), p, leader, inSync ? null : List.of(leader)));
                    }
                }
            }
        }
    }

    private BrokerControl() {}
}
