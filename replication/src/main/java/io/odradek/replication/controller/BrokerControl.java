package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.BrokerUnregistered;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Brokers coming and going: {@code tla/core/Isr}, {@code Register}, {@code Unfence}, {@code Fence}. A broker is registered fenced, then
 * unfenced by its first heartbeat that shows it has read so far; in between it leads nothing and is in sync nowhere, so that every
 * process's reign over a partition has an epoch of its own:
 *
 * <pre>
 *   process 7a    led p at epoch 4     killed
 *   process 9c    registers            p: no leader (or another in-sync replica), epoch 5; 9c is eligible if it has lost nothing
 *                 heartbeat, caught up p: led by it again, epoch 6
 * </pre>
 *
 * The partitions' records come first and the broker's own record last: if only a part of them is committed, the broker is as it
 * was before and asking again finishes the work. Confined to the metadata loop.
 */
final class BrokerControl {

    private final TopicPolicies policies;
    private final BrokerLeases leases;

    /** Up to where a broker has to have read before it is unfenced. */
    private final Concerns concerns;

    BrokerControl(TopicPolicies policies, BrokerLeases leases, Concerns concerns) {
        this.policies = policies;
        this.leases = leases;
        this.concerns = concerns;
    }

    Decision register(ClusterImage image, RegisterBroker request) {
        BrokerImage known = image.broker(request.brokerId());
        if (known != null && known.incarnationId().equals(request.incarnationId())) {
            leases.heard(known.id(), known.epoch(), -1);
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
        if (known != null && mayBeAnother(known, request)) {
            return Decision.only(new BrokerRegistered(new Refused<>(
                    ControllerError.DUPLICATE_BROKER_REGISTRATION,
                    "Another broker is registered with id " + known.id() + " and was heard of within its session. If it"
                            + " has just ended, try again when the session is over.")));
        }
        // Above every offset so far, and every broker epoch was one: so it is above all earlier epochs, whoever decided
        // them.
        long epoch = image.lastOffset() + 1;
        MetadataRecord registration = new MetadataRecord.RegisterBroker(
                request.brokerId(),
                epoch,
                request.incarnationId(),
                List.copyOf(request.endpoints()),
                Map.copyOf(request.features()),
                request.rack(),
                true,
                false,
                List.copyOf(request.directories()));
        ClusterImage after = image.apply(List.of(registration));
        List<MetadataRecord> records = new ArrayList<>();
        ofBroker(after, request.brokerId(), _ -> true, records, draft -> {
            draft.withoutInSync(request.brokerId());
            if (!hasKept(known, request, draft)) {
                draft.withoutEligible(request.brokerId());
            }
        });
        records.add(registration);
        leases.registered(request.brokerId(), epoch);
        return new Decision(records, new BrokerRegistered(new Done<>(epoch)), false);
    }

    /**
     * Two processes with one id. The later one is refused while the earlier one may live; else it wins, and the earlier one, if there is one,
     * learns from its next heartbeat that its epoch is stale. A process whose successor knows where it stopped cleanly is over. So is one
     * that this controller has not heard of, when another holds the locks of its directories: a controller that has just begun does
     * not make a broker wait that starts beside it.
     */
    private boolean mayBeAnother(BrokerImage known, RegisterBroker request) {
        if (known.inControlledShutdown()
                || known.epoch() == request.previousEpoch()
                || !leases.isAlive(known.id(), known.epoch())) {
            return false;
        }
        Set<UUID> directories = new HashSet<>(known.directories());
        return leases.isHeard(known.id())
                || directories.isEmpty()
                || !directories.equals(new HashSet<>(request.directories()));
    }

    /**
     * Whether the broker's replica has everything that its last process acknowledged: it stopped cleanly, or only what was synced ever counted,
     * and the log's directory is there.
     */
    private static boolean hasKept(@Nullable BrokerImage known, RegisterBroker request, PartitionDraft draft) {
        UUID directory = draft.directoryOf(request.brokerId());
        boolean there = directory.equals(PartitionDraft.UNASSIGNED)
                ? known != null && new HashSet<>(request.directories()).containsAll(known.directories())
                : request.directories().contains(directory);
        boolean cleanly = known != null && known.epoch() == request.previousEpoch();
        return there && (cleanly || draft.policy().synced());
    }

    Decision heartbeat(ClusterImage image, Heartbeat request) {
        BrokerImage broker = image.broker(request.brokerId());
        Refused<BrokerState> refused = strange(broker, request.brokerId(), request.brokerEpoch());
        if (broker == null || refused != null) {
            return Decision.only(new HeartbeatAnswered(refused != null ? refused : notRegistered(request.brokerId())));
        }
        leases.heard(broker.id(), broker.epoch(), request.metadataOffset());
        boolean caughtUp = request.metadataOffset() >= concerns.of(broker.id());
        List<MetadataRecord> records = new ArrayList<>();
        List<UUID> failed = request.offlineDirectories().stream()
                .filter(broker.directories()::contains)
                .toList();
        List<UUID> left =
                broker.directories().stream().filter(id -> !failed.contains(id)).toList();
        if (request.wantShutdown()) {
            return shutDown(image, broker, caughtUp);
        }
        boolean fenced = broker.fenced();
        if (request.wantFence() || (!failed.isEmpty() && left.isEmpty())) {
            if (!fenced) {
                // Kafka's record can't say that no directory is left, so such a broker is fenced as it is.
                fence(image, broker, records);
                fenced = true;
            }
        } else if (!failed.isEmpty()) {
            withoutDirectories(image, broker, failed, left, records);
        } else if (fenced && caughtUp) {
            MetadataRecord change = change(broker, false, false);
            ofBroker(image.apply(List.of(change)), broker.id(), _ -> true, records, _ -> {});
            records.add(change);
            fenced = false;
        }
        return new Decision(
                records, new HeartbeatAnswered(new Done<>(new BrokerState(caughtUp, fenced, false))), false);
    }

    /**
     * A broker that wants to stop gives away what it leads and leaves the in-sync sets, but is not fenced and goes on to serve until all other
     * brokers have read that: so nobody asks in vain for who leads. With nothing given away, and with nobody else, it stops at once.
     */
    private Decision shutDown(ClusterImage image, BrokerImage broker, boolean caughtUp) {
        List<MetadataRecord> records = new ArrayList<>();
        boolean fenced = broker.fenced();
        if (!fenced && !broker.inControlledShutdown()) {
            MetadataRecord leaving = change(broker, false, true);
            leave(image.apply(List.of(leaving)), broker.id(), records);
            boolean led = records.stream()
                    .anyMatch(record -> record instanceof PartitionChange change
                            && change.leader() != PartitionChange.NO_LEADER_CHANGE);
            leases.leaves(broker.id(), image.lastOffset() + records.size());
            if (!led || leases.mayStop(broker.id(), image)) {
                records.add(change(broker, true, true));
                fenced = true;
            } else {
                records.add(leaving);
            }
        } else if (!fenced && leases.mayStop(broker.id(), image)) {
            records.add(change(broker, true, true));
            fenced = true;
        }
        // Whatever it led has been given away by the records this reply waits for.
        BrokerState state = new BrokerState(caughtUp, fenced, fenced);
        return new Decision(records, new HeartbeatAnswered(new Done<>(state)), false);
    }

    /** A broker was not heard of in time. */
    List<MetadataRecord> expire(ClusterImage image, int brokerId) {
        leases.forget(brokerId);
        BrokerImage broker = image.broker(brokerId);
        List<MetadataRecord> records = new ArrayList<>();
        if (broker != null && !broker.fenced()) {
            fence(image, broker, records);
        }
        return records;
    }

    private void fence(ClusterImage image, BrokerImage broker, List<MetadataRecord> records) {
        MetadataRecord change = change(broker, true, broker.inControlledShutdown());
        leave(image.apply(List.of(change)), broker.id(), records);
        records.add(change);
    }

    /** The broker is in sync nowhere any more, and leads nothing. */
    private void leave(ClusterImage after, int brokerId, List<MetadataRecord> records) {
        ofBroker(after, brokerId, _ -> true, records, draft -> draft.withoutInSync(brokerId));
    }

    /** Directories of a broker have failed, and with them the replicas there, and no others. */
    private void withoutDirectories(
            ClusterImage image, BrokerImage broker, List<UUID> failed, List<UUID> left, List<MetadataRecord> records) {
        MetadataRecord change =
                new BrokerRegistrationChange(broker.id(), broker.epoch(), null, null, List.copyOf(left));
        Predicate<PartitionDraft> there = draft -> failed.contains(draft.directoryOf(broker.id()));
        ofBroker(image.apply(List.of(change)), broker.id(), there, records, draft -> lose(draft, broker.id()));
        records.add(change);
    }

    Decision assign(ClusterImage image, AssignDirectories request) {
        BrokerImage broker = image.broker(request.brokerId());
        Refused<List<Outcome<PartitionImage>>> refused = strange(broker, request.brokerId(), request.brokerEpoch());
        if (broker == null || refused != null) {
            return Decision.only(
                    new DirectoriesAssigned(refused != null ? refused : notRegistered(request.brokerId())));
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<PartitionImage>> outcomes = new ArrayList<>();
        ClusterImage working = image; // a partition that is named twice goes where it is named last
        for (DirectoryAssignment assignment : request.assignments()) {
            List<MetadataRecord> ofPartition = new ArrayList<>();
            outcomes.add(assign(working, broker, assignment, ofPartition));
            working = ofPartition.isEmpty() ? working : working.apply(ofPartition);
            records.addAll(ofPartition);
        }
        return new Decision(records, new DirectoriesAssigned(new Done<>(List.copyOf(outcomes))), false);
    }

    private Outcome<PartitionImage> assign(
            ClusterImage image, BrokerImage broker, DirectoryAssignment assigned, List<MetadataRecord> records) {
        TopicImage topic = image.topic(assigned.topicId());
        if (topic == null) {
            return new Refused<>(
                    ControllerError.UNKNOWN_TOPIC_ID, "There is no topic with id " + assigned.topicId() + ".");
        }
        PartitionImage partition = image.partition(topic.id(), assigned.partition());
        if (partition == null) {
            return new Refused<>(
                    ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                    "Topic " + topic.name() + " has no partition " + assigned.partition() + ".");
        }
        if (!partition.replicas().contains(broker.id())) {
            return new Refused<>(
                    ControllerError.NOT_LEADER_OR_FOLLOWER,
                    "Broker " + broker.id() + " is none of the replicas " + partition.replicas() + ".");
        }
        PartitionDraft draft = new PartitionDraft(
                image, policies.of(image, topic.name()), topic.id(), assigned.partition(), partition);
        draft.inDirectory(broker.id(), assigned.directory());
        if (!broker.reaches(assigned.directory())) {
            lose(draft, broker.id());
        }
        draft.electInto(records);
        return new Done<>(partition);
    }

    /** A replica's directory has failed. It has what was synced; what was not may be gone before its process is. */
    private static void lose(PartitionDraft draft, int brokerId) {
        draft.withoutInSync(brokerId);
        if (!draft.policy().synced()) {
            draft.withoutEligible(brokerId);
        }
    }

    Decision unregister(ClusterImage image, UnregisterBroker request) {
        BrokerImage broker = image.broker(request.brokerId());
        if (broker == null) {
            return Decision.only(new BrokerUnregistered(notRegistered(request.brokerId())));
        }
        MetadataRecord gone = new MetadataRecord.UnregisterBroker(broker.id(), broker.epoch());
        List<MetadataRecord> records = new ArrayList<>();
        leave(image.apply(List.of(gone)), broker.id(), records);
        records.add(gone);
        leases.forget(broker.id());
        return new Decision(records, new BrokerUnregistered(new Done<>(broker.epoch())), false);
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
     * Something has happened to the broker's replicas, and who leads them is to be looked at.
     *
     * @param after with the broker as it will be
     * @param what happens to each
     */
    private void ofBroker(
            ClusterImage after,
            int brokerId,
            Predicate<PartitionDraft> which,
            List<MetadataRecord> records,
            Consumer<PartitionDraft> what) {
        for (TopicImage topic : after.topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                PartitionImage partition = topic.partitions().get(p);
                if (partition.replicas().contains(brokerId)) {
                    PartitionDraft draft =
                            new PartitionDraft(after, policies.of(after, topic.name()), topic.id(), p, partition);
                    if (which.test(draft)) {
                        what.accept(draft);
                        draft.electInto(records);
                    }
                }
            }
        }
    }
}
