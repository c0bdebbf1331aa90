package io.odradek.bench.jmh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.apache.kafka.common.network.TransferableChannel;

/** A loopback connection whose other end reads and forgets, on a thread of its own. Writes block. */
final class DrainedSocket implements TransferableChannel {
    private static final int DRAIN_BYTES = 1 << 20;

    private final SocketChannel socket;
    private final SocketChannel other;
    private final Thread drain;

    DrainedSocket() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            socket = SocketChannel.open(server.getLocalAddress());
            other = server.accept();
        }
        drain = Thread.ofPlatform().name("drain").start(this::drain);
    }

    private void drain() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(DRAIN_BYTES);
        try {
            while (other.read(bytes.clear()) >= 0) {
                // forgotten
            }
        } catch (AsynchronousCloseException e) {
            // the end of the benchmark
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long send(FileChannel file, long position, int length) throws IOException {
        long sent = 0;
        while (sent < length) {
            sent += file.transferTo(position + sent, length - sent, socket);
        }
        return sent;
    }

    long send(ByteBuffer bytes) throws IOException {
        long sent = 0;
        while (bytes.hasRemaining()) {
            sent += socket.write(bytes);
        }
        return sent;
    }

    @Override
    public boolean hasPendingWrites() {
        return false;
    }

    @Override
    public long transferFrom(FileChannel file, long position, long count) throws IOException {
        return file.transferTo(position, count, socket);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        return socket.write(bytes);
    }

    @Override
    public long write(ByteBuffer[] buffers) throws IOException {
        return socket.write(buffers);
    }

    @Override
    public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        return socket.write(buffers, offset, length);
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        try {
            drain.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        other.close();
    }
}
