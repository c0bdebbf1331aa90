package io.odradek.broker.request;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.controller.TopicNames;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.Errors;

/**
 * DescribeTopicPartitions, version 0 (KIP-966): pages through topics in order of name and partitions in order of number. The
 * cursor names the first partition of the next page; what was deleted meanwhile is passed over.
 */
public final class DescribeTopicPartitionsHandler implements ApiHandler {

    private final ControllerHost controller;
    private final BrokerConfig config;

    public DescribeTopicPartitionsHandler(ControllerHost controller, BrokerConfig config) {
        this.controller = controller;
        this.config = config;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeTopicPartitionsRequestData body = (DescribeTopicPartitionsRequestData) request.body();
        ClusterImage image = controller.image();
        Topology topology = new Topology(image, request.listener());
        DescribeTopicPartitionsResponseData response = new DescribeTopicPartitionsResponseData();
        String fromTopic = body.cursor() == null ? "" : body.cursor().topicName();
        int fromPartition =
                body.cursor() == null ? 0 : Math.max(0, body.cursor().partitionIndex());
        int left = Math.max(
                1, Math.min(config.intValue("max.request.partition.size.limit"), body.responsePartitionLimit()));
        Iterator<String> names = body.topics().isEmpty()
                ? allNames(image, fromTopic)
                : body.topics().stream()
                        .map(TopicRequest::name)
                        .filter(name -> name.compareTo(fromTopic) >= 0)
                        .collect(Collectors.toCollection(TreeSet::new))
                        .iterator();
        while (names.hasNext()) {
            String name = names.next();
            TopicImage topic = image.topic(name);
            if (topic == null) {
                response.topics().add(absent(name));
                continue;
            }
            int first = name.equals(fromTopic)
                    ? Math.min(fromPartition, topic.partitions().size())
                    : 0;
            if (left == 0) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(first));
                break;
            }
            int end = Math.min(topic.partitions().size(), first + left);
            response.topics().add(found(topic, first, end, topology));
            left -= end - first;
            if (end < topic.partitions().size()) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(end));
                break;
            }
        }
        reply.send(response);
    }

    private static Iterator<String> allNames(ClusterImage image, String from) {
        Iterator<Map.Entry<String, TopicImage>> topics =
                image.topicsByName().from(from).iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return topics.hasNext();
            }

            @Override
            public String next() {
                return topics.next().getKey();
            }
        };
    }

    private static DescribeTopicPartitionsResponseTopic absent(String name) {
        Errors error =
                TopicNames.problem(name) == null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
        return new DescribeTopicPartitionsResponseTopic()
                .setName(name)
                .setErrorCode(error.code())
                .setIsInternal(TopicCreation.isInternal(name));
    }

    private static DescribeTopicPartitionsResponseTopic found(TopicImage topic, int first, int end, Topology topology) {
        DescribeTopicPartitionsResponseTopic described = new DescribeTopicPartitionsResponseTopic()
                .setName(topic.name())
                .setTopicId(TopicIds.toKafka(topic.id()))
                .setIsInternal(TopicCreation.isInternal(topic.name()))
                .setTopicAuthorizedOperations(AuthorizedOperations.ON_TOPIC);
        for (int i = first; i < end; i++) {
            PartitionImage partition = topic.partitions().get(i);
            Errors error = topology.leaderError(partition);
            described
                    .partitions()
                    .add(new DescribeTopicPartitionsResponsePartition()
                            .setErrorCode(error.code())
                            .setPartitionIndex(i)
                            .setLeaderId(error == Errors.NONE ? partition.leader() : PartitionImage.NO_LEADER)
                            .setLeaderEpoch(partition.leaderEpoch())
                            .setReplicaNodes(partition.replicas())
                            .setIsrNodes(partition.inSyncReplicas())
                            .setEligibleLeaderReplicas(partition.eligibleLeaderReplicas())
                            .setLastKnownElr(partition.lastKnownEligibleLeaderReplicas())
                            .setOfflineReplicas(topology.offline(partition)));
        }
        return described;
    }
}
