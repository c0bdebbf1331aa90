package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.protocol.Errors;

/** AlterPartition, versions 2 and 3, of the controller's listener: leaders propose who is in sync. */
public final class AlterPartitionHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterPartitionHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterPartitionRequestData body = (AlterPartitionRequestData) request.body();
        List<ProposedInSync> proposals = new ArrayList<>();
        for (AlterPartitionRequestData.TopicData topic : body.topics()) {
            for (AlterPartitionRequestData.PartitionData partition : topic.partitions()) {
                proposals.add(new ProposedInSync(
                        TopicIds.fromKafka(topic.topicId()),
                        partition.partitionIndex(),
                        partition.leaderEpoch(),
                        partition.partitionEpoch(),
                        members(request.version(), partition),
                        partition.leaderRecoveryState() == 1 ? LeaderRecovery.RECOVERING : LeaderRecovery.RECOVERED));
            }
        }
        controller.submit(
                new AlterPartition(body.brokerId(), body.brokerEpoch(), proposals),
                new ActiveController.ReplyTo<PartitionsAltered>() {
                    @Override
                    public void reply(PartitionsAltered altered) {
                        reply.send(
                                switch (altered.partitions()) {
                                    case Done<List<Outcome<PartitionImage>>>(List<Outcome<PartitionImage>> outcomes) ->
                                        response(body, outcomes);
                                    case Refused<List<Outcome<PartitionImage>>>(ControllerError error, String _) ->
                                        refused(ControllerErrors.toKafka(error));
                                });
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(refused(ControllerErrors.toKafka(error)));
                    }
                });
    }

    private static List<ProposedMember> members(short version, AlterPartitionRequestData.PartitionData partition) {
        return version < 3
                ? partition.newIsr().stream()
                        .map(id -> new ProposedMember(id, -1))
                        .toList()
                : partition.newIsrWithEpochs().stream()
                        .map(member -> new ProposedMember(member.brokerId(), member.brokerEpoch()))
                        .toList();
    }

    private static AlterPartitionResponseData refused(Errors error) {
        return new AlterPartitionResponseData().setErrorCode(error.code());
    }

    /** The outcomes stand in the order of the request's partitions. */
    private static AlterPartitionResponseData response(
            AlterPartitionRequestData body, List<Outcome<PartitionImage>> outcomes) {
        AlterPartitionResponseData response = new AlterPartitionResponseData();
        int next = 0;
        for (AlterPartitionRequestData.TopicData topic : body.topics()) {
            AlterPartitionResponseData.TopicData ofTopic =
                    new AlterPartitionResponseData.TopicData().setTopicId(topic.topicId());
            for (AlterPartitionRequestData.PartitionData partition : topic.partitions()) {
                AlterPartitionResponseData.PartitionData result =
                        new AlterPartitionResponseData.PartitionData().setPartitionIndex(partition.partitionIndex());
                switch (outcomes.get(next++)) {
                    case Done<PartitionImage>(PartitionImage after) ->
                        result.setLeaderId(after.leader())
                                .setLeaderEpoch(after.leaderEpoch())
                                .setIsr(after.inSyncReplicas())
                                .setLeaderRecoveryState(
                                        (byte) (after.leaderRecovery() == LeaderRecovery.RECOVERING ? 1 : 0))
                                .setPartitionEpoch(after.partitionEpoch());
                    case Refused<PartitionImage>(ControllerError error, String _) ->
                        result.setErrorCode(ControllerErrors.toKafka(error).code());
                }
                ofTopic.partitions().add(result);
            }
            response.topics().add(ofTopic);
        }
        return response;
    }
}
