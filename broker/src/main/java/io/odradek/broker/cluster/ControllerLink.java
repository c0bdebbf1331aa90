package io.odradek.broker.cluster;

import io.odradek.broker.cluster.ControllerMessages.Exchange;
import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.quorum.ConnectedPeers;
import io.odradek.broker.request.ControllerLine;
import io.odradek.engine.record.BufferLease;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/**
 * The active controller, wherever it is: on this node it is called, on another it is asked, over connections by purpose. As answers come in the
 * order of questions, signs of life do not go where others wait for what they asked. Nothing is asked twice; whoever asks tries again. Any thread.
 *
 * <p>A reply from another node may come before this node has folded what it rests on.
 */
public final class ControllerLink implements ActiveController, ControllerLine {

    private enum Purpose {
        /** Registration and heartbeats. */
        LIFE,
        /** What the broker itself needs. */
        OWN,
        /** What its clients ask for, which may take long. */
        FORWARDED
    }

    private record Line(ConnectedPeers.Address at, PeerConnection connection) {}

    private final ControllerHost here;
    private final int nodeId;
    private final String clusterId;
    private final PeerNetwork network;
    private final IntFunction<ConnectedPeers.@Nullable Address> whereIs;
    private final int timeoutMs;

    /** To whoever was asked last. Guarded by this. */
    private final Map<Purpose, Line> lines = new EnumMap<>(Purpose.class);

    /**
     * @param here this node's own, which knows who is active
     * @param whereIs where a controller is reached; null when nobody has said so
     * @param timeoutMs of a request
     */
    public ControllerLink(
            ControllerHost here,
            int nodeId,
            String clusterId,
            PeerNetwork network,
            IntFunction<ConnectedPeers.@Nullable Address> whereIs,
            int timeoutMs) {
        this.here = here;
        this.nodeId = nodeId;
        this.clusterId = clusterId;
        this.network = network;
        this.whereIs = whereIs;
        this.timeoutMs = timeoutMs;
    }

    @Override
    public boolean isHere() {
        return here.isActive();
    }

    @Override
    public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
        if (isHere()) {
            here.submit(request, to);
            return;
        }
        Exchange exchange = ControllerMessages.of(request, clusterId, timeoutMs);
        Purpose purpose =
                request instanceof RegisterBroker || request instanceof Heartbeat ? Purpose.LIFE : Purpose.OWN;
        ask(purpose, exchange, timeoutMs, new PeerOutcome() {
            @Override
            public void answered(ApiMessage response, short version, BufferLease memory) {
                ControllerReply reply = exchange.reply().apply(response);
                if (reply == null) {
                    to.failed(ControllerError.NOT_CONTROLLER, "who was asked is not the active controller any more");
                } else {
                    to.reply(request.replyType().cast(reply));
                }
            }

            @Override
            public void failed(String why, boolean maybeDone) {
                to.failed(maybeDone ? ControllerError.CONTROLLER_UNAVAILABLE : ControllerError.NOT_CONTROLLER, why);
            }
        });
    }

    @Override
    public void ask(PeerRequest request, int patienceMs, PeerOutcome outcome) {
        ask(Purpose.FORWARDED, request, patienceMs, outcome);
    }

    private void ask(Purpose purpose, PeerRequest request, int patienceMs, PeerOutcome outcome) {
        int leader = here.leader();
        if (leader < 0) {
            outcome.failed("no active controller is known", false);
            return;
        }
        if (leader == nodeId) {
            outcome.failed("this node is about to be the active controller", false);
            return;
        }
        ConnectedPeers.Address at = whereIs.apply(leader);
        if (at == null) {
            outcome.failed("nobody has said where the active controller, server " + leader + ", is reached", false);
            return;
        }
        connection(purpose, leader, at).ask(request, patienceMs, outcome);
    }

    private synchronized PeerConnection connection(Purpose purpose, int leader, ConnectedPeers.Address at) {
        Line known = lines.get(purpose);
        if (known != null && known.at().equals(at)) {
            return known.connection();
        }
        if (known != null) {
            known.connection().close();
        }
        PeerConnection made = network.connection("controller " + leader, at.host(), at.port());
        lines.put(purpose, new Line(at, made));
        return made;
    }
}
