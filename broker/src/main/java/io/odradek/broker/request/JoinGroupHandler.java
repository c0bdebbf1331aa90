package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import io.odradek.coordinator.group.GroupEventJoinBuilder;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.JoinRefused;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.JoinedMember;
import io.odradek.coordinator.group.GroupReply.Refused;
import io.odradek.coordinator.group.Opaque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;

/** Translates joins; invents the id of a member that has none, since the machine has no randomness. */
public final class JoinGroupHandler implements ApiHandler {

    private static final short FIRST_WITH_REBALANCE_TIMEOUT = 1;
    private static final short FIRST_REQUIRING_A_MEMBER_ID = 4;
    private static final short FIRST_WITH_NULLABLE_PROTOCOL = 7;
    private static final short FIRST_WITH_SKIP_ASSIGNMENT = 9;

    private final CoordinatorHost host;
    private final Supplier<UUID> ids;

    /** @param ids never twice the same; any thread */
    public JoinGroupHandler(CoordinatorHost host, Supplier<UUID> ids) {
        this.host = host;
        this.ids = ids;
    }

    @Override
    public void handle(Request request, Reply reply) {
        JoinGroupRequestData body = (JoinGroupRequestData) request.body();
        short version = request.version();
        String clientId = request.clientId() == null ? "" : request.clientId();
        String instanceId = body.groupInstanceId();
        String newMemberId = (instanceId == null ? clientId : instanceId) + "-" + ids.get();
        int rebalanceTimeoutMs =
                version >= FIRST_WITH_REBALANCE_TIMEOUT ? body.rebalanceTimeoutMs() : body.sessionTimeoutMs();
        List<MemberProtocol> protocols = new ArrayList<>(body.protocols().size());
        for (JoinGroupRequestProtocol protocol : body.protocols()) {
            protocols.add(new MemberProtocol(protocol.name(), Opaque.of(protocol.metadata())));
        }
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> GroupEventJoinBuilder.builder()
                        .nowMs(nowMs)
                        .requestId(requestId)
                        .groupId(body.groupId())
                        .memberId(body.memberId())
                        .groupInstanceId(instanceId)
                        .newMemberId(newMemberId)
                        .clientId(clientId)
                        .clientHost("/" + request.clientAddress().getHostAddress())
                        .rebalanceTimeoutMs(rebalanceTimeoutMs)
                        .sessionTimeoutMs(body.sessionTimeoutMs())
                        .protocolType(body.protocolType())
                        .protocols(List.copyOf(protocols))
                        .memberIdRequired(version >= FIRST_REQUIRING_A_MEMBER_ID)
                        .maySkipAssignment(version >= FIRST_WITH_SKIP_ASSIGNMENT)
                        .reason(body.reason() == null ? "" : body.reason())
                        .build(),
                answer -> reply.send(respond(answer, version, body.memberId())));
    }

    private static JoinGroupResponseData respond(GroupReply answer, short version, String memberId) {
        return switch (answer) {
            case Joined joined ->
                new JoinGroupResponseData()
                        .setMemberId(joined.memberId())
                        .setGenerationId(joined.generationId())
                        .setProtocolType(joined.protocolType())
                        .setProtocolName(joined.protocolName())
                        .setLeader(joined.leaderId() == null ? "" : joined.leaderId())
                        .setSkipAssignment(joined.skipAssignment())
                        .setMembers(joined.members().stream()
                                .map(JoinGroupHandler::member)
                                .toList());
            case JoinRefused(GroupError error, String toGoOnWith) -> refused(version, error, toGoOnWith);
            case Refused(GroupError error) -> refused(version, error, memberId);
            case GroupReply other -> throw new IllegalStateException("answer to a join: " + other);
        };
    }

    private static JoinGroupResponseData refused(short version, GroupError error, String memberId) {
        return new JoinGroupResponseData()
                .setErrorCode(GroupErrors.code(error))
                .setMemberId(memberId)
                .setGenerationId(-1)
                .setProtocolName(version >= FIRST_WITH_NULLABLE_PROTOCOL ? null : "");
    }

    private static JoinGroupResponseMember member(JoinedMember member) {
        return new JoinGroupResponseMember()
                .setMemberId(member.memberId())
                .setGroupInstanceId(member.groupInstanceId())
                .setMetadata(member.metadata().bytes());
    }
}
