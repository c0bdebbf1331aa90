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
import io.odradek.coordinator.group.GroupReply.DescribedGroup;
import io.odradek.coordinator.group.GroupReply.DescribedMember;
import io.odradek.coordinator.group.GroupReply.GroupDescription;
import io.odradek.coordinator.group.GroupReply.GroupsDescribed;
import io.odradek.coordinator.group.GroupReply.Refused;
import io.odradek.coordinator.group.GroupReply.UnknownGroup;
import io.odradek.coordinator.group.GroupState;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroupMember;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.Utils;

/** Describes groups, each asked of its own partition. Up to version 5 an unknown group is a dead one, from 6 on an error. */
public final class DescribeGroupsHandler implements ApiHandler {

    private static final short FIRST_WITH_GROUP_ID_NOT_FOUND = 6;

    /** Without an authorizer everybody may do all there is to do to a group. */
    private static final int ALL_OPERATIONS = Utils.to32BitField(Set.of(
            AclOperation.READ.code(),
            AclOperation.DELETE.code(),
            AclOperation.DESCRIBE.code(),
            AclOperation.DESCRIBE_CONFIGS.code(),
            AclOperation.ALTER_CONFIGS.code()));

    private record Answered(int index, DescribeGroupsResponseData.DescribedGroup group) {}

    private final CoordinatorHost host;

    public DescribeGroupsHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeGroupsRequestData body = (DescribeGroupsRequestData) request.body();
        short version = request.version();
        List<String> groupIds = body.groups();
        Gathering<Answered> gathering = new Gathering<>(groupIds.size(), answers -> {
            var inOrder = new DescribeGroupsResponseData.DescribedGroup[groupIds.size()];
            for (Answered answer : answers) {
                if (body.includeAuthorizedOperations() && answer.group().errorCode() == Errors.NONE.code()) {
                    answer.group().setAuthorizedOperations(ALL_OPERATIONS);
                }
                inOrder[answer.index()] = answer.group();
            }
            reply.send(new DescribeGroupsResponseData().setGroups(List.of(inOrder)));
        });
        for (int i = 0; i < groupIds.size(); i++) {
            int index = i;
            String groupId = groupIds.get(i);
            host.ask(
                    groupId,
                    (nowMs, requestId) -> new GroupEvent.DescribeGroups(nowMs, requestId, List.of(groupId)),
                    answer -> gathering.add(new Answered(index, respond(groupId, answer, version))));
        }
    }

    private static DescribeGroupsResponseData.DescribedGroup respond(String groupId, GroupReply answer, short version) {
        return switch (answer) {
            case GroupsDescribed(List<GroupDescription> groups) -> respond(groups.getFirst(), version);
            case Refused(GroupError error) ->
                new DescribeGroupsResponseData.DescribedGroup()
                        .setGroupId(groupId)
                        .setErrorCode(GroupErrors.code(error));
            case GroupReply other -> throw new IllegalStateException("answer to a description: " + other);
        };
    }

    private static DescribeGroupsResponseData.DescribedGroup respond(GroupDescription description, short version) {
        return switch (description) {
            case UnknownGroup(String groupId) -> {
                var unknown = new DescribeGroupsResponseData.DescribedGroup()
                        .setGroupId(groupId)
                        .setGroupState(GroupState.DEAD.protocolName());
                yield version < FIRST_WITH_GROUP_ID_NOT_FOUND
                        ? unknown
                        : unknown.setErrorCode(Errors.GROUP_ID_NOT_FOUND.code())
                                .setErrorMessage("Group " + groupId + " not found.");
            }
            case DescribedGroup group ->
                new DescribeGroupsResponseData.DescribedGroup()
                        .setGroupId(group.groupId())
                        .setGroupState(group.state().protocolName())
                        .setProtocolType(group.protocolType())
                        .setProtocolData(group.protocolName())
                        .setMembers(group.members().stream()
                                .map(DescribeGroupsHandler::member)
                                .toList());
        };
    }

    private static DescribedGroupMember member(DescribedMember member) {
        return new DescribedGroupMember()
                .setMemberId(member.memberId())
                .setGroupInstanceId(member.groupInstanceId())
                .setClientId(member.clientId())
                .setClientHost(member.clientHost())
                .setMemberMetadata(member.metadata().bytes())
                .setMemberAssignment(member.assignment().bytes());
    }
}
