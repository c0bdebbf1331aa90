package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The offsets of all groups: what is committed, which is all that readers see, and beside it what has been written and
 * not yet confirmed, which decisions about the next write must heed.
 *
 * <p>Kafka keeps one timeline with snapshots for this. Two maps do when reads only ever ask for the committed end.
 */
final class CommittedOffsets {

    static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /**
     * @param value null for a tombstone
     */
    private record Unsettled(long appendId, @Nullable CommittedOffset value) {}

    private final Map<String, NavigableMap<TopicPartition, CommittedOffset>> committed = new HashMap<>();
    private final Map<String, NavigableMap<TopicPartition, Unsettled>> unsettled = new HashMap<>();

    @Nullable
    CommittedOffset committed(String groupId, TopicPartition partition) {
        Map<TopicPartition, CommittedOffset> ofGroup = committed.get(groupId);
        return ofGroup == null ? null : ofGroup.get(partition);
    }

    /** By topic and partition; read only. */
    NavigableMap<TopicPartition, CommittedOffset> committed(String groupId) {
        NavigableMap<TopicPartition, CommittedOffset> ofGroup = committed.get(groupId);
        return ofGroup == null ? new TreeMap<>(ORDER) : ofGroup;
    }

    /** Of all groups; committed only. */
    Set<String> topics() {
        Set<String> topics = new HashSet<>();
        committed.values().forEach(ofGroup -> ofGroup.keySet().forEach(partition -> topics.add(partition.topic())));
        return topics;
    }

    /** Committed ones of all groups. */
    long count() {
        long count = 0;
        for (Map<TopicPartition, CommittedOffset> ofGroup : committed.values()) {
            count += ofGroup.size();
        }
        return count;
    }

    /** What will be committed when everything written is. A copy. */
    NavigableMap<TopicPartition, CommittedOffset> latest(String groupId) {
        NavigableMap<TopicPartition, CommittedOffset> latest = new TreeMap<>(committed(groupId));
        Map<TopicPartition, Unsettled> written = unsettled.get(groupId);
        if (written != null) {
            written.forEach((partition, change) -> {
                if (change.value == null) {
                    latest.remove(partition);
                } else {
                    latest.put(partition, change.value);
                }
            });
        }
        return latest;
    }

    @Nullable
    CommittedOffset latest(String groupId, TopicPartition partition) {
        Map<TopicPartition, Unsettled> written = unsettled.get(groupId);
        Unsettled change = written == null ? null : written.get(partition);
        return change != null ? change.value : committed(groupId, partition);
    }

    /** The record is on its way to the log. */
    void write(long appendId, GroupRecord record) {
        switch (record) {
            case GroupRecord.OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) ->
                unsettled(groupId).put(new TopicPartition(topic, partition), new Unsettled(appendId, value));
            case GroupRecord.OffsetRemoved(String groupId, String topic, int partition) ->
                unsettled(groupId).put(new TopicPartition(topic, partition), new Unsettled(appendId, null));
            case GroupRecord.GroupStored stored -> {}
            case GroupRecord.GroupRemoved removed -> {}
        }
    }

    /** The record, written before, is committed. */
    void settle(long appendId, GroupRecord record) {
        apply(record);
        switch (record) {
            case GroupRecord.OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) ->
                forget(appendId, groupId, new TopicPartition(topic, partition));
            case GroupRecord.OffsetRemoved(String groupId, String topic, int partition) ->
                forget(appendId, groupId, new TopicPartition(topic, partition));
            case GroupRecord.GroupStored stored -> {}
            case GroupRecord.GroupRemoved removed -> {}
        }
    }

    /** Forgets what was written; the caller writes again what is still on its way. */
    void dropUnsettled() {
        unsettled.clear();
    }

    /** The record is in the log and committed. */
    void apply(GroupRecord record) {
        switch (record) {
            case GroupRecord.OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) ->
                committed
                        .computeIfAbsent(groupId, id -> new TreeMap<>(ORDER))
                        .put(new TopicPartition(topic, partition), value);
            case GroupRecord.OffsetRemoved(String groupId, String topic, int partition) -> {
                Map<TopicPartition, CommittedOffset> ofGroup = committed.get(groupId);
                if (ofGroup != null) {
                    ofGroup.remove(new TopicPartition(topic, partition));
                    if (ofGroup.isEmpty()) {
                        committed.remove(groupId);
                    }
                }
            }
            case GroupRecord.GroupStored stored -> {}
            case GroupRecord.GroupRemoved removed -> {}
        }
    }

    private NavigableMap<TopicPartition, Unsettled> unsettled(String groupId) {
        return unsettled.computeIfAbsent(groupId, id -> new TreeMap<>(ORDER));
    }

    private void forget(long appendId, String groupId, TopicPartition partition) {
        NavigableMap<TopicPartition, Unsettled> written = unsettled.get(groupId);
        if (written == null) {
            return;
        }
        Unsettled change = written.get(partition);
        if (change != null && change.appendId == appendId) {
            written.remove(partition);
            if (written.isEmpty()) {
                unsettled.remove(groupId);
            }
        }
    }
}
