package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import io.odradek.broker.net.ReplySlot.Outcome;
import io.odradek.broker.net.RequestRouter.Route;
import io.odradek.engine.record.BufferLease;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: takes frames out of the received bytes, hands each request to its handler at once, and
 * writes the answers in the order of the requests, whoever finishes first.
 *
 * <p>It is read unless one of these holds: a handler stopped it; its client has used more than its quotas allow; too many requests
 * have no answer yet; memory is short; the client does not take its answers; the client or we are leaving. Requests that are already
 * received wait for the same reasons.
 *
 * <p>Confined to its network loop, but for {@link Connection}'s methods.
 */
final class KafkaConnection extends ChannelInboundHandlerAdapter implements Connection, MemoryBudget.Waiter {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);

    /** Responses with records that the transport has not finished: more would only hold more files and buffers. */
    private static final int MAX_OPEN_SENDS = 8;

    /** What all connections of a listener share. */
    record Surroundings(
            String listener,
            RequestRouter router,
            NetworkOptions.Limits limits,
            MemoryBudget budget,
            ByteBufAllocator allocator,
            NetworkObserver observer,
            ClientThrottle throttle,
            RefusalLog refusals) {

        FrameReadable.Limits decoding() {
            return new FrameReadable.Limits(limits.maxRequestElements(), limits.maxRequestCopiedBytes());
        }
    }

    private final Surroundings around;
    private final Channel channel;
    private final NetworkLoop loop;
    private final String id;
    private final InetAddress clientAddress;
    private final ReceiveWindow window;
    private final FrameReadable.Limits decoding;

    /** Requests in order that have no answer on its way. */
    private final ArrayDeque<ReplySlot> unanswered = new ArrayDeque<>();

    private final Set<Runnable> closeTasks = new LinkedHashSet<>();
    private final ChannelFutureListener sendEnded = future -> sendEnded();
    private int openSends;

    /** Stops without their resume. */
    private int stops;
    /** At the bound of unanswered requests, until half are answered. */
    private boolean tooManyUnanswered;

    private boolean waitsForMemory;

    /** Until when nothing more is taken from a client over its quotas (KIP-219); runs while it waits. */
    private @Nullable Future<?> unmute;

    private long mutedUntilNanos;
    /** The first request on a connection is of its being there, and its client is not known yet. */
    private boolean isGreeted;
    /** The client sends no more, or we take no more: closed when all is answered. */
    private boolean leaving;

    /** {@link Channel#close()} was called, or will be when what is written is sent. */
    private boolean closeScheduled;

    private boolean closed;
    private boolean pumping;
    private boolean touched;
    private boolean inReadPass;
    private boolean unflushed;
    private long lastActiveNanos = System.nanoTime();

    KafkaConnection(Surroundings around, Channel channel, NetworkLoop loop, String id, InetSocketAddress client) {
        this.around = around;
        this.channel = channel;
        this.loop = loop;
        this.id = id;
        this.clientAddress = client.getAddress();
        this.window = new ReceiveWindow(around.allocator, around.budget);
        this.decoding = around.decoding();
    }

    ReceiveWindow window() {
        return window;
    }

    Channel channel() {
        return channel;
    }

    NetworkLoop loop() {
        return loop;
    }

    // From the socket

    @Override
    public void channelActive(ChannelHandlerContext context) {
        loop.add(this);
        around.observer.connectionOpened(around.listener);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        window.received((ByteBuf) message);
        inReadPass = true;
        if (!closed) {
            pump();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        inReadPass = false;
        lastActiveNanos = System.nanoTime();
        if (closed) {
            return;
        }
        flush();
        window.passEnded();
        closeIfLeft();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            // Half closed: whoever sent requests and then shut its side down still gets the answers, as from Kafka,
            // which notices the end only when it reads again.
            leave();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (channel.isWritable() && !closed) {
            pump();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("{} is gone: {}", id, cause.toString());
        } else if (cause instanceof OutOfMemoryError) {
            around.refusals.refused(around.listener, id, "no memory to receive in: " + cause.getMessage());
        } else {
            LOG.error("closing {}", id, cause);
        }
        hangUp();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        loop.remove(this);
        around.budget.cancel(this);
        window.drop();
        stopMuting();
        for (ReplySlot slot : unanswered) {
            if (slot.outcome() != null) {
                slot.finish(false);
            } // else its handler still has the frame; the loop finishes it when it answers
        }
        unanswered.clear();
        List<Runnable> tasks = List.copyOf(closeTasks);
        closeTasks.clear();
        tasks.forEach(this::runGuarded);
        around.observer.connectionClosed(around.listener);
    }

    // Requests in, answers out

    boolean isPumping() {
        return pumping;
    }

    /** Dispatches what is received and writes what is answered, until neither goes on. */
    void pump() {
        if (pumping || closed) {
            return; // a handler resumed reading while it was called: the loop below looks again
        }
        pumping = true;
        try {
            do {
                dispatch();
                writeAnswers();
            } while (canDispatch() && window.isFrameWhole());
        } finally {
            pumping = false;
        }
        if (closed) {
            return;
        }
        if (!inReadPass) {
            flush();
        }
        adjustReading();
        if (!inReadPass) {
            closeIfLeft();
        }
    }

    private boolean canDispatch() {
        return stops <= 0 && unmute == null && !tooManyUnanswered && !closed && !closeScheduled;
    }

    private void dispatch() {
        while (canDispatch() && hasLawfulFrame()) {
            dispatch(window.takeFrame());
            if (unanswered.size() >= around.limits.maxPipelinedRequests()) {
                tooManyUnanswered = true;
            }
        }
    }

    /** Refuses the client when the next frame claims a size that none may have. */
    private boolean hasLawfulFrame() {
        if (!window.isSizeKnown()) {
            return false;
        }
        int claimed = window.claimedBytes();
        if (claimed < 0 || claimed > around.limits.maxRequestBytes()) {
            refuse("a request of " + claimed + " bytes, allowed are 0 to " + around.limits.maxRequestBytes());
            return false;
        }
        return window.isFrameWhole();
    }

    private void dispatch(ReceiveWindow.Frame frame) {
        long now = System.nanoTime();
        ReceiveMemory memory = frame.memory();
        ByteBuffer bytes = memory.view(frame.from(), frame.sizeBytes());
        RequestHeader header;
        try {
            header = RequestHeader.parse(bytes);
        } catch (RuntimeException malformed) {
            refuse("an unreadable request header: " + malformed.getMessage());
            return;
        }
        ApiKeys api = header.apiKey();
        short version = header.apiVersion();
        Route route = around.router.route(api);
        // KIP-511: a client newer than we are learns our versions from an answer in version 0.
        boolean fallsBack = route != null && !route.takes(version) && api == ApiKeys.API_VERSIONS;
        if (route == null || !(route.takes(version) || fallsBack)) {
            refuse("request " + api + " in version " + version + ", which is not offered");
            return;
        }
        ApiMessage body = api.messageType.newRequest();
        boolean carriesRecords = api == ApiKeys.PRODUCE && !fallsBack;
        NettyLease lease = carriesRecords ? new NettyLease(memory) : null;
        if (lease != null && frame.isWasteful()) {
            ReceiveMemory own = copyOf(bytes);
            bytes = own.view(0, bytes.remaining());
            lease.release();
            lease = new NettyLease(own);
            own.release(); // the lease has its share
        }
        if (!fallsBack) {
            try {
                body.read(new FrameReadable(bytes, decoding), version);
            } catch (RuntimeException malformed) {
                if (lease != null) {
                    lease.release();
                }
                refuse("a malformed " + api + " request in version " + version + ": " + malformed.getMessage());
                return;
            }
        }
        around.observer.received(api, version, frame.sizeBytes());
        // Only records are left in place. All else was copied out, so a request that is parked for minutes does not
        // hold a buffer for its few bytes.
        BufferLease memoryOfRecords = lease == null ? BufferLease.UNPOOLED : lease;
        ReplySlot slot = new ReplySlot(this, header, memoryOfRecords, now);
        unanswered.add(slot);
        Request request = new Request(header, body, memoryOfRecords, clientAddress, around.listener, this);
        slot.throttleMs = around.throttle.received(request, frame.sizeBytes());
        slot.isTimed = (isGreeted || api != ApiKeys.API_VERSIONS) && around.throttle.isTimed(request);
        isGreeted = true;
        try {
            route.handler().handle(request, slot);
        } catch (RuntimeException | Error failure) {
            handlerFailed(slot, body, failure);
        }
        slot.handledNanos = System.nanoTime() - now;
        if (slot.isTimed) {
            slot.throttleMs = Math.max(slot.throttleMs, around.throttle.worked(header.clientId(), slot.handledNanos));
        }
        mute(slot.throttleMs);
    }

    /** Takes nothing from the client for so long, or longer if that was said before. */
    private void mute(int ms) {
        if (ms <= 0 || closed || closeScheduled) {
            return;
        }
        long untilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        if (unmute == null) {
            mutedUntilNanos = untilNanos;
            unmute = loop.eventLoop().schedule(this::muteEnds, ms, TimeUnit.MILLISECONDS);
            around.observer.connectionMuted(around.listener);
            window.shrink();
        } else if (untilNanos - mutedUntilNanos > 0) {
            mutedUntilNanos = untilNanos; // seen when the timer runs
        }
    }

    private void muteEnds() {
        long leftNanos = mutedUntilNanos - System.nanoTime();
        if (leftNanos > 0) {
            unmute = loop.eventLoop().schedule(this::muteEnds, leftNanos, TimeUnit.NANOSECONDS);
            return;
        }
        stopMuting();
        pump();
    }

    private void stopMuting() {
        Future<?> timer = unmute;
        if (timer != null) {
            unmute = null;
            timer.cancel(false);
            around.observer.connectionUnmuted(around.listener);
        }
    }

    private ReceiveMemory copyOf(ByteBuffer bytes) {
        around.budget.charge(bytes.remaining());
        ReceiveMemory own = new ReceiveMemory(around.allocator, around.budget, bytes.remaining());
        own.buffer.writeBytes(bytes.duplicate());
        return own;
    }

    private void handlerFailed(ReplySlot slot, ApiMessage body, Throwable failure) {
        ApiKeys api = slot.header.apiKey();
        short version = slot.header.apiVersion();
        around.observer.handlerFailed(api, version);
        LOG.error("{} version {} from {} failed", api, version, id, failure);
        if (slot.outcome() == null) {
            slot.tryFill(errorAnswer(api, version, body, failure));
        }
    }

    /** Kafka's own answer to a request that failed; there is none where no error code can be told (acks=0). */
    private static Outcome errorAnswer(ApiKeys api, short version, ApiMessage body, Throwable failure) {
        try {
            ByteBufferAccessor again = MessageUtil.toByteBufferAccessor(body, version);
            AbstractResponse response =
                    AbstractRequest.parseRequest(api, version, again).request.getErrorResponse(failure);
            if (response != null) {
                return new Outcome.Answer(response.data());
            }
        } catch (RuntimeException noAnswer) {
            LOG.debug("no error response to {}", api, noAnswer);
        }
        return new Outcome.Hangup("the request failed and no error code can tell");
    }

    private void writeAnswers() {
        while (!closed && channel.isWritable() && openSends < MAX_OPEN_SENDS) {
            ReplySlot slot = unanswered.peek();
            Outcome outcome = slot == null ? null : slot.outcome();
            if (slot == null || outcome == null) {
                break;
            }
            switch (outcome) {
                case Outcome.Answer(ApiMessage response) -> {
                    if (!write(slot, response)) {
                        return;
                    }
                }
                case Outcome.Silence ignored -> answered(slot, 0);
                case Outcome.Hangup(String reason) -> {
                    flush();
                    refuse(reason);
                    return;
                }
            }
        }
        if (tooManyUnanswered && unanswered.size() <= around.limits.maxPipelinedRequests() / 2) {
            tooManyUnanswered = false;
        }
    }

    /** False: it can't be written, and the connection is closing. */
    private boolean write(ReplySlot slot, ApiMessage response) {
        RequestHeader header = slot.header;
        long began = slot.isTimed ? System.nanoTime() : 0;
        int decidedMs = ThrottleTimes.of(response);
        if (slot.throttleMs > decidedMs) {
            ThrottleTimes.set(response, slot.throttleMs);
        }
        FrameWriter.Frame frame;
        try {
            frame = FrameWriter.write(
                    around.allocator,
                    new ResponseHeader(
                            header.correlationId(), header.apiKey().responseHeaderVersion(header.apiVersion())),
                    response,
                    responseVersion(header));
        } catch (RuntimeException | OutOfMemoryError failure) {
            LOG.error(
                    "closing {}: the response to {} version {} can't be written",
                    id,
                    header.apiKey(),
                    header.apiVersion(),
                    failure);
            closeScheduled = true;
            hangUp();
            return false;
        }
        List<Object> pieces = frame.pieces();
        for (int i = 0; i < pieces.size() - 1; i++) {
            hand(pieces.get(i), channel.voidPromise());
        }
        ChannelPromise last = channel.voidPromise();
        if (!frame.held().isEmpty()) {
            // Pieces are written, or fail, in order: when the last has ended nobody reads the slices any more.
            openSends++;
            last = channel.newPromise();
            last.addListener(future -> {
                        if (future.cause() instanceof IOException e && !(e instanceof ClosedChannelException)) {
                            FrameWriter.tellUnreadable(frame);
                        }
                        frame.held().forEach(SlicedRecords::close);
                    })
                    .addListener(sendEnded);
        }
        unflushed = true;
        hand(pieces.getLast(), last);
        if (slot.isTimed) {
            // As in Kafka it counts, and the next request has to wait for it.
            around.throttle.worked(header.clientId(), System.nanoTime() - began);
        }
        mute(decidedMs);
        answered(slot, frame.sizeBytes());
        return true;
    }

    /** The version asked for, or 0 in answer to a version of ApiVersions that is unknown (KIP-511). */
    private short responseVersion(RequestHeader header) {
        Route route = around.router.route(header.apiKey());
        return route != null && route.takes(header.apiVersion()) ? header.apiVersion() : 0;
    }

    private void answered(ReplySlot slot, long sizeBytes) {
        ReplySlot first = unanswered.poll();
        assert first == slot : "an answer out of order";
        slot.finish(true);
        lastActiveNanos = System.nanoTime();
        around.observer.answered(
                slot.header.apiKey(),
                slot.header.apiVersion(),
                sizeBytes,
                slot.handledNanos,
                lastActiveNanos - slot.receivedNanos);
    }

    private void sendEnded() {
        openSends--;
        lastActiveNanos = System.nanoTime();
        if (openSends == MAX_OPEN_SENDS - 1 && !closed && !unanswered.isEmpty()) {
            pump();
        }
    }

    private void flush() {
        if (unflushed) {
            unflushed = false;
            channel.flush();
        }
    }

    /** Closes for what the client did, with one line. */
    private void refuse(String fault) {
        if (!closed && !closeScheduled) {
            around.observer.clientRefused(around.listener);
            around.refusals.refused(around.listener, id, fault);
            closeScheduled = true;
            flush();
            hangUp();
        }
    }

    /** What becomes of it is told by {@link #channelInactive}. */
    private void hangUp() {
        var _ = channel.close();
    }

    /** A void promise tells its failure to {@link #exceptionCaught}. */
    private void hand(Object piece, ChannelPromise promise) {
        var _ = channel.write(piece, promise);
    }

    /** A client that leaves gets the answers to all it sent. */
    private void closeIfLeft() {
        if (leaving && unanswered.isEmpty() && !window.isFrameWhole() && !closeScheduled) {
            closeScheduled = true;
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** Takes nothing more from the client and closes when it has all its answers. */
    void leave() {
        if (leaving || closed) {
            return;
        }
        leaving = true;
        pump();
    }

    /** As {@link #leave}, when the server stops: what was received is answered, whoever would have to wait. */
    void leaveAtOnce() {
        stopMuting();
        leave();
    }

    /** Closes now, whatever is unanswered. */
    void closeNow() {
        hangUp();
    }

    private void adjustReading() {
        boolean read =
                stops <= 0 && unmute == null && !tooManyUnanswered && !leaving && !waitsForMemory && !closeScheduled;
        if (read && !window.makeRoom(this, System.nanoTime())) {
            waitsForMemory = true;
            read = false;
        }
        if (read != channel.config().isAutoRead()) {
            channel.config().setAutoRead(read);
        }
    }

    @Override
    public void granted(int bytes) {
        try {
            loop.eventLoop().execute(() -> {
                if (closed) {
                    around.budget.release(bytes);
                    return;
                }
                waitsForMemory = false;
                window.granted(bytes);
                pump();
            });
        } catch (RejectedExecutionException stopped) {
            around.budget.release(bytes);
        }
    }

    /** Closes it when nothing has happened for too long. */
    void sweep(long nowNanos) {
        long quietMs = TimeUnit.NANOSECONDS.toMillis(nowNanos - lastActiveNanos);
        NetworkOptions.Limits limits = around.limits;
        if (unmute != null) {
            return; // it is we who do not read
        }
        if (window.unreadBytes() > 0
                && !waitsForMemory
                && unanswered.isEmpty()
                && quietMs > limits.maxStallMs()
                && around.budget.waiting() > 0) {
            refuse("it owes the rest of a request for " + quietMs + " ms while memory is short");
        } else if (limits.maxIdleMs() > 0 && quietMs > limits.maxIdleMs() && !awaitsHandler()) {
            LOG.debug("closing {}: idle for {} ms", id, quietMs);
            hangUp();
        }
    }

    /** Answers are owed by us; not: left lying by the client. */
    private boolean awaitsHandler() {
        return !unanswered.isEmpty() && channel.isWritable() && openSends < MAX_OPEN_SENDS;
    }

    boolean isClosed() {
        return closed;
    }

    /** True when it was not marked already. */
    boolean touch() {
        boolean first = !touched;
        touched = true;
        return first;
    }

    void untouch() {
        touched = false;
    }

    // What handlers may do

    @Override
    public String id() {
        return id;
    }

    @Override
    public void stopReading() {
        onLoop(() -> {
            stops++;
            if (!closed && !pumping) {
                adjustReading();
            }
        });
    }

    @Override
    public void resumeReading() {
        onLoop(() -> {
            stops--;
            pump();
        });
    }

    private void onLoop(Runnable task) {
        if (loop.eventLoop().inEventLoop()) {
            task.run();
        } else {
            execute(task);
        }
    }

    @Override
    public void execute(Runnable task) {
        try {
            loop.eventLoop().execute(() -> runGuarded(task));
        } catch (RejectedExecutionException stopped) {
            LOG.debug("{} is gone, a task was not run", id);
        }
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        try {
            Future<?> scheduled =
                    loop.eventLoop().schedule(() -> runGuarded(task), Math.max(0, delayMs), TimeUnit.MILLISECONDS);
            return () -> scheduled.cancel(false);
        } catch (RejectedExecutionException stopped) {
            return () -> {};
        }
    }

    @Override
    public void onClose(Runnable task) {
        onLoop(() -> {
            if (closed) {
                runGuarded(task);
            } else {
                closeTasks.add(task);
            }
        });
    }

    private void runGuarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error failure) {
            LOG.error("a task of {} failed", id, failure);
        }
    }

    @Override
    public String toString() {
        return id;
    }
}
