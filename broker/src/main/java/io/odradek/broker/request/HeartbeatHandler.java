package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.HeartbeatAccepted;
import io.odradek.coordinator.group.GroupReply.Refused;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;

/** Translates heartbeats. */
public final class HeartbeatHandler implements ApiHandler {

    private final CoordinatorHost host;

    public HeartbeatHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        HeartbeatRequestData body = (HeartbeatRequestData) request.body();
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> new GroupEvent.Heartbeat(
                        nowMs, requestId, body.groupId(), body.generationId(), body.memberId(), body.groupInstanceId()),
                answer -> reply.send(new HeartbeatResponseData().setErrorCode(code(answer))));
    }

    private static short code(GroupReply answer) {
        return switch (answer) {
            case HeartbeatAccepted accepted -> GroupErrors.code(null);
            case Refused(GroupError error) ->
                // While the group is being loaded nothing is known against the member, and its session begins
                // afterwards.
                GroupErrors.code(error == GroupError.COORDINATOR_LOADING ? null : error);
            case GroupReply other -> throw new IllegalStateException("answer to a heartbeat: " + other);
        };
    }
}
