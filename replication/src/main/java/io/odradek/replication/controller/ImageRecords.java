package io.odradek.replication.controller;

import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.ProducerIds;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.Topic;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;

/** What has to be folded to get an image: the inverse of {@link ImageFold}, for snapshots. */
public final class ImageRecords {

    /** In an order in which each may follow the ones before. Only the offset of the image is not among them. */
    public static void write(ClusterImage image, Consumer<MetadataRecord> records) {
        image.features().forEach((name, level) -> records.accept(new FeatureLevel(name, level)));
        for (BrokerImage broker : image.brokers().values()) {
            records.accept(new RegisterBroker(
                    broker.id(),
                    broker.epoch(),
                    broker.incarnationId(),
                    broker.endpoints(),
                    broker.features(),
                    broker.rack(),
                    broker.fenced(),
                    broker.inControlledShutdown(),
                    broker.directories()));
        }
        for (TopicImage topic : image.topicsByName().values()) {
            records.accept(new Topic(topic.name(), topic.id()));
            for (int p = 0; p < topic.partitions().size(); p++) {
                records.accept(new Partition(topic.id(), p, topic.partitions().get(p)));
            }
        }
        for (Map.Entry<ConfigResource, SortedMap<String, String>> config : image.configs()) {
            config.getValue().forEach((key, value) -> records.accept(new Config(config.getKey(), key, value)));
        }
        if (image.nextProducerId() > 0) {
            records.accept(
                    new ProducerIds(-1, -1, image.nextProducerId())); // whose block was the last is not in the image
        }
    }

    private ImageRecords() {}
}
