package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.Gathering;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.GroupOutcome;
import io.odradek.coordinator.group.GroupReply.GroupsDeleted;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResultCollection;

/** Deletes empty groups, those of one partition together. */
public final class DeleteGroupsHandler implements ApiHandler {

    private final CoordinatorHost host;

    public DeleteGroupsHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DeleteGroupsRequestData body = (DeleteGroupsRequestData) request.body();
        Map<Integer, List<String>> byPartition = body.groupsNames().stream()
                .distinct()
                .collect(Collectors.groupingBy(host::partitionFor, TreeMap::new, Collectors.toUnmodifiableList()));
        Gathering<List<GroupOutcome>> gathering = new Gathering<>(byPartition.size(), parts -> {
            DeletableGroupResultCollection results = new DeletableGroupResultCollection();
            for (List<GroupOutcome> part : parts) {
                for (GroupOutcome outcome : part) {
                    results.add(new DeletableGroupResult()
                            .setGroupId(outcome.groupId())
                            .setErrorCode(GroupErrors.code(outcome.error())));
                }
            }
            reply.send(new DeleteGroupsResponseData().setResults(results));
        });
        byPartition.forEach((partition, groupIds) -> host.askPartition(
                partition,
                (nowMs, requestId) -> new GroupEvent.DeleteGroups(nowMs, requestId, groupIds),
                answer -> gathering.add(outcomes(groupIds, answer))));
    }

    private static List<GroupOutcome> outcomes(List<String> groupIds, GroupReply answer) {
        return switch (answer) {
            case GroupsDeleted(List<GroupOutcome> outcomes) -> outcomes;
            case Refused(GroupError error) ->
                groupIds.stream().map(id -> new GroupOutcome(id, error)).toList();
            case GroupReply other -> throw new IllegalStateException("answer to a delete: " + other);
        };
    }
}
