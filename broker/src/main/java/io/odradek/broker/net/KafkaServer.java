package io.odradek.broker.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.Future;
import io.odradek.broker.net.NetworkOptions.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listeners and the network loops. Bound first, so that ports are known before anything is told to the cluster;
 * clients are answered from {@link #serve()} on, and wait in the kernel's backlog until then.
 */
public final class KafkaServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaServer.class);

    /** Answers that a client has not taken: above the first the connection's answers wait, below the second they go on. */
    private static final WriteBufferWaterMark UNSENT_BYTES = new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

    /**
     * An address to listen on.
     *
     * @param name as in {@code listeners}
     * @param host empty for all addresses
     * @param port 0 for any free one
     * @param router who answers there
     */
    public record Listener(String name, String host, int port, RequestRouter router) {}

    private final NetworkOptions options;
    private final NetworkObserver observer;
    private final ClientThrottle throttle;
    private final MemoryBudget budget;
    private final PooledByteBufAllocator allocator;
    private final RefusalLog refusals = new RefusalLog();
    private final EventLoops eventLoops;
    private final MultiThreadIoEventLoopGroup group;
    private final Map<EventLoop, NetworkLoop> loops = new ConcurrentHashMap<>();
    private final Map<String, Channel> bound = new LinkedHashMap<>();

    private final AtomicInteger connections = new AtomicInteger();
    private final Map<InetAddress, Integer> connectionsByAddress = new ConcurrentHashMap<>();
    private final AtomicLong connectionNumbers = new AtomicLong();
    private volatile boolean serving;
    private volatile boolean stopping;

    private KafkaServer(NetworkOptions options, NetworkObserver observer, ClientThrottle throttle) {
        this.options = options;
        this.observer = observer;
        this.throttle = throttle;
        this.budget = new MemoryBudget(options.limits().maxReceiveBytes());
        // Loops allocate, and whichever thread releases last gives back: no caches but the loops'. Chunks of 4 MiB.
        this.allocator = new PooledByteBufAllocator(true, 0, options.loops(), 8192, 9, 64, 32, false);
        this.eventLoops = EventLoops.of(options.transport());
        this.group = eventLoops.group(options.loops(), "odradek-network");
    }

    /** As {@link #bind(List, NetworkOptions, NetworkObserver, ClientThrottle)}, where nobody has to wait for what it uses. */
    public static KafkaServer bind(List<Listener> listeners, NetworkOptions options, NetworkObserver observer)
            throws IOException {
        return bind(listeners, options, observer, ClientThrottle.NONE);
    }

    /**
     * Takes the addresses; nobody is answered yet.
     *
     * @throws IOException an address can't be had; none is held then
     */
    public static KafkaServer bind(
            List<Listener> listeners, NetworkOptions options, NetworkObserver observer, ClientThrottle throttle)
            throws IOException {
        KafkaServer server = new KafkaServer(options, observer, throttle);
        try {
            for (Listener listener : listeners) {
                server.bind(listener);
            }
        } catch (IOException | RuntimeException failure) {
            server.stop(Duration.ZERO);
            throw failure;
        }
        return server;
    }

    private void bind(Listener listener) throws IOException {
        if (bound.containsKey(listener.name)) {
            throw new IllegalArgumentException("two listeners named " + listener.name);
        }
        KafkaConnection.Surroundings around = new KafkaConnection.Surroundings(
                listener.name, listener.router, options.limits(), budget, allocator, observer, throttle, refusals);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(eventLoops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, options.sockets().backlog())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, UNSENT_BYTES)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel, around);
                    }
                });
        if (options.sockets().sendBufferBytes() > 0) {
            bootstrap.childOption(ChannelOption.SO_SNDBUF, options.sockets().sendBufferBytes());
        }
        if (options.sockets().receiveBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, options.sockets().receiveBufferBytes());
        }
        InetSocketAddress address = listener.host.isEmpty()
                ? new InetSocketAddress(listener.port)
                : new InetSocketAddress(listener.host, listener.port);
        var future = bootstrap.bind(address).awaitUninterruptibly();
        if (!future.isSuccess()) {
            throw new IOException(
                    "listener " + listener.name + " can't have " + address + ": "
                            + (future.cause() == null
                                    ? "cancelled"
                                    : future.cause().getMessage()),
                    future.cause());
        }
        bound.put(listener.name, future.channel());
    }

    /** Clients are accepted from now on. */
    public void serve() {
        serving = true;
        bound.values().forEach(channel -> channel.config().setAutoRead(true));
    }

    /**
     * The port a listener has; the one it was given, or the free one that was found for port 0.
     *
     * @throws IllegalArgumentException there is no such listener
     */
    public int port(String listener) {
        Channel channel = bound.get(listener);
        if (channel == null) {
            throw new IllegalArgumentException("no listener named " + listener);
        }
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** What the loops wait with: never AUTO. */
    public Transport transport() {
        return eventLoops.transport();
    }

    public int connections() {
        return connections.get();
    }

    /** Memory held by received bytes. */
    public long receiveMemoryBytes() {
        return budget.usedBytes();
    }

    /** Connections that are not read because received bytes take all the memory they may. */
    public int connectionsWaitingForMemory() {
        return budget.waiting();
    }

    /** Direct memory of the buffer pool, used or kept for use. */
    public long pooledBytes() {
        return allocator.metric().usedDirectMemory();
    }

    /** Bytes of pooled buffers that somebody has not released; for tests. */
    long unreleasedBytes() {
        return allocator.pinnedDirectMemory();
    }

    private void accept(Channel channel, KafkaConnection.Surroundings around) {
        InetSocketAddress client = (InetSocketAddress) channel.remoteAddress();
        if (client == null) {
            var _ = channel.close(); // it left before we looked
            return;
        }
        InetAddress address = client.getAddress();
        int all = connections.incrementAndGet();
        int ofAddress = connectionsByAddress.merge(address, 1, Integer::sum);
        channel.closeFuture().addListener(future -> {
            connectionsByAddress.compute(address, (key, count) -> count == null || count == 1 ? null : count - 1);
            if (connections.decrementAndGet() < options.limits().maxConnections() && serving && !stopping) {
                resumeAccepting();
            }
        });
        if (all >= options.limits().maxConnections()) {
            bound.values().forEach(server -> server.config().setAutoRead(false));
            if (connections.get() < options.limits().maxConnections() && !stopping) {
                resumeAccepting(); // one left between the count and the stop
            }
        }
        if (stopping
                || all > options.limits().maxConnections()
                || ofAddress > options.limits().connectionsFrom(address)) {
            observer.clientRefused(around.listener());
            if (!stopping) {
                refusals.refused(
                        around.listener(),
                        client,
                        "too many connections, " + ofAddress + " from this address and " + all + " in all");
            }
            var _ = channel.close();
            return;
        }
        int unwelcomeMs = throttle.connected(address);
        if (unwelcomeMs > 0) {
            // KIP-612: not read and not answered, and closed late, so that it does not come back at once.
            observer.clientRefused(around.listener());
            channel.config().setAutoRead(false);
            var timer = channel.eventLoop()
                    .schedule(
                            () -> {
                                var _ = channel.close();
                            },
                            unwelcomeMs,
                            TimeUnit.MILLISECONDS);
            channel.closeFuture().addListener(_ -> timer.cancel(false));
            return;
        }
        NetworkLoop loop = loops.computeIfAbsent(channel.eventLoop(), this::startLoop);
        InetSocketAddress local = (InetSocketAddress) channel.localAddress();
        String id = text(local) + "-" + text(client) + "-" + connectionNumbers.getAndIncrement();
        KafkaConnection connection = new KafkaConnection(around, channel, loop, id, client);
        channel.config().setRecvByteBufAllocator(connection.window());
        channel.pipeline().addLast(connection);
    }

    private NetworkLoop startLoop(EventLoop eventLoop) {
        NetworkLoop loop = new NetworkLoop(eventLoop);
        long idleMs = options.limits().maxIdleMs();
        loop.sweepEvery(idleMs <= 0 ? 1000 : Math.clamp(idleMs / 4, 10, 1000), budget);
        return loop;
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private void resumeAccepting() {
        for (Channel server : bound.values()) {
            if (!server.config().isAutoRead()) {
                server.config().setAutoRead(true);
            }
        }
    }

    /** As {@link #stop} without patience. */
    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    /**
     * Accepts nobody and reads nothing more, lets what was read be answered for at most {@code grace}, then closes
     * everything. Afterwards no handler is called. Not from a network loop; twice is harmless.
     */
    public void stop(Duration grace) {
        stopping = true;
        long deadline = System.nanoTime() + grace.toNanos();
        bound.values().forEach(channel -> channel.close().awaitUninterruptibly());
        if (grace.isPositive()) {
            onEveryConnection(KafkaConnection::leaveAtOnce);
            List<Channel> open = openChannels();
            for (Channel channel : open) {
                channel.closeFuture()
                        .awaitUninterruptibly(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        }
        int cut = connections.get();
        if (cut > 0 && grace.isPositive()) {
            LOG.info("closing {} connections that were not answered in {} ms", cut, grace.toMillis());
        }
        onEveryConnection(KafkaConnection::closeNow);
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }

    private void onEveryConnection(Consumer<KafkaConnection> action) {
        List<Future<?>> done = new ArrayList<>();
        for (NetworkLoop loop : loops.values()) {
            if (!loop.eventLoop().isShuttingDown()) {
                done.add(loop.eventLoop().submit(() -> loop.connections().forEach(action)));
            }
        }
        done.forEach(future -> future.awaitUninterruptibly(5, TimeUnit.SECONDS));
    }

    private List<Channel> openChannels() {
        List<Channel> open = Collections.synchronizedList(new ArrayList<>());
        onEveryConnection(connection -> open.add(connection.channel()));
        return open;
    }
}
