package io.odradek.spec.cluster;

import io.odradek.spec.cluster.Operation.AddPartitions;
import io.odradek.spec.cluster.Operation.CancelReassignment;
import io.odradek.spec.cluster.Operation.CreateTopic;
import io.odradek.spec.cluster.Operation.DeleteTopic;
import io.odradek.spec.cluster.Operation.ElectPreferred;
import io.odradek.spec.cluster.Operation.Reassign;
import io.odradek.spec.cluster.Operation.SetConfig;
import java.util.List;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Asks some broker for what the plan says, once, and has {@link Decisions} told of what came of it. */
final class Operator {
    private static final int TIMEOUT_MS = 2_000;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final Decisions decisions;

    Operator(ClientMachine client, Chronicle chronicle, Decisions decisions) {
        this.client = client;
        this.chronicle = chronicle;
        this.decisions = decisions;
    }

    void ask(Operation operation) {
        chronicle.say(operation.toString());
        switch (operation) {
            case CreateTopic create -> {
                CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(TIMEOUT_MS);
                request.topics()
                        .add(new CreateTopicsRequestData.CreatableTopic()
                                .setName(create.topic())
                                .setNumPartitions(create.partitions())
                                .setReplicationFactor((short) create.replicationFactor()));
                ask(
                        create,
                        ApiKeys.CREATE_TOPICS,
                        request,
                        CreateTopicsResponseData.class,
                        response -> response.topics().iterator().next().errorCode());
            }
            case DeleteTopic delete ->
                ask(
                        delete,
                        ApiKeys.DELETE_TOPICS,
                        new DeleteTopicsRequestData()
                                .setTimeoutMs(TIMEOUT_MS)
                                .setTopics(List.of(
                                        new DeleteTopicsRequestData.DeleteTopicState().setName(delete.topic()))),
                        DeleteTopicsResponseData.class,
                        response -> response.responses().iterator().next().errorCode());
            case SetConfig set -> {
                IncrementalAlterConfigsRequestData.AlterableConfigCollection configs =
                        new IncrementalAlterConfigsRequestData.AlterableConfigCollection();
                configs.add(new IncrementalAlterConfigsRequestData.AlterableConfig()
                        .setName(set.key())
                        .setConfigOperation((byte) 0)
                        .setValue(set.value()));
                IncrementalAlterConfigsRequestData request = new IncrementalAlterConfigsRequestData();
                request.resources()
                        .add(new IncrementalAlterConfigsRequestData.AlterConfigsResource()
                                .setResourceType(ConfigResource.Type.TOPIC.id())
                                .setResourceName(set.topic())
                                .setConfigs(configs));
                ask(
                        set,
                        ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                        request,
                        IncrementalAlterConfigsResponseData.class,
                        response -> response.responses().getFirst().errorCode());
            }
            case AddPartitions add -> {
                CreatePartitionsRequestData request = new CreatePartitionsRequestData().setTimeoutMs(TIMEOUT_MS);
                request.topics()
                        .add(new CreatePartitionsRequestData.CreatePartitionsTopic()
                                .setName(add.topic())
                                .setCount(add.count())
                                .setAssignments(null));
                ask(
                        add,
                        ApiKeys.CREATE_PARTITIONS,
                        request,
                        CreatePartitionsResponseData.class,
                        response -> response.results().getFirst().errorCode());
            }
            case Reassign reassign -> reassign(reassign, reassign.partition(), reassign.replicas());
            case CancelReassignment cancel -> reassign(cancel, cancel.partition(), null);
            case ElectPreferred elect -> {
                ElectLeadersRequestData request = new ElectLeadersRequestData()
                        .setElectionType((byte) 0)
                        .setTimeoutMs(TIMEOUT_MS)
                        .setTopicPartitions(new ElectLeadersRequestData.TopicPartitionsCollection());
                request.topicPartitions()
                        .add(new ElectLeadersRequestData.TopicPartitions()
                                .setTopic(elect.topic())
                                .setPartitions(List.of(elect.partition())));
                ask(
                        elect,
                        ApiKeys.ELECT_LEADERS,
                        request,
                        ElectLeadersResponseData.class,
                        response -> response.errorCode() != Errors.NONE.code()
                                ? response.errorCode()
                                : response.replicaElectionResults()
                                        .getFirst()
                                        .partitionResult()
                                        .getFirst()
                                        .errorCode());
            }
        }
    }

    private void reassign(Operation operation, int partition, @Nullable List<Integer> replicas) {
        ask(
                operation,
                ApiKeys.ALTER_PARTITION_REASSIGNMENTS,
                new AlterPartitionReassignmentsRequestData()
                        .setTimeoutMs(TIMEOUT_MS)
                        .setTopics(List.of(new ReassignableTopic()
                                .setName(operation.topic())
                                .setPartitions(List.of(new ReassignablePartition()
                                        .setPartitionIndex(partition)
                                        .setReplicas(replicas))))),
                AlterPartitionReassignmentsResponseData.class,
                response -> response.errorCode() != Errors.NONE.code()
                        ? response.errorCode()
                        : response.responses()
                                .getFirst()
                                .partitions()
                                .getFirst()
                                .errorCode());
    }

    private interface ErrorIn<T> {
        short of(T response);
    }

    private <T extends ApiMessage> void ask(
            Operation operation, ApiKeys api, ApiMessage request, Class<T> answer, ErrorIn<T> error) {
        Decisions.Asked asked = decisions.asked(operation);
        client.ask(client.anyNode(), api, request, answer, response -> {
            if (response == null) {
                chronicle.count("an operator gets no answer");
            } else {
                Errors heard = Errors.forCode(error.of(response));
                chronicle.say("who wants that: " + operation + ", hears " + heard);
                chronicle.count(
                        operation.getClass().getSimpleName() + (heard == Errors.NONE ? " is done" : " hears " + heard));
                decisions.answered(asked, heard);
            }
        });
    }
}
