package io.odradek.broker.request;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AlterClientQuotasRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerRegistrationRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.RemoveRaftVoterRequestData;
import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;

/** A request with something in it for each API of the controller, in any version. */
final class ControllerRequests {

    static final int TIMEOUT_MS = 20_000;

    /** As it comes from the wire: what the version does not have is at its default. */
    static ApiMessage sample(ApiKeys api, int version) {
        ByteBufferAccessor bytes = MessageUtil.toByteBufferAccessor(filled(api, version), (short) version);
        ApiMessage read = api.messageType.newRequest();
        read.read(bytes, (short) version);
        return read;
    }

    private static ApiMessage filled(ApiKeys api, int version) {
        return switch (api) {
            case CREATE_TOPICS -> {
                CreateTopicsRequestData data = new CreateTopicsRequestData().setTimeoutMs(TIMEOUT_MS);
                for (String name : List.of("t" + version, "ü" + version)) {
                    data.topics()
                            .add(new CreateTopicsRequestData.CreatableTopic()
                                    .setName(name)
                                    .setNumPartitions(2)
                                    .setReplicationFactor((short) 1));
                }
                yield data;
            }
            case DELETE_TOPICS -> {
                DeleteTopicsRequestData data = new DeleteTopicsRequestData().setTimeoutMs(TIMEOUT_MS);
                yield version < 6
                        ? data.setTopicNames(List.of("t" + version, "absent"))
                        : data.setTopics(List.of(new DeleteTopicsRequestData.DeleteTopicState().setName("t6")));
            }
            case ALTER_CONFIGS -> {
                AlterConfigsRequestData data = new AlterConfigsRequestData();
                AlterConfigsRequestData.AlterConfigsResource topic = new AlterConfigsRequestData.AlterConfigsResource()
                        .setResourceType((byte) 2)
                        .setResourceName("t7");
                topic.configs()
                        .add(new AlterConfigsRequestData.AlterableConfig()
                                .setName("retention.ms")
                                .setValue("1000"));
                data.resources().add(topic);
                data.resources()
                        .add(new AlterConfigsRequestData.AlterConfigsResource()
                                .setResourceType((byte) 4)
                                .setResourceName("1"));
                data.resources()
                        .add(new AlterConfigsRequestData.AlterConfigsResource()
                                .setResourceType((byte) 8)
                                .setResourceName("1"));
                yield data;
            }
            case INCREMENTAL_ALTER_CONFIGS -> {
                IncrementalAlterConfigsRequestData data = new IncrementalAlterConfigsRequestData();
                IncrementalAlterConfigsRequestData.AlterConfigsResource topic =
                        new IncrementalAlterConfigsRequestData.AlterConfigsResource()
                                .setResourceType((byte) 2)
                                .setResourceName("t7");
                topic.configs()
                        .add(new IncrementalAlterConfigsRequestData.AlterableConfig()
                                .setName("segment.bytes")
                                .setConfigOperation((byte) 0)
                                .setValue("2000000"));
                data.resources().add(topic);
                yield data;
            }
            case CREATE_PARTITIONS -> {
                CreatePartitionsRequestData data = new CreatePartitionsRequestData().setTimeoutMs(TIMEOUT_MS);
                data.topics()
                        .add(new CreatePartitionsRequestData.CreatePartitionsTopic()
                                .setName("t7")
                                .setCount(3 + version)
                                .setAssignments(null));
                yield data;
            }
            case ELECT_LEADERS -> {
                ElectLeadersRequestData data = new ElectLeadersRequestData().setTimeoutMs(TIMEOUT_MS);
                ElectLeadersRequestData.TopicPartitionsCollection topics =
                        new ElectLeadersRequestData.TopicPartitionsCollection();
                topics.add(new ElectLeadersRequestData.TopicPartitions()
                        .setTopic("t7")
                        .setPartitions(List.of(0, 99)));
                yield data.setTopicPartitions(topics);
            }
            case ALTER_PARTITION_REASSIGNMENTS ->
                new AlterPartitionReassignmentsRequestData()
                        .setTimeoutMs(TIMEOUT_MS)
                        .setTopics(List.of(new AlterPartitionReassignmentsRequestData.ReassignableTopic()
                                .setName("t7")
                                .setPartitions(
                                        List.of(new AlterPartitionReassignmentsRequestData.ReassignablePartition()
                                                .setPartitionIndex(0)
                                                .setReplicas(List.of(7))))));
            case LIST_PARTITION_REASSIGNMENTS ->
                new ListPartitionReassignmentsRequestData()
                        .setTimeoutMs(TIMEOUT_MS)
                        .setTopics(null);
            case ALTER_CLIENT_QUOTAS ->
                new AlterClientQuotasRequestData()
                        .setEntries(List.of(new AlterClientQuotasRequestData.EntryData()
                                .setEntity(List.of(new AlterClientQuotasRequestData.EntityData()
                                        .setEntityType("user")
                                        .setEntityName(null)))
                                .setOps(List.of(new AlterClientQuotasRequestData.OpData()
                                        .setKey("request_percentage")
                                        .setValue(12.5 + version)))));
            case DESCRIBE_QUORUM ->
                new DescribeQuorumRequestData()
                        .setTopics(List.of(new DescribeQuorumRequestData.TopicData()
                                .setTopicName("__cluster_metadata")
                                .setPartitions(List.of(new DescribeQuorumRequestData.PartitionData()))));
            case UPDATE_FEATURES -> {
                UpdateFeaturesRequestData.FeatureUpdateKeyCollection updates =
                        new UpdateFeaturesRequestData.FeatureUpdateKeyCollection();
                updates.add(new UpdateFeaturesRequestData.FeatureUpdateKey()
                        .setFeature("metadata.version")
                        .setMaxVersionLevel((short) 30));
                yield new UpdateFeaturesRequestData().setTimeoutMs(TIMEOUT_MS).setFeatureUpdates(updates);
            }
            case UNREGISTER_BROKER -> new UnregisterBrokerRequestData().setBrokerId(77);
            case ADD_RAFT_VOTER ->
                new AddRaftVoterRequestData()
                        .setClusterId("test-cluster")
                        .setVoterId(3)
                        .setVoterDirectoryId(new Uuid(3, 3))
                        .setTimeoutMs(TIMEOUT_MS);
            case REMOVE_RAFT_VOTER ->
                new RemoveRaftVoterRequestData()
                        .setClusterId("test-cluster")
                        .setVoterId(3)
                        .setVoterDirectoryId(new Uuid(3, 3));
            case ALTER_PARTITION ->
                new AlterPartitionRequestData().setBrokerId(1).setBrokerEpoch(-7);
            case BROKER_REGISTRATION ->
                new BrokerRegistrationRequestData()
                        .setBrokerId(5)
                        .setClusterId("test-cluster")
                        .setIncarnationId(new Uuid(5, 5));
            case BROKER_HEARTBEAT ->
                new BrokerHeartbeatRequestData().setBrokerId(1).setBrokerEpoch(-7);
            case ALLOCATE_PRODUCER_IDS ->
                new AllocateProducerIdsRequestData().setBrokerId(1).setBrokerEpoch(-7);
            case ASSIGN_REPLICAS_TO_DIRS ->
                new AssignReplicasToDirsRequestData().setBrokerId(1).setBrokerEpoch(-7);
            case ENVELOPE -> new EnvelopeRequestData();
            default -> throw new IllegalArgumentException("no request of the controller: " + api);
        };
    }

    /** A copy of what is left of them. */
    static byte[] bytes(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.duplicate().get(bytes);
        return bytes;
    }

    private ControllerRequests() {}
}
