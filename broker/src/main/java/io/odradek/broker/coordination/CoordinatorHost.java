package io.odradek.broker.coordination;

import io.odradek.broker.metadata.TopicCreation;
import io.odradek.coordinator.group.GroupCounts;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The group coordinator of this broker: a few loops, each owning some partitions of {@code __consumer_offsets}, and one
 * thread that loads. A partition belongs to one loop for good, so all requests of a group meet on one thread.
 *
 * <p>All methods may be called from any thread and none blocks, except {@link #close}. Answers come on the loop's thread, or
 * on the caller's when the loop's inbox is full; they must not block.
 */
public final class CoordinatorHost implements AutoCloseable {

    /** Makes the event for the machine once its time and id are known. On the loop. */
    public interface Ask {
        GroupEvent.Request at(long nowMs, long requestId);
    }

    private final OffsetsTopic topic;
    private final @Nullable ExecutorService ownLoader;
    private final CoordinatorLoop[] loops;

    /**
     * @param clockMs wall-clock milliseconds that do not jump, such as {@link #steadyClock}
     * @param loopCount threads; one serves tens of thousands of members
     */
    public CoordinatorHost(
            GroupSettings settings, OffsetsLog log, OffsetsTopic topic, LongSupplier clockMs, int loopCount) {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "group-loader"));
        this(settings, log, topic, clockMs, loopCount, own, own);
    }

    private CoordinatorHost(
            GroupSettings settings,
            OffsetsLog log,
            OffsetsTopic topic,
            LongSupplier clockMs,
            int loopCount,
            Executor loader,
            @Nullable ExecutorService ownLoader) {
        this.topic = topic;
        this.ownLoader = ownLoader;
        this.loops = new CoordinatorLoop[loopCount];
        for (int i = 0; i < loopCount; i++) {
            loops[i] = new CoordinatorLoop("group-coordinator-" + i, settings, log, topic::topicsNow, clockMs, loader);
        }
    }

    /**
     * One without threads, whose only loop goes round when {@link #turn} is called, instead of {@link #start}.
     *
     * @param loader where partitions are loaded
     */
    public static CoordinatorHost withoutThreads(
            GroupSettings settings, OffsetsLog log, OffsetsTopic topic, LongSupplier clockMs, Executor loader) {
        return new CoordinatorHost(settings, log, topic, clockMs, 1, loader, null);
    }

    /** Wall-clock time at the start of the process, carried on by a clock that nobody sets. */
    public static LongSupplier steadyClock() {
        long wallMs = System.currentTimeMillis();
        long startNs = System.nanoTime();
        return () -> wallMs + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
    }

    public void start() {
        for (CoordinatorLoop loop : loops) {
            loop.start();
        }
    }

    /** One pass of each loop, by whoever has one without threads. */
    public void turn() {
        for (CoordinatorLoop loop : loops) {
            loop.turn();
        }
    }

    /** Turns everyone away and ends the threads. Appends under way are left to the log. */
    @Override
    public void close() {
        for (CoordinatorLoop loop : loops) {
            loop.stop();
        }
        if (ownLoader != null) {
            ownLoader.shutdownNow(); // a load under way has nobody left to load for
        }
    }

    // ---- leadership, from whoever follows the metadata

    /** This broker leads the partition from now on; its groups are loaded. Older epochs are ignored. */
    public void becomeLeader(int partition, int leaderEpoch) {
        loopOf(partition).becomeLeader(partition, leaderEpoch);
    }

    /** This broker no longer leads the partition in this epoch or an earlier one. */
    public void resign(int partition, int leaderEpoch) {
        loopOf(partition).resign(partition, leaderEpoch);
    }

    /** Offsets of these topics are removed. */
    public void topicsDeleted(Set<String> topics) {
        for (CoordinatorLoop loop : loops) {
            loop.topicsDeleted(topics);
        }
    }

    /** What an image says of it: which partitions of {@code __consumer_offsets} this broker leads, and which topics are gone. */
    public void follow(int brokerId, ClusterImage image, ClusterDelta delta) {
        TopicImage offsets = image.topic(TopicCreation.OFFSETS_TOPIC);
        boolean touched = delta.createdTopics().stream().anyMatch(CoordinatorHost::isOffsets)
                || delta.changedTopics().stream().anyMatch(change -> isOffsets(change.after()));
        if (offsets != null && touched) {
            for (int p = 0; p < offsets.partitions().size(); p++) {
                PartitionImage partition = offsets.partitions().get(p);
                if (partition.leader() == brokerId) {
                    becomeLeader(p, partition.leaderEpoch());
                } else {
                    resign(p, partition.leaderEpoch());
                }
            }
        }
        if (!delta.deletedTopics().isEmpty()) {
            Set<String> names = new HashSet<>();
            delta.deletedTopics().forEach(deleted -> names.add(deleted.name()));
            topicsDeleted(names);
        }
    }

    private static boolean isOffsets(TopicImage topic) {
        return topic.name().equals(TopicCreation.OFFSETS_TOPIC);
    }

    // ---- requests

    /** Kafka's rule, so that an existing topic finds its groups where they were. */
    public int partitionFor(String groupId) {
        int hash = groupId.hashCode();
        return (hash == Integer.MIN_VALUE ? 0 : Math.abs(hash)) % topic.partitions();
    }

    /** Asks the coordinator of this group, if it is here. */
    public void ask(String groupId, Ask ask, Consumer<GroupReply> answer) {
        askPartition(partitionFor(groupId), ask, answer);
    }

    public void askPartition(int partition, Ask ask, Consumer<GroupReply> answer) {
        loopOf(partition).ask(partition, ask, answer);
    }

    /** Lists the groups of all partitions led here; refused as a whole while any of them is being loaded, as in Kafka. */
    public void list(Set<String> states, boolean classicWanted, Consumer<GroupReply> answer) {
        Gathering<List<GroupReply>> gathering = new Gathering<>(loops.length, parts -> answer.accept(merge(parts)));
        for (CoordinatorLoop loop : loops) {
            loop.askAll(
                    (nowMs, requestId) -> new GroupEvent.ListGroups(nowMs, requestId, states, classicWanted),
                    gathering::add);
        }
    }

    /** Counts the groups and offsets of all partitions led here; not done when the coordinator has stopped. */
    public CompletableFuture<GroupCounts> counts() {
        CompletableFuture<GroupCounts> counts = CompletableFuture.completedFuture(GroupCounts.NONE);
        for (CoordinatorLoop loop : loops) {
            CompletableFuture<GroupCounts> part = new CompletableFuture<>();
            loop.count(part::complete);
            counts = counts.thenCombine(part, GroupCounts::plus);
        }
        return counts;
    }

    private static GroupReply merge(List<List<GroupReply>> parts) {
        List<GroupReply.ListedGroup> groups = new ArrayList<>();
        for (List<GroupReply> part : parts) {
            for (GroupReply reply : part) {
                switch (reply) {
                    case GroupReply.GroupsListed(List<GroupReply.ListedGroup> listed) -> groups.addAll(listed);
                    case GroupReply.Refused(GroupError error) -> {
                        if (error != GroupError.NOT_COORDINATOR) {
                            return reply;
                        }
                    }
                    case GroupReply other -> throw new IllegalStateException("answer to a listing: " + other);
                }
            }
        }
        return new GroupReply.GroupsListed(groups);
    }

    /** Has every loop read its clock again; for tests that turn the clock themselves. */
    void poke() {
        for (CoordinatorLoop loop : loops) {
            loop.poke();
        }
    }

    private CoordinatorLoop loopOf(int partition) {
        return loops[partition % loops.length];
    }
}
