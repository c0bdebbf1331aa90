package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.GroupsListed;
import io.odradek.coordinator.group.GroupReply.ListedGroup;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;

/** Lists the groups this broker coordinates. Filters compare without case, and one that names nothing known matches nothing. */
public final class ListGroupsHandler implements ApiHandler {

    private final CoordinatorHost host;

    public ListGroupsHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        ListGroupsRequestData body = (ListGroupsRequestData) request.body();
        Set<String> states = body.statesFilter().stream()
                .map(state -> state.toLowerCase(Locale.ROOT).trim())
                .collect(Collectors.toUnmodifiableSet());
        boolean classicWanted = body.typesFilter().isEmpty()
                || body.typesFilter().stream().anyMatch(type -> GroupType.parse(type) == GroupType.CLASSIC);
        host.list(states, classicWanted, answer -> reply.send(respond(answer)));
    }

    private static ListGroupsResponseData respond(GroupReply answer) {
        return switch (answer) {
            case GroupsListed(List<ListedGroup> groups) ->
                new ListGroupsResponseData()
                        .setGroups(groups.stream().map(ListGroupsHandler::group).toList());
            case Refused(GroupError error) -> new ListGroupsResponseData().setErrorCode(GroupErrors.code(error));
            case GroupReply other -> throw new IllegalStateException("answer to a listing: " + other);
        };
    }

    private static ListGroupsResponseData.ListedGroup group(ListedGroup group) {
        return new ListGroupsResponseData.ListedGroup()
                .setGroupId(group.groupId())
                .setProtocolType(group.protocolType())
                .setGroupState(group.state().protocolName())
                .setGroupType("classic");
    }
}
