package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.Elected;
import io.odradek.replication.controller.ControllerReply.LeadersElected;
import io.odradek.replication.controller.ControllerRequest.ElectLeaders;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData.TopicPartitions;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.ElectLeadersResponseData.PartitionResult;
import org.apache.kafka.common.message.ElectLeadersResponseData.ReplicaElectionResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** ElectLeaders, versions 0 to 2 (KIP-460): the preferred leader, or anybody. */
public final class ElectLeadersHandler implements ApiHandler {

    private static final byte PREFERRED = 0;
    private static final byte UNCLEAN = 1;

    private final ControllerHost controller;

    public ElectLeadersHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        ElectLeadersRequestData body = (ElectLeadersRequestData) request.body();
        if (body.electionType() != PREFERRED && body.electionType() != UNCLEAN) {
            reply.send(refused(request, Errors.INVALID_REQUEST));
            return;
        }
        List<TopicPartition> asked = null;
        if (body.topicPartitions() != null) {
            asked = new ArrayList<>();
            for (TopicPartitions topic : body.topicPartitions()) {
                for (int partition : topic.partitions()) {
                    asked.add(new TopicPartition(topic.topic(), partition));
                }
            }
        }
        Deadline deadline =
                new Deadline(request, reply, body.timeoutMs(), () -> refused(request, Errors.REQUEST_TIMED_OUT));
        controller.submit(
                new ElectLeaders(body.electionType() == UNCLEAN, asked),
                new ActiveController.ReplyTo<LeadersElected>() {
                    @Override
                    public void reply(LeadersElected elected) {
                        deadline.send(response(elected.partitions()));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        deadline.send(refused(request, ControllerErrors.toKafka(error)));
                    }
                });
    }

    /**
     * From version 1 on also for the request as a whole. To a client of version 0 that has asked for all partitions nothing says more than
     * that none was elected, as in Kafka.
     */
    private static ApiMessage refused(Request request, Errors error) {
        return ErrorResponses.of(request, error.exception());
    }

    private static ElectLeadersResponseData response(List<Elected> all) {
        Map<String, ReplicaElectionResult> topics = new LinkedHashMap<>();
        for (Elected elected : all) {
            PartitionResult result =
                    new PartitionResult().setPartitionId(elected.partition().partition());
            if (elected.outcome() instanceof Refused<Integer>(ControllerError error, String message)) {
                result.setErrorCode(ControllerErrors.toKafka(error).code()).setErrorMessage(message);
            }
            topics.computeIfAbsent(elected.partition().topic(), name -> new ReplicaElectionResult().setTopic(name))
                    .partitionResult()
                    .add(result);
        }
        return new ElectLeadersResponseData().setReplicaElectionResults(new ArrayList<>(topics.values()));
    }
}
