package io.odradek.replication.controller;

import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Up to where each broker has to have read the metadata log to know all about itself and its replicas. The specification's {@code Unfence}
 * wants that a broker has applied everything; of other brokers' partitions there may always be something newer. Confined to the metadata
 * loop.
 */
final class Concerns {

    /** Where this controller began: of what was before it is not known whom it concerns. */
    private final long begun;

    private final Map<Integer, Long> lastOffsets = new HashMap<>();

    Concerns(ClusterImage image) {
        this.begun = image.lastOffset();
    }

    /** @param baseOffset of the first record */
    void follow(long baseOffset, List<MetadataRecord> records, ClusterImage after) {
        long offset = baseOffset;
        for (MetadataRecord record : records) {
            switch (record) {
                case RegisterBroker broker -> lastOffsets.put(broker.brokerId(), offset);
                case BrokerRegistrationChange change -> lastOffsets.put(change.brokerId(), offset);
                case Partition partition -> note(after, partition.topicId(), partition.partition(), offset);
                case PartitionChange change -> note(after, change.topicId(), change.partition(), offset);
                case MetadataRecord.FenceBroker(int id, long _) -> lastOffsets.put(id, offset);
                case MetadataRecord.UnfenceBroker(int id, long _) -> lastOffsets.put(id, offset);
                case MetadataRecord.UnregisterBroker(int id, long _) -> lastOffsets.remove(id);
                case MetadataRecord.Topic _,
                        MetadataRecord.RemoveTopic _,
                        MetadataRecord.Config _,
                        MetadataRecord.FeatureLevel _,
                        MetadataRecord.ClientQuota _,
                        MetadataRecord.ProducerIds _,
                        MetadataRecord.NoOp _ -> {}
            }
            offset++;
        }
    }

    private void note(ClusterImage after, UUID topicId, int partition, long offset) {
        PartitionImage image = after.partition(topicId, partition);
        if (image != null) {
            image.replicas().forEach(id -> lastOffsets.put(id, offset));
        }
    }

    long of(int brokerId) {
        return lastOffsets.getOrDefault(brokerId, begun);
    }
}
