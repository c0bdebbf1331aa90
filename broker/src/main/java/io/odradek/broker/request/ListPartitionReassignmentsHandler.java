package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData.ListPartitionReassignmentsTopics;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData.OngoingPartitionReassignment;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData.OngoingTopicReassignment;

/** ListPartitionReassignments, version 0 (KIP-455): what the committed metadata says, so any broker can answer. */
public final class ListPartitionReassignmentsHandler implements ApiHandler {

    private final Supplier<ClusterImage> image;

    public ListPartitionReassignmentsHandler(Supplier<ClusterImage> image) {
        this.image = image;
    }

    @Override
    public void handle(Request request, Reply reply) {
        ListPartitionReassignmentsRequestData body = (ListPartitionReassignmentsRequestData) request.body();
        ClusterImage now = image.get();
        ListPartitionReassignmentsResponseData response = new ListPartitionReassignmentsResponseData();
        if (body.topics() == null) {
            for (TopicImage topic : now.topicsByName().values()) {
                List<Integer> all = new ArrayList<>();
                for (int p = 0; p < topic.partitions().size(); p++) {
                    all.add(p);
                }
                add(response, now, topic, all);
            }
        } else {
            for (ListPartitionReassignmentsTopics asked : body.topics()) {
                TopicImage topic = now.topic(asked.name());
                if (topic != null) { // of what does not exist nothing runs, as in Kafka
                    add(response, now, topic, asked.partitionIndexes());
                }
            }
        }
        reply.send(response);
    }

    private static void add(
            ListPartitionReassignmentsResponseData response,
            ClusterImage image,
            TopicImage topic,
            List<Integer> partitions) {
        OngoingTopicReassignment ongoing = new OngoingTopicReassignment().setName(topic.name());
        for (int p : partitions) {
            PartitionImage partition = image.partition(topic.id(), p);
            if (partition != null && partition.isReassigning()) {
                ongoing.partitions()
                        .add(new OngoingPartitionReassignment()
                                .setPartitionIndex(p)
                                .setReplicas(partition.replicas())
                                .setAddingReplicas(partition.addingReplicas())
                                .setRemovingReplicas(partition.removingReplicas()));
            }
        }
        if (!ongoing.partitions().isEmpty()) {
            response.topics().add(ongoing);
        }
    }
}
