package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.protocol.Errors;

/** AssignReplicasToDirs, version 0, of the controller's listener (KIP-858). */
public final class AssignReplicasToDirsHandler implements ApiHandler {

    private final ControllerHost controller;

    public AssignReplicasToDirsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AssignReplicasToDirsRequestData body = (AssignReplicasToDirsRequestData) request.body();
        List<DirectoryAssignment> assignments = new ArrayList<>();
        body.directories()
                .forEach(directory -> directory
                        .topics()
                        .forEach(topic -> topic.partitions()
                                .forEach(partition -> assignments.add(new DirectoryAssignment(
                                        TopicIds.fromKafka(topic.topicId()),
                                        partition.partitionIndex(),
                                        TopicIds.fromKafka(directory.id()))))));
        controller.submit(
                new AssignDirectories(body.brokerId(), body.brokerEpoch(), assignments),
                new ActiveController.ReplyTo<DirectoriesAssigned>() {
                    @Override
                    public void reply(DirectoriesAssigned assigned) {
                        reply.send(
                                switch (assigned.partitions()) {
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

    private static AssignReplicasToDirsResponseData refused(Errors error) {
        return new AssignReplicasToDirsResponseData().setErrorCode(error.code());
    }

    /** The outcomes stand in the order of the request's partitions. */
    private static AssignReplicasToDirsResponseData response(
            AssignReplicasToDirsRequestData body, List<Outcome<PartitionImage>> outcomes) {
        AssignReplicasToDirsResponseData response = new AssignReplicasToDirsResponseData();
        int next = 0;
        for (AssignReplicasToDirsRequestData.DirectoryData directory : body.directories()) {
            AssignReplicasToDirsResponseData.DirectoryData ofDirectory =
                    new AssignReplicasToDirsResponseData.DirectoryData().setId(directory.id());
            for (AssignReplicasToDirsRequestData.TopicData topic : directory.topics()) {
                AssignReplicasToDirsResponseData.TopicData ofTopic =
                        new AssignReplicasToDirsResponseData.TopicData().setTopicId(topic.topicId());
                for (AssignReplicasToDirsRequestData.PartitionData partition : topic.partitions()) {
                    AssignReplicasToDirsResponseData.PartitionData result =
                            new AssignReplicasToDirsResponseData.PartitionData()
                                    .setPartitionIndex(partition.partitionIndex());
                    if (outcomes.get(next++) instanceof Refused<PartitionImage>(ControllerError error, String _)) {
                        result.setErrorCode(ControllerErrors.toKafka(error).code());
                    }
                    ofTopic.partitions().add(result);
                }
                ofDirectory.topics().add(ofTopic);
            }
            response.directories().add(ofDirectory);
        }
        return response;
    }
}
