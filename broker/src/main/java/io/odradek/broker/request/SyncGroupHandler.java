package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.MemberAssignment;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.Refused;
import io.odradek.coordinator.group.GroupReply.Synced;
import io.odradek.coordinator.group.Opaque;
import java.util.List;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;

/** Translates syncs. */
public final class SyncGroupHandler implements ApiHandler {

    private static final short FIRST_WITH_PROTOCOL = 5;

    private final CoordinatorHost host;

    public SyncGroupHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        SyncGroupRequestData body = (SyncGroupRequestData) request.body();
        if (request.version() >= FIRST_WITH_PROTOCOL && (body.protocolType() == null || body.protocolName() == null)) {
            // KIP-559 makes both mandatory from here on.
            reply.send(new SyncGroupResponseData().setErrorCode(Errors.INCONSISTENT_GROUP_PROTOCOL.code()));
            return;
        }
        List<MemberAssignment> assignments = body.assignments().stream()
                .map(a -> new MemberAssignment(a.memberId(), Opaque.of(a.assignment())))
                .toList();
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> new GroupEvent.Sync(
                        nowMs,
                        requestId,
                        body.groupId(),
                        body.generationId(),
                        body.memberId(),
                        body.groupInstanceId(),
                        body.protocolType(),
                        body.protocolName(),
                        assignments),
                answer -> reply.send(respond(answer)));
    }

    private static SyncGroupResponseData respond(GroupReply answer) {
        return switch (answer) {
            case Synced synced ->
                new SyncGroupResponseData()
                        .setProtocolType(synced.protocolType())
                        .setProtocolName(synced.protocolName())
                        .setAssignment(synced.assignment().bytes());
            case Refused(GroupError error) -> new SyncGroupResponseData().setErrorCode(GroupErrors.code(error));
            case GroupReply other -> throw new IllegalStateException("answer to a sync: " + other);
        };
    }
}
