package io.odradek.broker.cluster;

import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.partition.SourceBrokers;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Other brokers over sockets, where the metadata says that they are: one connection per broker and shard of this one. Any thread. */
public final class ConnectedBrokers implements SourceBrokers {

    private record Line(int broker, int shard) {}

    private record Connected(Endpoint at, PeerConnection connection) {}

    private final PeerNetwork network;
    private final Supplier<ClusterImage> image;
    private final String listener;

    /** Guarded by this. */
    private final Map<Line, Connected> connections = new HashMap<>();

    /**
     * @param network closed by whoever opened it
     * @param listener at which brokers reach each other ({@code inter.broker.listener.name})
     */
    public ConnectedBrokers(PeerNetwork network, Supplier<ClusterImage> image, String listener) {
        this.network = network;
        this.image = image;
        this.listener = listener;
    }

    @Override
    public void ask(int broker, int shard, PeerRequest request, int timeoutMs, PeerOutcome outcome) {
        Endpoint at = endpoint(broker);
        if (at == null) {
            outcome.failed("broker " + broker + " is not registered with a listener " + listener, false);
        } else {
            connection(new Line(broker, shard), at).ask(request, timeoutMs, outcome);
        }
    }

    private @Nullable Endpoint endpoint(int broker) {
        BrokerImage registered = image.get().broker(broker);
        if (registered == null) {
            return null;
        }
        for (Endpoint endpoint : registered.endpoints()) {
            if (endpoint.listener().equals(listener)) {
                return endpoint;
            }
        }
        return null;
    }

    private synchronized PeerConnection connection(Line line, Endpoint at) {
        Connected known = connections.get(line);
        if (known != null && known.at().equals(at)) {
            return known.connection();
        }
        if (known != null) {
            known.connection().close();
        }
        PeerConnection made = network.connection("broker " + line.broker(), at.host(), at.port());
        connections.put(line, new Connected(at, made));
        return made;
    }
}
