package io.odradek.broker.net;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.odradek.broker.net.NetworkOptions.Transport;

/**
 * What event loops wait with, and the sockets that belong to it.
 *
 * @param transport never AUTO
 */
record EventLoops(
        Transport transport, Class<? extends ServerChannel> serverChannel, Class<? extends Channel> clientChannel) {

    /** AUTO never takes io_uring: on the machines measured so far epoll serves Kafka's large requests as well. */
    static EventLoops of(Transport wanted) {
        Transport transport = wanted == Transport.AUTO ? Epoll.isAvailable() ? Transport.EPOLL : Transport.NIO : wanted;
        return switch (transport) {
            case EPOLL -> {
                Epoll.ensureAvailability();
                yield new EventLoops(transport, EpollServerSocketChannel.class, EpollSocketChannel.class);
            }
            case IO_URING -> {
                IoUring.ensureAvailability();
                yield new EventLoops(transport, IoUringServerSocketChannel.class, IoUringSocketChannel.class);
            }
            case NIO, AUTO -> new EventLoops(Transport.NIO, NioServerSocketChannel.class, NioSocketChannel.class);
        };
    }

    /** Daemon threads of that name. */
    MultiThreadIoEventLoopGroup group(int threads, String name) {
        IoHandlerFactory handlers = switch (transport) {
            case EPOLL -> EpollIoHandler.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case NIO, AUTO -> NioIoHandler.newFactory();
        };
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), handlers);
    }
}
