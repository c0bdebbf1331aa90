package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.ReassignmentsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterReassignments;
import io.odradek.replication.controller.ControllerRequest.Reassignment;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignablePartitionResponse;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignableTopicResponse;
import org.apache.kafka.common.protocol.Errors;

/** AlterPartitionReassignments, versions 0 and 1 (KIP-455). */
public final class AlterPartitionReassignmentsHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterPartitionReassignmentsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterPartitionReassignmentsRequestData body = (AlterPartitionReassignmentsRequestData) request.body();
        List<Reassignment> asked = new ArrayList<>();
        for (ReassignableTopic topic : body.topics()) {
            for (ReassignablePartition partition : topic.partitions()) {
                asked.add(new Reassignment(
                        new TopicPartition(topic.name(), partition.partitionIndex()),
                        partition.replicas() == null ? null : List.copyOf(partition.replicas())));
            }
        }
        Deadline deadline = new Deadline(
                request,
                reply,
                body.timeoutMs(),
                () -> refused(Errors.REQUEST_TIMED_OUT, Errors.REQUEST_TIMED_OUT.message()));
        controller.submit(
                new AlterReassignments(asked, body.allowReplicationFactorChange()),
                new ActiveController.ReplyTo<ReassignmentsAltered>() {
                    @Override
                    public void reply(ReassignmentsAltered altered) {
                        deadline.send(response(body, altered));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        deadline.send(refused(ControllerErrors.toKafka(error), message));
                    }
                });
    }

    private static AlterPartitionReassignmentsResponseData refused(Errors error, String message) {
        return new AlterPartitionReassignmentsResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }

    /** The outcomes stand in the order of the request's partitions. */
    private static AlterPartitionReassignmentsResponseData response(
            AlterPartitionReassignmentsRequestData body, ReassignmentsAltered altered) {
        AlterPartitionReassignmentsResponseData response = new AlterPartitionReassignmentsResponseData()
                .setAllowReplicationFactorChange(body.allowReplicationFactorChange());
        int next = 0;
        for (ReassignableTopic topic : body.topics()) {
            ReassignableTopicResponse ofTopic = new ReassignableTopicResponse().setName(topic.name());
            for (ReassignablePartition partition : topic.partitions()) {
                ReassignablePartitionResponse result =
                        new ReassignablePartitionResponse().setPartitionIndex(partition.partitionIndex());
                if (altered.partitions().get(next++)
                        instanceof Refused<PartitionImage>(ControllerError error, String message)) {
                    result.setErrorCode(ControllerErrors.toKafka(error).code()).setErrorMessage(message);
                }
                ofTopic.partitions().add(result);
            }
            response.responses().add(ofTopic);
        }
        return response;
    }
}
