package io.odradek.broker.cluster;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.partition.ReplicaClock;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the controller in which log directory this broker has put a replica, where the metadata does not say so (AssignReplicasToDirs, KIP-858): without
 * that a failed directory takes nobody's place. One request at a time, with what has come meanwhile; what fails is told again. Also of a directory that has failed
 * since: the controller has to know what it took along. Any thread.
 */
public final class DirectoryAssignments {

    private static final Logger LOG = LoggerFactory.getLogger(DirectoryAssignments.class);

    /** In one request, as many as Kafka's brokers put there: it stays far below what a controller reads. */
    private static final int MOST_AT_ONCE = 2_250;

    /** Between a request that failed and the next. */
    private static final int RETRY_MS = 500;

    /** Where this broker has a replica. */
    public interface Places {
        /** The directory's id; null when there is no such replica here. */
        @Nullable
        UUID directoryOf(UUID topicId, int partition);
    }

    private record Replica(UUID topicId, int partition) {}

    private final ActiveController controller;
    private final int brokerId;
    private final LongSupplier brokerEpoch;
    private final Places places;
    private final ReplicaClock clock;

    // Guarded by this.
    private final Map<Replica, UUID> untold = new LinkedHashMap<>();
    private boolean asking;
    private boolean unheard;

    /** @param brokerEpoch of the registration; asked for each request */
    public DirectoryAssignments(
            ActiveController controller, int brokerId, LongSupplier brokerEpoch, Places places, ReplicaClock clock) {
        this.controller = controller;
        this.brokerId = brokerId;
        this.brokerEpoch = brokerEpoch;
        this.places = places;
        this.clock = clock;
    }

    /** After this broker's partitions have become what {@code image} says. */
    public void follow(ClusterImage image, ClusterDelta delta) {
        for (TopicImage topic : delta.createdTopics()) {
            compare(topic);
        }
        for (ClusterDelta.TopicChange change : delta.changedTopics()) {
            compare(change.after());
        }
        if (!delta.deletedTopics().isEmpty()) {
            synchronized (this) {
                untold.keySet().removeIf(replica -> image.topic(replica.topicId()) == null);
            }
        }
        askIfIdle();
    }

    private void compare(TopicImage topic) {
        for (int number = 0; number < topic.partitions().size(); number++) {
            PartitionImage partition = topic.partitions().get(number);
            UUID here = partition.replicas().contains(brokerId) ? places.directoryOf(topic.id(), number) : null;
            Replica replica = new Replica(topic.id(), number);
            synchronized (this) {
                if (here == null || here.equals(partition.directoryIn(brokerId))) {
                    untold.remove(replica);
                } else {
                    untold.put(replica, here);
                }
            }
        }
    }

    private void askIfIdle() {
        List<DirectoryAssignment> assignments = new ArrayList<>();
        synchronized (this) {
            if (asking || untold.isEmpty()) {
                return;
            }
            asking = true;
            for (Map.Entry<Replica, UUID> each : untold.entrySet()) {
                if (assignments.size() == MOST_AT_ONCE) {
                    break;
                }
                Replica replica = each.getKey();
                assignments.add(new DirectoryAssignment(replica.topicId(), replica.partition(), each.getValue()));
            }
        }
        controller.submit(
                new AssignDirectories(brokerId, brokerEpoch.getAsLong(), assignments),
                new ActiveController.ReplyTo<DirectoriesAssigned>() {
                    @Override
                    public void reply(DirectoriesAssigned reply) {
                        switch (reply.partitions()) {
                            case Done<List<Outcome<PartitionImage>>>(var outcomes) -> told(assignments, outcomes);
                            case Refused<List<Outcome<PartitionImage>>>(ControllerError error, String message) ->
                                again(assignments.size(), error + ": " + message);
                        }
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        again(assignments.size(), error + ": " + message);
                    }
                });
    }

    /** What is refused concerns a replica that this broker no longer has: the metadata will say so. */
    private void told(List<DirectoryAssignment> assignments, List<Outcome<PartitionImage>> outcomes) {
        int unsaid = 0;
        synchronized (this) {
            for (int i = 0; i < assignments.size(); i++) {
                DirectoryAssignment assigned = assignments.get(i);
                if (outcomes.get(i) instanceof Refused<PartitionImage>(ControllerError error, String message)) {
                    if (error == ControllerError.CONTROLLER_UNAVAILABLE) {
                        unsaid++;
                        continue;
                    }
                    LOG.info(
                            "the controller does not want to know where partition {} of topic {} lies: {}: {}",
                            assigned.partition(),
                            assigned.topicId(),
                            error,
                            message);
                }
                untold.remove(new Replica(assigned.topicId(), assigned.partition()), assigned.directory());
            }
            asking = unsaid > 0;
            unheard &= unsaid > 0;
        }
        if (unsaid > 0) {
            again(unsaid, "it has said nothing of them");
        } else {
            askIfIdle();
        }
    }

    private void again(int count, String why) {
        boolean saidBefore;
        synchronized (this) {
            saidBefore = unheard;
            unheard = true;
        }
        if (!saidBefore) {
            LOG.info("the controller has not heard yet in which log directories {} replicas are: {}", count, why);
        }
        clock.wakeAt(clock.nowMs() + RETRY_MS, () -> {
            synchronized (this) {
                asking = false;
            }
            askIfIdle();
        });
    }
}
