package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.odradek.engine.record.BufferLease;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket of a {@link SocketConnection}, from its first byte to its last: asks what the other side offers, then sends what is asked, and
 * gives each answer to the question it belongs to. Not read while memory is short. Confined to its loop.
 */
final class PeerSocket extends ChannelInboundHandlerAdapter implements MemoryBudget.Waiter {

    private static final Logger LOG = LoggerFactory.getLogger(PeerSocket.class);

    /** Every broker that is not older than 2.4 has it. */
    private static final short API_VERSIONS_VERSION = 3;

    private static final int CORRELATION_ID_BYTES = 4;

    /** Answers are few and from servers that this one trusts; their bulk is records, which are not copied. */
    static final FrameReadable.Limits DECODING = new FrameReadable.Limits(5_000_000, 64 * 1024 * 1024);

    private final SocketConnection connection;
    private final SocketNetwork network;
    private final EventLoop loop;
    private final ReceiveWindow window;
    private final ArrayDeque<PeerQuestion> inFlight = new ArrayDeque<>();
    private final Runnable flush = this::flush;

    private @Nullable Channel channel;
    private ApiVersionsResponseData.@Nullable ApiVersionCollection offered;
    private boolean waitsForMemory;
    private boolean flushScheduled;
    private boolean ended;
    private @Nullable String givenUp;

    PeerSocket(SocketConnection connection, SocketNetwork network, EventLoop loop) {
        this.connection = connection;
        this.network = network;
        this.loop = loop;
        this.window = new ReceiveWindow(network.allocator(), network.budget());
    }

    void attach(Channel socket) {
        channel = socket;
        socket.config().setRecvByteBufAllocator(window);
        socket.pipeline().addLast(this);
    }

    boolean isReady() {
        return offered != null;
    }

    int inFlight() {
        return inFlight.size();
    }

    /** Why {@link #giveUp} was called; null while it was not. */
    @Nullable
    String givenUp() {
        return givenUp;
    }

    /** Closes it, for this reason; everybody is told when it is closed. */
    void giveUp(String why) {
        if (ended || givenUp != null) {
            return;
        }
        givenUp = why;
        Channel open = channel;
        if (open != null) {
            var _ = open.close();
        }
    }

    // Out

    void send(PeerQuestion question) {
        ApiKeys api = question.api();
        ApiVersion theirs = offered == null ? null : offered.find(api.id);
        if (theirs == null) {
            question.failed(connection + " does not offer " + api, false);
            return;
        }
        int version = Math.min(theirs.maxVersion(), api.latestVersion(false));
        if (version < Math.max(theirs.minVersion(), api.oldestVersion())) {
            question.failed(
                    connection + " offers " + api + " in versions " + theirs.minVersion() + " to " + theirs.maxVersion()
                            + ", here it is known in " + api.oldestVersion() + " to " + api.latestVersion(false),
                    false);
            return;
        }
        write(question, (short) version);
    }

    private void write(PeerQuestion question, short version) {
        Channel open = channel;
        if (open == null || ended || givenUp != null) {
            question.failed(givenUp == null ? connection + " is gone" : givenUp, false);
            return;
        }
        question.version = version;
        question.correlationId = connection.nextCorrelationId();
        RequestHeader header =
                new RequestHeader(question.api(), version, network.options().clientId(), question.correlationId);
        FrameWriter.Frame frame;
        try {
            frame = FrameWriter.write(network.allocator(), header, question.request.at(version));
        } catch (UnsupportedVersionException tooOld) {
            question.failed(
                    connection + " offers " + question.api() + " only up to version " + version + ": "
                            + tooOld.getMessage(),
                    false);
            return;
        } catch (RuntimeException | OutOfMemoryError failure) {
            LOG.error("{} version {} to {} can't be written", question.api(), version, connection, failure);
            question.failed(question.api() + " can't be written: " + failure.getMessage(), false);
            return;
        }
        inFlight.add(question);
        for (Object piece : frame.pieces()) {
            var _ = open.write(piece, open.voidPromise());
        }
        if (!flushScheduled) {
            flushScheduled = true;
            loop.execute(flush); // with whatever else is asked in this turn of the loop
        }
    }

    private void flush() {
        flushScheduled = false;
        Channel open = channel;
        if (open != null && !ended) {
            open.flush();
        }
    }

    private final class WhatIsOffered implements PeerRequest, PeerOutcome {
        @Override
        public ApiKeys api() {
            return ApiKeys.API_VERSIONS;
        }

        @Override
        public ApiMessage at(short version) {
            return new ApiVersionsRequestData()
                    .setClientSoftwareName("odradek")
                    .setClientSoftwareVersion(network.options().softwareVersion());
        }

        @Override
        public void answered(ApiMessage response, short version, BufferLease memory) {
            ApiVersionsResponseData data = (ApiVersionsResponseData) response;
            if (data.errorCode() != Errors.NONE.code()) {
                giveUp(connection + " does not say what it offers: " + Errors.forCode(data.errorCode()));
                return;
            }
            offered = data.apiKeys();
            connection.ready(PeerSocket.this);
        }

        @Override
        public void failed(String why, boolean maybeDone) {} // the connection is told as well
    }

    // In

    @Override
    public void channelActive(ChannelHandlerContext context) {
        WhatIsOffered first = new WhatIsOffered();
        write(new PeerQuestion(first, network.options().connectTimeoutMs(), first), API_VERSIONS_VERSION);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        window.received((ByteBuf) message);
        while (!ended && givenUp == null && hasLawfulFrame()) {
            answer(window.takeFrame());
        }
        adjustReading();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!ended) {
            window.passEnded();
        }
    }

    private boolean hasLawfulFrame() {
        if (!window.isSizeKnown()) {
            return false;
        }
        int claimed = window.claimedBytes();
        if (claimed < CORRELATION_ID_BYTES || claimed > network.options().maxResponseBytes()) {
            refuse("an answer of " + claimed + " bytes, allowed are " + CORRELATION_ID_BYTES + " to "
                    + network.options().maxResponseBytes());
            return false;
        }
        return window.isFrameWhole();
    }

    private void answer(ReceiveWindow.Frame frame) {
        PeerQuestion question = inFlight.peek();
        if (question == null) {
            refuse("an answer to nothing that was asked");
            return;
        }
        ReceiveMemory memory = frame.memory();
        ByteBuffer bytes = memory.view(frame.from(), frame.sizeBytes());
        ApiKeys api = question.api();
        short version = question.version;
        ApiMessage response;
        try {
            ResponseHeader header = ResponseHeader.parse(bytes, api.responseHeaderVersion(version));
            if (header.correlationId() != question.correlationId) {
                refuse("an answer to request " + header.correlationId() + ", while " + api + " is request "
                        + question.correlationId);
                return;
            }
            response = api.messageType.newResponse();
            response.read(new FrameReadable(bytes, DECODING), version);
            if (bytes.hasRemaining()) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes are left over");
            }
        } catch (RuntimeException malformed) {
            refuse("a malformed answer to " + api + " in version " + version + ": " + malformed.getMessage());
            return;
        }
        inFlight.remove();
        NettyLease lease = new NettyLease(memory);
        try {
            question.answered(response, lease);
        } finally {
            lease.release();
        }
    }

    /** What the other side sends makes no sense: nothing more of it is believed. */
    private void refuse(String fault) {
        String why = connection + " has sent " + fault;
        LOG.warn("{}; the connection is closed", why);
        giveUp(why);
    }

    private void adjustReading() {
        Channel open = channel;
        if (ended || open == null) {
            return;
        }
        boolean read = !waitsForMemory && givenUp == null;
        if (read && !window.makeRoom(this, System.nanoTime())) {
            waitsForMemory = true;
            read = false;
        }
        if (read != open.config().isAutoRead()) {
            open.config().setAutoRead(read);
        }
    }

    @Override
    public void granted(int bytes) {
        try {
            loop.execute(() -> {
                if (ended) {
                    network.budget().release(bytes);
                    return;
                }
                waitsForMemory = false;
                window.granted(bytes);
                adjustReading();
            });
        } catch (RejectedExecutionException stopped) {
            network.budget().release(bytes);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("{}", connection, cause);
        giveUp("the connection to " + connection + " is lost: " + cause.getMessage());
        var _ = context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        ended = true;
        network.budget().cancel(this);
        window.drop();
        String why = givenUp == null ? connection + " has closed the connection" : givenUp;
        List<PeerQuestion> unanswered = List.copyOf(inFlight);
        inFlight.clear();
        connection.socketEnded(this, why);
        unanswered.forEach(question -> question.failed(why, true));
    }
}
