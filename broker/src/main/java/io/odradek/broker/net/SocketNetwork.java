package io.odradek.broker.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Connections to other servers and the loops that serve them. They have loops of their own: what this server owes its clients does not
 * delay what it asks of others.
 */
public final class SocketNetwork implements PeerNetwork {

    /** How often somebody who waits for memory is looked after. */
    private static final long RELIEF_MS = 500;

    private final PeerOptions options;
    private final MemoryBudget budget;
    private final PooledByteBufAllocator allocator;
    private final EventLoops eventLoops;
    private final MultiThreadIoEventLoopGroup group;
    private final Set<SocketConnection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private SocketNetwork(PeerOptions options, String threads) {
        this.options = options;
        this.budget = new MemoryBudget(options.maxReceiveBytes());
        this.allocator = new PooledByteBufAllocator(true, 0, options.threads(), 8192, 9, 64, 32, false);
        this.eventLoops = EventLoops.of(options.transport());
        this.group = eventLoops.group(options.threads(), threads);
    }

    public static SocketNetwork open(PeerOptions options) {
        return open(options, "odradek-peers");
    }

    /** @param threads what the loops' threads are called */
    public static SocketNetwork open(PeerOptions options, String threads) {
        SocketNetwork network = new SocketNetwork(options, threads);
        var _ = network.group
                .next()
                .scheduleWithFixedDelay(
                        () -> network.budget.relieve(System.nanoTime()), RELIEF_MS, RELIEF_MS, TimeUnit.MILLISECONDS);
        return network;
    }

    @Override
    public PeerConnection connection(String name, String host, int port) {
        SocketConnection connection = new SocketConnection(this, name, host, port, group.next());
        connections.add(connection);
        if (closed) {
            connection.close();
        }
        return connection;
    }

    void forget(SocketConnection connection) {
        connections.remove(connection);
    }

    PeerOptions options() {
        return options;
    }

    MemoryBudget budget() {
        return budget;
    }

    PooledByteBufAllocator allocator() {
        return allocator;
    }

    /** But for group and handler. */
    Bootstrap bootstrap() {
        Bootstrap bootstrap = new Bootstrap()
                .channel(eventLoops.clientChannel())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, options.connectTimeoutMs())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.ALLOCATOR, allocator);
        if (options.sockets().sendBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_SNDBUF, options.sockets().sendBufferBytes());
        }
        if (options.sockets().receiveBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, options.sockets().receiveBufferBytes());
        }
        return bootstrap;
    }

    /** Memory held by received answers. */
    public long receiveMemoryBytes() {
        return budget.usedBytes();
    }

    /** Bytes of pooled buffers that somebody has not released; for tests. */
    long unreleasedBytes() {
        return allocator.pinnedDirectMemory();
    }

    /** What is unanswered fails, and so does all that is asked later. Not from a loop; twice is harmless. */
    @Override
    public void close() {
        closed = true;
        connections.forEach(SocketConnection::close);
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }
}
