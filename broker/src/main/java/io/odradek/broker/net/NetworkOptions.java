package io.odradek.broker.net;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.net.InetAddress;
import java.util.Map;

/**
 * How the sockets are served. {@link #defaults()} and the generated {@code with} methods make variations.
 *
 * @param loops network threads, at least 1
 * @param transport what they wait with
 * @param limits what clients may take
 * @param sockets what the kernel is told
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record NetworkOptions(int loops, Transport transport, Limits limits, Sockets sockets)
        implements NetworkOptionsBuilder.With {

    /** How the loops wait for sockets. AUTO is epoll on Linux, else NIO. */
    public enum Transport {
        AUTO,
        EPOLL,
        IO_URING,
        NIO
    }

    /**
     * What clients may take.
     *
     * @param maxRequestBytes a larger frame closes the connection ({@code socket.request.max.bytes})
     * @param maxReceiveBytes memory of received bytes over all connections; at the bound reading stops
     * @param maxRequestElements array elements in one request; more closes the connection
     * @param maxRequestCopiedBytes strings and byte arrays in one request, records not counted; more closes the connection
     * @param maxPipelinedRequests requests of one connection without their answer; at the bound it is not read
     * @param maxIdleMs an idle connection is closed after this ({@code connections.max.idle.ms}); 0 or less: never
     * @param maxStallMs when memory is short, a connection that owes the rest of a request is closed after this
     * @param maxConnections at the bound nothing is accepted ({@code max.connections})
     * @param maxConnectionsPerAddress one more is closed at once ({@code max.connections.per.ip}); 0: none
     * @param addressOverrides the same for single addresses ({@code max.connections.per.ip.overrides})
     */
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
    public record Limits(
            int maxRequestBytes,
            long maxReceiveBytes,
            int maxRequestElements,
            int maxRequestCopiedBytes,
            int maxPipelinedRequests,
            long maxIdleMs,
            long maxStallMs,
            int maxConnections,
            int maxConnectionsPerAddress,
            Map<InetAddress, Integer> addressOverrides)
            implements NetworkOptionsLimitsBuilder.With {
        public Limits {
            requirePositive(maxRequestBytes, "maxRequestBytes");
            requirePositive(maxReceiveBytes, "maxReceiveBytes");
            requirePositive(maxRequestElements, "maxRequestElements");
            requirePositive(maxRequestCopiedBytes, "maxRequestCopiedBytes");
            requirePositive(maxPipelinedRequests, "maxPipelinedRequests");
            requirePositive(maxStallMs, "maxStallMs");
            requireNotNegative(maxConnections, "maxConnections");
            requireNotNegative(maxConnectionsPerAddress, "maxConnectionsPerAddress");
            addressOverrides = Map.copyOf(addressOverrides);
        }

        /** How many connections this address may have. */
        int connectionsFrom(InetAddress address) {
            return addressOverrides.getOrDefault(address, maxConnectionsPerAddress);
        }
    }

    /**
     * What the kernel is told.
     *
     * @param sendBufferBytes {@code socket.send.buffer.bytes}; -1 leaves it to the kernel
     * @param receiveBufferBytes {@code socket.receive.buffer.bytes}; -1 leaves it to the kernel
     * @param backlog connections the kernel accepts ahead ({@code socket.listen.backlog.size})
     */
    public record Sockets(int sendBufferBytes, int receiveBufferBytes, int backlog) {}

    public NetworkOptions {
        requirePositive(loops, "loops");
    }

    /**
     * Kafka's limits where it has them. What is received lies in direct memory and may take half as many bytes as the heap may
     * grow to: half of the direct memory, too, unless {@code -XX:MaxDirectMemorySize} says otherwise.
     */
    public static NetworkOptions defaults() {
        int cores = Runtime.getRuntime().availableProcessors();
        return new NetworkOptions(
                Math.clamp(cores / 2, 1, 8),
                Transport.AUTO,
                NetworkOptionsLimitsBuilder.builder()
                        .maxRequestBytes(100 * 1024 * 1024)
                        .maxReceiveBytes(Runtime.getRuntime().maxMemory() / 2)
                        .maxRequestElements(500_000)
                        .maxRequestCopiedBytes(32 * 1024 * 1024)
                        .maxPipelinedRequests(64)
                        .maxIdleMs(600_000)
                        .maxStallMs(10_000)
                        .maxConnections(Integer.MAX_VALUE)
                        .maxConnectionsPerAddress(Integer.MAX_VALUE)
                        .addressOverrides(Map.of())
                        .build(),
                new Sockets(-1, -1, 50));
    }

    private static void requireNotNegative(long value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 0");
        }
    }

    private static void requirePositive(long value, String name) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
        }
    }
}
