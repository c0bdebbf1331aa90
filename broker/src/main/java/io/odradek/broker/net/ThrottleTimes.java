package io.odradek.broker.net;

import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.protocol.ApiMessage;

/** The {@code throttle_time_ms} of answers to clients, which no common type has. Versions without the field pass over it. */
final class ThrottleTimes {

    /** What a handler has decided; 0 where none does. */
    static int of(ApiMessage response) {
        return switch (response) {
            case FetchResponseData data -> data.throttleTimeMs();
            case CreateTopicsResponseData data -> data.throttleTimeMs();
            case DeleteTopicsResponseData data -> data.throttleTimeMs();
            case CreatePartitionsResponseData data -> data.throttleTimeMs();
            default -> 0;
        };
    }

    /** Of whatever clients are answered; others have no such field, or are for other servers. */
    static void set(ApiMessage response, int ms) {
        switch (response) {
            case ProduceResponseData data -> data.setThrottleTimeMs(ms);
            case FetchResponseData data -> data.setThrottleTimeMs(ms);
            case ListOffsetsResponseData data -> data.setThrottleTimeMs(ms);
            case MetadataResponseData data -> data.setThrottleTimeMs(ms);
            case OffsetCommitResponseData data -> data.setThrottleTimeMs(ms);
            case OffsetFetchResponseData data -> data.setThrottleTimeMs(ms);
            case FindCoordinatorResponseData data -> data.setThrottleTimeMs(ms);
            case JoinGroupResponseData data -> data.setThrottleTimeMs(ms);
            case HeartbeatResponseData data -> data.setThrottleTimeMs(ms);
            case LeaveGroupResponseData data -> data.setThrottleTimeMs(ms);
            case SyncGroupResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeGroupsResponseData data -> data.setThrottleTimeMs(ms);
            case ListGroupsResponseData data -> data.setThrottleTimeMs(ms);
            case ApiVersionsResponseData data -> data.setThrottleTimeMs(ms);
            case CreateTopicsResponseData data -> data.setThrottleTimeMs(ms);
            case DeleteTopicsResponseData data -> data.setThrottleTimeMs(ms);
            case DeleteRecordsResponseData data -> data.setThrottleTimeMs(ms);
            case InitProducerIdResponseData data -> data.setThrottleTimeMs(ms);
            case OffsetForLeaderEpochResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeConfigsResponseData data -> data.setThrottleTimeMs(ms);
            case AlterConfigsResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeLogDirsResponseData data -> data.setThrottleTimeMs(ms);
            case CreatePartitionsResponseData data -> data.setThrottleTimeMs(ms);
            case DeleteGroupsResponseData data -> data.setThrottleTimeMs(ms);
            case ElectLeadersResponseData data -> data.setThrottleTimeMs(ms);
            case IncrementalAlterConfigsResponseData data -> data.setThrottleTimeMs(ms);
            case AlterPartitionReassignmentsResponseData data -> data.setThrottleTimeMs(ms);
            case ListPartitionReassignmentsResponseData data -> data.setThrottleTimeMs(ms);
            case OffsetDeleteResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeClientQuotasResponseData data -> data.setThrottleTimeMs(ms);
            case AlterClientQuotasResponseData data -> data.setThrottleTimeMs(ms);
            case UpdateFeaturesResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeClusterResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeProducersResponseData data -> data.setThrottleTimeMs(ms);
            case UnregisterBrokerResponseData data -> data.setThrottleTimeMs(ms);
            case DescribeTopicPartitionsResponseData data -> data.setThrottleTimeMs(ms);
            case AddRaftVoterResponseData data -> data.setThrottleTimeMs(ms);
            case RemoveRaftVoterResponseData data -> data.setThrottleTimeMs(ms);
            default -> {}
        }
    }

    private ThrottleTimes() {}
}
