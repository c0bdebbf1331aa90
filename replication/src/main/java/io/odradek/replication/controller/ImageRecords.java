package io.odradek.replication.controller;

import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.ProducerIds;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.Topic;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * The inverse of {@link ImageFold}: an image as the fewest records that fold into it, for a snapshot. {@link #imageOf} folds them, and
 * gives an image that is equal to the one they are of.
 *
 * <p>First what the log requires of its readers; a topic's configuration before its partitions, as in the log.
 */
public final class ImageRecords {

    /** Nobody in particular got the ids: an image does not say who had the last block. */
    private static final int NO_BROKER = -1;

    /** @param to gets each record once, in order */
    public static void forEach(ClusterImage image, Consumer<? super MetadataRecord> to) {
        image.features().forEach((name, level) -> to.accept(new FeatureLevel(name, level)));
        for (BrokerImage broker : image.brokers().values()) {
            to.accept(new RegisterBroker(
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
            to.accept(new Topic(topic.name(), topic.id()));
            configs(image, ConfigResource.topic(topic.name()), to);
            for (int p = 0; p < topic.partitions().size(); p++) {
                to.accept(new Partition(topic.id(), p, topic.partitions().get(p)));
            }
        }
        for (Map.Entry<ConfigResource, SortedMap<String, String>> entry : image.configs()) {
            ConfigResource resource = entry.getKey();
            boolean said = resource.type() == ConfigResource.Type.TOPIC && image.topic(resource.name()) != null;
            if (!said) {
                configs(image, resource, to);
            }
        }
        for (Map.Entry<QuotaEntity, SortedMap<String, Double>> entry : image.quotas()) {
            entry.getValue().forEach((key, value) -> to.accept(new ClientQuota(entry.getKey(), key, value)));
        }
        if (image.nextProducerId() > 0) {
            to.accept(new ProducerIds(NO_BROKER, NO_BROKER, image.nextProducerId()));
        }
    }

    private static void configs(ClusterImage image, ConfigResource resource, Consumer<? super MetadataRecord> to) {
        image.config(resource).forEach((key, value) -> to.accept(new Config(resource, key, value)));
    }

    /**
     * What a snapshot holds.
     *
     * @param lastOffset of the log that it stands for, inclusive
     * @throws IllegalStateException when a record contradicts those before it
     */
    public static ClusterImage imageOf(String clusterId, List<? extends MetadataRecord> records, long lastOffset) {
        ClusterImage folded = ClusterImage.empty(clusterId).apply(0, records).after();
        return folded.at(lastOffset);
    }

    private ImageRecords() {}
}
