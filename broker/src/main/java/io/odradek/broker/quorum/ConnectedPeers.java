package io.odradek.broker.quorum;

import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.engine.record.BufferLease;
import io.odradek.replication.Endpoint;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/**
 * The other servers of the quorum over sockets. A server has two connections: a fetch may wait there, and an election must not wait
 * behind it. The metadata loop's, but for the answers, which come on the network's loops.
 */
public final class ConnectedPeers implements Peers {

    /** Where a server is reached. */
    public record Address(String host, int port) {}

    private record Line(int to, boolean mayWait) {}

    private record Connected(Address at, PeerConnection connection) {}

    private final PeerNetwork network;
    private final Map<Integer, Address> configured;
    private final Map<Integer, Address> heard = new ConcurrentHashMap<>();
    private final Map<Line, Connected> connections = new HashMap<>();

    /**
     * @param network closed by whoever opened it
     * @param configured where servers are reached of which nothing else is heard; negative ids for addresses alone
     */
    public ConnectedPeers(PeerNetwork network, Map<Integer, Address> configured) {
        this.network = network;
        this.configured = Map.copyOf(configured);
    }

    @Override
    public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
        ApiKeys api = request.api();
        PeerConnection connection = connection(new Line(to, api == ApiKeys.FETCH || api == ApiKeys.FETCH_SNAPSHOT));
        if (connection == null) {
            outcome.failed("nobody has said where server " + to + " is reached");
            return;
        }
        connection.ask(
                new PeerRequest() {
                    @Override
                    public ApiKeys api() {
                        return api;
                    }

                    @Override
                    public ApiMessage at(short version) {
                        return request.at(version);
                    }
                },
                timeoutMs,
                new PeerOutcome() {
                    @Override
                    public void answered(ApiMessage response, short version, BufferLease memory) {
                        keep(response);
                        outcome.answered(response, version);
                    }

                    @Override
                    public void failed(String why, boolean maybeDone) {
                        outcome.failed(why);
                    }
                });
    }

    /** Where a server is reached; null when nobody has said so. Any thread. */
    public @Nullable Address addressOf(int server) {
        Address known = heard.get(server);
        return known == null ? configured.get(server) : known;
    }

    private @Nullable PeerConnection connection(Line line) {
        Address at = addressOf(line.to());
        Connected known = connections.get(line);
        if (at == null || (known != null && known.at().equals(at))) {
            return known == null ? null : known.connection();
        }
        if (known != null) {
            known.connection().close();
        }
        String name = line.to() < 0 ? "a controller" : "controller " + line.to();
        Connected made = new Connected(at, network.connection(name, at.host(), at.port()));
        connections.put(line, made);
        return made.connection();
    }

    @Override
    public void reachedAt(int server, Endpoint at) {
        heard.put(server, new Address(at.host(), at.port()));
    }

    /** What the loop looks at later must not lie in memory that is given back now: records, and pieces of snapshots. */
    private static void keep(ApiMessage response) {
        if (response instanceof FetchResponseData fetched) {
            for (FetchResponseData.FetchableTopicResponse topic : fetched.responses()) {
                for (FetchResponseData.PartitionData partition : topic.partitions()) {
                    if (partition.records() instanceof MemoryRecords records) {
                        partition.setRecords(MemoryRecords.readableRecords(copy(records.buffer())));
                    }
                }
            }
        } else if (response instanceof FetchSnapshotResponseData fetched) {
            for (FetchSnapshotResponseData.TopicSnapshot topic : fetched.topics()) {
                for (FetchSnapshotResponseData.PartitionSnapshot partition : topic.partitions()) {
                    if (partition.unalignedRecords() instanceof MemoryRecords records) {
                        partition.setUnalignedRecords(MemoryRecords.readableRecords(copy(records.buffer())));
                    }
                }
            }
        }
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        ByteBuffer from = bytes.duplicate();
        return ByteBuffer.allocate(from.remaining()).put(from).flip();
    }
}
