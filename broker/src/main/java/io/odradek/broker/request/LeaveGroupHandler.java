package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.LeavingMember;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.Left;
import io.odradek.coordinator.group.GroupReply.LeftMember;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.List;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData.MemberResponse;

/** Translates leaving; up to version 2 one member leaves, and its error is the whole answer. */
public final class LeaveGroupHandler implements ApiHandler {

    private static final short FIRST_WITH_SEVERAL_MEMBERS = 3;

    private final CoordinatorHost host;

    public LeaveGroupHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        LeaveGroupRequestData body = (LeaveGroupRequestData) request.body();
        boolean several = request.version() >= FIRST_WITH_SEVERAL_MEMBERS;
        List<LeavingMember> leaving = several
                ? body.members().stream()
                        .map(m -> new LeavingMember(m.memberId(), m.groupInstanceId(), m.reason()))
                        .toList()
                : List.of(new LeavingMember(body.memberId(), null, null));
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> new GroupEvent.Leave(nowMs, requestId, body.groupId(), leaving),
                answer -> reply.send(respond(answer, several)));
    }

    private static LeaveGroupResponseData respond(GroupReply answer, boolean several) {
        return switch (answer) {
            case Left(List<LeftMember> members) ->
                several
                        ? new LeaveGroupResponseData()
                                .setMembers(members.stream()
                                        .map(LeaveGroupHandler::member)
                                        .toList())
                        : new LeaveGroupResponseData()
                                .setErrorCode(
                                        GroupErrors.code(members.getFirst().error()));
            case Refused(GroupError error) -> new LeaveGroupResponseData().setErrorCode(GroupErrors.code(error));
            case GroupReply other -> throw new IllegalStateException("answer to a leave: " + other);
        };
    }

    private static MemberResponse member(LeftMember member) {
        return new MemberResponse()
                .setMemberId(member.memberId())
                .setGroupInstanceId(member.groupInstanceId())
                .setErrorCode(GroupErrors.code(member.error()));
    }
}
