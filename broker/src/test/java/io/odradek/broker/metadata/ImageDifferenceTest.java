package io.odradek.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterDelta.TopicChange;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ImageRecords;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.MetadataRecord.ProducerIds;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.RemoveTopic;
import io.odradek.replication.controller.MetadataRecord.Topic;
import io.odradek.replication.controller.MetadataRecord.UnregisterBroker;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A snapshot in the place of records: what it holds, and what has changed by it. */
class ImageDifferenceTest {

    private static final UUID KEPT = new UUID(1, 1);
    private static final UUID CHANGED = new UUID(1, 2);
    private static final UUID REMOVED = new UUID(1, 3);
    private static final UUID MADE_AGAIN = new UUID(1, 4);

    private static Partition partition(UUID topic, int number) {
        return new Partition(
                topic,
                number,
                new PartitionImage(
                        List.of(1, 2),
                        List.of(new UUID(9, 1), new UUID(9, 2)),
                        List.of(2, 1),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        1,
                        LeaderRecovery.RECOVERED,
                        3,
                        4));
    }

    private static RegisterBroker broker(int id) {
        return new RegisterBroker(
                id, 10 + id, new UUID(8, id), List.of(), Map.of(), "rack", true, false, List.of(new UUID(9, id)));
    }

    private static ClusterImage before() {
        List<MetadataRecord> records = new ArrayList<>(List.of(new FeatureLevel("metadata.version", (short) 30)));
        records.addAll(List.of(broker(1), broker(2), broker(3)));
        List.of(KEPT, CHANGED, REMOVED).forEach(topic -> {
            records.add(new Topic("t" + topic.getLeastSignificantBits(), topic));
            records.add(partition(topic, 0));
            records.add(partition(topic, 1));
        });
        records.add(new Config(ConfigResource.topic("t1"), "retention.ms", "1"));
        records.add(new Config(ConfigResource.topic("t2"), "retention.ms", "2"));
        records.add(new ProducerIds(1, 11, 4_000));
        return ClusterImage.empty("c").apply(records);
    }

    private static ClusterImage after() {
        return before().apply(List.of(
                PartitionChange.newReign(CHANGED, 1, 2, null),
                new RemoveTopic(REMOVED),
                new Topic("t3", MADE_AGAIN),
                partition(MADE_AGAIN, 0),
                new UnregisterBroker(2, 12),
                broker(4),
                new Config(ConfigResource.topic("t1"), "retention.ms", null),
                new Config(ConfigResource.topic("t2"), "retention.ms", "3")));
    }

    @Test
    void whatWasMadeChangedAndRemovedIsFound() {
        ClusterImage before = before();
        ClusterImage after = after();
        ClusterDelta delta = ImageDifference.between(before, after);
        assertThat(delta.createdTopics()).extracting(TopicImage::id).containsExactly(MADE_AGAIN);
        assertThat(delta.deletedTopics()).extracting(TopicImage::id).containsExactly(REMOVED);
        assertThat(delta.changedTopics())
                .containsExactly(new TopicChange(
                        Objects.requireNonNull(before.topic(CHANGED)), Objects.requireNonNull(after.topic(CHANGED))));
        assertThat(delta.changedConfigs()).containsExactly(ConfigResource.topic("t1"), ConfigResource.topic("t2"));
        assertThat(delta.changedBrokers()).containsExactly(2, 4);
        assertThat(ImageDifference.between(after, after).isEmpty()).isTrue();
    }

    @Test
    void whatASnapshotHoldsIsTheImage() {
        for (ClusterImage image : List.of(ClusterImage.empty("c"), before(), after())) {
            List<MetadataRecord> records = new ArrayList<>();
            ImageRecords.forEach(image, records::add);
            ClusterImage read = ClusterImage.empty("c").apply(records);
            assertThat(read.at(image.lastOffset())).isEqualTo(image);
        }
    }
}
