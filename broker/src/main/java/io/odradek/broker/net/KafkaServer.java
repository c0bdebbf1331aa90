package io.odradek.broker.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listeners and their connections. Started and closed by one thread; handlers run on its network loops. */
public final class KafkaServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaServer.class);
    private static final WriteBufferWaterMark WRITE_MARKS = new WriteBufferWaterMark(1 << 20, 4 << 20);
    private static final long DRAIN_MS = 5_000;

    private final ServerOptions options;
    private final NetObserver observer;
    private final InFlightBudget budget;
    private final Refusals refusals = new Refusals();
    private final Set<KafkaConnection> connections = ConcurrentHashMap.newKeySet();
    private final Map<InetAddress, Integer> perIp = new ConcurrentHashMap<>();
    private final Map<EventLoop, NetworkLoop> loops = new ConcurrentHashMap<>();
    private final AtomicLong nextId = new AtomicLong();
    private final List<Channel> listening = new ArrayList<>();
    private @Nullable MultiThreadIoEventLoopGroup group;
    private volatile RequestRouter router = new RequestRouter(Map.of());

    public KafkaServer(ServerOptions options, NetObserver observer) {
        this.options = options;
        this.observer = observer;
        this.budget = new InFlightBudget(options.maxInFlightBytes());
    }

    /**
     * Binds the listeners; who connects waits until {@link #serve}.
     *
     * @return where each listener listens, with the port it got
     * @throws IOException when an address can't be bound; nothing is left open
     */
    public List<ListenAddress> bind(List<ListenAddress> addresses) throws IOException {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        MultiThreadIoEventLoopGroup started =
                new MultiThreadIoEventLoopGroup(options.networkThreads(), new DefaultThreadFactory("network"), io);
        group = started;
        List<ListenAddress> bound = new ArrayList<>();
        for (ListenAddress address : addresses) {
            ServerBootstrap bootstrap = new ServerBootstrap()
                    .group(started)
                    .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                    .option(ChannelOption.SO_BACKLOG, options.backlog())
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .option(ChannelOption.AUTO_READ, false)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true)
                    .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                    .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_MARKS)
                    .childHandler(new Connect(address.listener()));
            if (options.sendBufferBytes() > 0) {
                bootstrap.childOption(ChannelOption.SO_SNDBUF, options.sendBufferBytes());
            }
            if (options.receiveBufferBytes() > 0) {
                bootstrap.option(ChannelOption.SO_RCVBUF, options.receiveBufferBytes());
            }
            InetSocketAddress local = address.host().isEmpty()
                    ? new InetSocketAddress(address.port())
                    : new InetSocketAddress(address.host(), address.port());
            try {
                Channel channel = bootstrap.bind(local).sync().channel();
                listening.add(channel);
                int port = ((ServerSocketChannel) channel).localAddress().getPort();
                bound.add(new ListenAddress(address.listener(), address.host(), port));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                close();
                throw new IOException("interrupted while binding " + local, e);
            } catch (Exception e) { // bind's cause arrives undeclared
                close();
                throw new IOException(
                        "listener " + address.listener() + " can't listen on " + address.host() + ":" + address.port()
                                + ": " + e.getMessage() + "; is another process there?",
                        e);
            }
        }
        return bound;
    }

    /** Accepts connections, and has their requests answered by {@code handlers}. Once, after {@link #bind}. */
    public void serve(RequestRouter handlers) {
        MultiThreadIoEventLoopGroup running = group;
        if (running == null) {
            throw new IllegalStateException("nothing is bound");
        }
        router = handlers;
        listening.forEach(channel -> channel.config().setAutoRead(true));
        if (options.maxIdleMs() >= 0) {
            long everyMs = Math.max(100, Math.min(options.maxIdleMs() / 4, 30_000));
            var _ = running.next().scheduleWithFixedDelay(this::closeIdle, everyMs, everyMs, TimeUnit.MILLISECONDS);
        }
    }

    private void closeIdle() {
        long maxIdleNanos = TimeUnit.MILLISECONDS.toNanos(options.maxIdleMs());
        for (KafkaConnection connection : connections) {
            connection.execute(() -> {
                if (connection.isIdle(System.nanoTime(), maxIdleNanos)) {
                    connection.closeIdle();
                }
            });
        }
    }

    ServerOptions options() {
        return options;
    }

    RequestRouter router() {
        return router;
    }

    NetObserver observer() {
        return observer;
    }

    InFlightBudget budget() {
        return budget;
    }

    Refusals refusals() {
        return refusals;
    }

    /** Open connections. Any thread. */
    public int connectionCount() {
        return connections.size();
    }

    /** Bytes of received frames that wait for their answers. Any thread. */
    public long inFlightBytes() {
        return budget.bytes();
    }

    /** Bytes of off-heap memory that the pool of received and sent frames holds. Any thread. */
    public static long pooledBytes() {
        return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    void disconnected(KafkaConnection connection) {
        if (connections.remove(connection)) {
            perIp.computeIfPresent(connection.address(), (_, count) -> count == 1 ? null : count - 1);
            observer.disconnected();
        }
    }

    /**
     * Stops accepting and reading, lets requests that are being worked on be answered for a few seconds, and closes the
     * connections.
     */
    @Override
    public void close() {
        MultiThreadIoEventLoopGroup running = group;
        if (running == null) {
            return;
        }
        listening.forEach(channel -> channel.close().awaitUninterruptibly());
        for (KafkaConnection connection : connections) {
            connection.stopReading();
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MS);
        while (budget.bytes() > 0 && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(1_000_000); // shutting down: polling is cheaper than a signal nobody else needs
        }
        for (KafkaConnection connection : connections) {
            connection.channel().close().awaitUninterruptibly();
        }
        running.shutdownGracefully(0, DRAIN_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        group = null;
    }

    /** Sets up an accepted socket, or turns it away. */
    private final class Connect extends ChannelInitializer<Channel> {
        private final String listener;

        Connect(String listener) {
            this.listener = listener;
        }

        @Override
        protected void initChannel(Channel channel) {
            if (!(channel.remoteAddress() instanceof InetSocketAddress remote)) {
                channel.close(); // it was gone before it was accepted
                return;
            }
            InetAddress address = remote.getAddress();
            int fromThere = perIp.merge(address, 1, Integer::sum);
            if (connections.size() >= options.maxConnections() || fromThere > options.maxConnectionsPerIp()) {
                perIp.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
                refusals.log(
                        LOG,
                        address,
                        listener,
                        "too many connections (max.connections is " + options.maxConnections()
                                + ", max.connections.per.ip " + options.maxConnectionsPerIp() + ")");
                channel.close();
                return;
            }
            FrameReceiver receiver = new FrameReceiver();
            channel.config().setRecvByteBufAllocator(receiver);
            NetworkLoop loop = loops.computeIfAbsent(channel.eventLoop(), NetworkLoop::new);
            KafkaConnection connection = new KafkaConnection(
                    Long.toString(nextId.incrementAndGet()), listener, KafkaServer.this, loop, channel, receiver);
            connections.add(connection);
            observer.connected();
            channel.pipeline().addLast(connection);
        }
    }
}
