package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's socket: cuts frames, hands requests to their handlers at once, and sends the answers in the order of the requests.
 * Confined to its network loop, but for {@link Connection}'s methods, which post there.
 */
final class KafkaConnection extends ChannelInboundHandlerAdapter implements Connection {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);

    private final String id;
    private final String listener;
    private final KafkaServer server;
    private final NetworkLoop loop;
    private final Channel channel;
    private final FrameReceiver receiver;
    private final InetAddress address;

    /** Requests that are not answered, oldest first; at most {@link ServerOptions#maxRequestsInFlight()}. */
    private final ArrayDeque<ReplySlot> unanswered = new ArrayDeque<>();

    private final List<Runnable> onClose = new ArrayList<>();
    /** Set while this is in the loop's queue of connections with answers. */
    private final AtomicBoolean announced = new AtomicBoolean();

    /** Reasons not to read: handlers', a full queue of answers, the byte budget, a slow socket. */
    private int stops;

    private boolean stoppedForRequests;
    private boolean stoppedForSocket;
    private boolean closed;
    private boolean cutting;
    private long lastReadNanos = System.nanoTime();

    KafkaConnection(
            String id, String listener, KafkaServer server, NetworkLoop loop, Channel channel, FrameReceiver receiver) {
        this.id = id;
        this.listener = listener;
        this.server = server;
        this.loop = loop;
        this.channel = channel;
        this.receiver = receiver;
        this.address = ((InetSocketAddress) channel.remoteAddress()).getAddress();
    }

    // ------------------------------------------------------------------ receiving

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf received = (ByteBuf) message;
        lastReadNanos = System.nanoTime();
        ByteBuf open = receiver.unfinished;
        if (isSame(open, received)) {
            received.release(); // the share that the read was given; the receiver's own remains
        } else if (open == null) {
            receiver.unfinished = received;
        } else {
            // The open buffer was full, so the bytes came in another one: a frame never begins in a full buffer.
            receiver.unfinished = joined(open, received);
        }
        cutFrames();
    }

    @SuppressWarnings("ReferenceEquality") // Netty's buffers are equal when their contents are
    private static boolean isSame(@Nullable ByteBuf one, ByteBuf other) {
        return one == other;
    }

    private ByteBuf joined(ByteBuf first, ByteBuf second) {
        ByteBuf both = channel.alloc().ioBuffer(first.readableBytes() + second.readableBytes());
        both.writeBytes(first).writeBytes(second);
        first.release();
        second.release();
        return both;
    }

    /** Takes whole frames off what was received, as long as nothing says stop. */
    private void cutFrames() {
        if (cutting) {
            return; // a handler resumed reading in the middle of it
        }
        cutting = true;
        try {
            ByteBuf open = receiver.unfinished;
            while (open != null && stops == 0 && !closed) {
                if (!cutOne(open)) {
                    open = makeRoom(open);
                    break;
                }
                open = receiver.unfinished;
            }
            ByteBuf rest = receiver.unfinished;
            if (rest != null && !rest.isReadable()) {
                receiver.unfinished = null;
                rest.release();
            }
        } finally {
            cutting = false;
        }
    }

    /** False when the next frame is not whole yet. */
    private boolean cutOne(ByteBuf open) {
        if (open.readableBytes() < Integer.BYTES) {
            return false;
        }
        int size = open.getInt(open.readerIndex());
        if (size <= 0 || size > server.options().maxFrameBytes()) {
            closeFor("a frame of " + size + " bytes (socket.request.max.bytes is "
                    + server.options().maxFrameBytes() + ")");
            return true;
        }
        if (open.readableBytes() - Integer.BYTES < size) {
            return false;
        }
        open.skipBytes(Integer.BYTES);
        dispatch(open.readRetainedSlice(size));
        return true;
    }

    /** The rest of an incomplete frame has to go somewhere: behind it if there is room, else into a buffer of its own. */
    private @Nullable ByteBuf makeRoom(ByteBuf open) {
        int have = open.readableBytes();
        if (have == 0) {
            receiver.unfinished = null;
            open.release();
            return null;
        }
        int needed = have < Integer.BYTES ? Integer.BYTES : Integer.BYTES + open.getInt(open.readerIndex());
        receiver.expect(needed);
        if (open.readerIndex() + needed <= open.capacity() && open.isWritable()) {
            return open;
        }
        ByteBuf own = channel.alloc().ioBuffer(Math.max(needed, Math.min(receiver.chunkBytes(), have * 2)));
        own.writeBytes(open);
        open.release();
        receiver.unfinished = own;
        return own;
    }

    private void dispatch(ByteBuf frame) {
        long now = System.nanoTime();
        ByteBuffer bytes = frame.nioBuffer();
        RequestHeader header;
        try {
            header = RequestHeader.parse(bytes);
        } catch (RuntimeException e) { // Kafka's parsers throw many kinds for bytes they can't make sense of
            frame.release();
            closeFor("a request header that can't be read: " + e.getMessage());
            return;
        }
        ApiKeys api = header.apiKey();
        short version = header.apiVersion();
        boolean unknownApiVersions = api == ApiKeys.API_VERSIONS && !header.isApiVersionSupported();
        // KIP-511: a version of ApiVersions that is not known is answered in version 0, so that the client can step
        // down.
        short answerVersion = unknownApiVersions ? 0 : version;
        ApiHandler handler = server.router().find(api, answerVersion);
        if (handler == null) {
            frame.release();
            closeFor("a request of " + api + " version " + version + ", which is not offered");
            return;
        }
        ApiMessage body;
        try {
            if (unknownApiVersions) {
                body = new ApiVersionsRequestData();
            } else {
                body = api.messageType.newRequest();
                body.read(new ByteBufferAccessor(bytes), version);
                if (bytes.hasRemaining()) {
                    throw new IllegalArgumentException(bytes.remaining() + " bytes too many");
                }
            }
        } catch (RuntimeException | OutOfMemoryError e) { // as above; lengths that lie end in either
            frame.release();
            closeFor("a request of " + api + " version " + version + " that can't be read: " + e.getMessage());
            return;
        }
        ReplySlot slot = new ReplySlot(
                this, frame, api, answerVersion, header.correlationId(), api.responseHeaderVersion(answerVersion), now);
        unanswered.add(slot);
        if (!server.budget().take(slot.requestBytes)) {
            stops++;
            applyStops();
            server.budget().await(this);
        }
        if (unanswered.size() >= server.options().maxRequestsInFlight() && !stoppedForRequests) {
            stoppedForRequests = true;
            stopReading();
        }
        Request request = new Request(header, body, new NettyLease(frame), address, listener, this);
        try {
            handler.handle(request, slot);
        } catch (RuntimeException | AssertionError e) {
            LOG.error("{} version {} from {} failed", api, version, channel.remoteAddress(), e);
            if (!slot.isAnswered()) {
                slot.close("the request failed in the broker: " + e);
            }
        }
    }

    // ------------------------------------------------------------------ answering

    /** A slot has been filled. Any thread. */
    void answered() {
        if (!announced.get() && announced.compareAndSet(false, true)) {
            loop.answered(this);
        }
    }

    /** Sends what is ready at the head of the queue. */
    void sendAnswers() {
        announced.set(false); // before the slots are looked at: what is filled later announces again
        boolean wrote = false;
        ReplySlot slot = unanswered.peek();
        while (slot != null && slot.isAnswered()) {
            unanswered.remove();
            wrote |= send(slot);
            slot = unanswered.peek();
        }
        if (wrote) {
            channel.flush();
        }
        if (stoppedForRequests && unanswered.size() <= server.options().maxRequestsInFlight() / 2) {
            stoppedForRequests = false;
            resumeReading();
        }
    }

    private boolean send(ReplySlot slot) {
        int responseBytes = 0;
        ApiMessage body = slot.body();
        String reason = slot.closeReason();
        if (reason != null && !closed) {
            closeFor(reason);
        } else if (body != null) {
            if (closed) {
                closeRecords(body);
            } else {
                responseBytes = FrameWriter.write(
                        channel, channel.alloc(), slot.correlationId, slot.headerVersion, body, slot.version);
            }
        }
        server.observer()
                .answered(
                        slot.api,
                        slot.version,
                        System.nanoTime() - slot.arrivedNanos,
                        slot.requestBytes,
                        responseBytes);
        slot.frame.release();
        server.budget().giveBack(slot.requestBytes);
        return responseBytes > 0;
    }

    /** Nobody will write this answer: what it holds open is closed here. */
    private static void closeRecords(ApiMessage body) {
        if (body instanceof org.apache.kafka.common.message.FetchResponseData fetch) {
            fetch.responses()
                    .forEach(topic -> topic.partitions().forEach(partition -> {
                        if (partition.records() instanceof SlicedRecords sliced) {
                            sliced.slices().close();
                        }
                    }));
        }
    }

    // ------------------------------------------------------------------ stopping, closing

    @Override
    public String id() {
        return id;
    }

    @Override
    public void stopReading() {
        onLoop(() -> {
            stops++;
            applyStops();
        });
    }

    @Override
    public void resumeReading() {
        onLoop(() -> {
            stops--;
            assert stops >= 0 : "resumed more often than stopped";
            applyStops();
            if (stops == 0) {
                cutFrames();
            }
        });
    }

    private void applyStops() {
        channel.config().setAutoRead(stops == 0);
    }

    /** There is room for frames again. Any thread. */
    void budgetFreed() {
        channel.eventLoop().execute(this::resumeReading);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (channel.isWritable() == stoppedForSocket) {
            stoppedForSocket = !stoppedForSocket;
            if (stoppedForSocket) {
                stopReading(); // a client that does not read its answers may not ask for more
            } else {
                resumeReading();
            }
        }
    }

    private void onLoop(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
        } else {
            channel.eventLoop().execute(task);
        }
    }

    @Override
    public void execute(Runnable task) {
        channel.eventLoop().execute(task);
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        ScheduledFuture<?> scheduled = channel.eventLoop().schedule(task, delayMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void onClose(Runnable task) {
        onLoop(() -> {
            if (closed) {
                task.run();
            } else {
                onClose.add(task);
            }
        });
    }

    /** Closes with one line in the log. */
    private void closeFor(String reason) {
        if (!closed) {
            server.refusals().log(LOG, address, listener, reason);
            channel.close();
        }
    }

    /** Whether nothing has come for longer than allowed, and nothing is being waited for. */
    boolean isIdle(long nowNanos, long maxIdleNanos) {
        return nowNanos - lastReadNanos > maxIdleNanos && unanswered.isEmpty();
    }

    void closeIdle() {
        LOG.debug("closing {} after being idle", channel.remoteAddress());
        channel.close();
    }

    boolean hasUnanswered() {
        return !unanswered.isEmpty();
    }

    Channel channel() {
        return channel;
    }

    InetAddress address() {
        return address;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        ByteBuf open = receiver.unfinished;
        receiver.unfinished = null;
        ReferenceCountUtil.release(open);
        server.disconnected(this);
        for (Runnable task : onClose) {
            task.run();
        }
        onClose.clear();
        sendAnswers();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException || cause instanceof ApiException) {
            LOG.debug("connection {} broke", channel.remoteAddress(), cause);
        } else {
            LOG.error("connection {} failed", channel.remoteAddress(), cause);
        }
        channel.close();
    }
}
