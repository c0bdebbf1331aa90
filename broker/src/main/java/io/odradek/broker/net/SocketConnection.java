package io.odradek.broker.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to another server over TCP.
 *
 * <pre>
 *   none ──ask──► looking up ──► connecting ──► asking what is offered ──► ready
 *    ▲                 └───────────────┴───────────────────┴───lost, failed──┘
 *    └── for a while after a failure what is asked fails at once
 * </pre>
 *
 * {@link #ask} and {@link #close}: any thread; the rest is confined to the loop.
 */
final class SocketConnection implements PeerConnection {

    private static final Logger LOG = LoggerFactory.getLogger(SocketConnection.class);

    private final SocketNetwork network;
    private final String name;
    private final String host;
    private final int port;
    private final EventLoop loop;

    /** Asked, and not sent: there is no connection yet. */
    private final ArrayDeque<PeerQuestion> waiting = new ArrayDeque<>();

    private @Nullable PeerSocket socket;
    private boolean connecting;
    private boolean closed;
    private int attempts;
    private int failures;
    private long notBeforeNanos;
    private String lastFailure = "";
    private int nextCorrelationId;

    SocketConnection(SocketNetwork network, String name, String host, int port, EventLoop loop) {
        this.network = network;
        this.name = name;
        this.host = host;
        this.port = port;
        this.loop = loop;
    }

    @Override
    public void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
        PeerQuestion question = new PeerQuestion(request, timeoutMs, outcome);
        try {
            loop.execute(() -> accept(question));
        } catch (RejectedExecutionException ended) {
            question.failed(this + " is closed", false);
        }
    }

    @Override
    public void close() {
        network.forget(this);
        try {
            loop.execute(() -> {
                closed = true;
                if (socket == null) {
                    failWaiting(this + " is closed");
                } else {
                    socket.giveUp(this + " is closed");
                }
            });
        } catch (RejectedExecutionException ended) {
            // The loop has closed its sockets, which told everybody.
        }
    }

    // On the loop

    private void accept(PeerQuestion question) {
        PeerSocket open = socket;
        int unanswered = open != null && open.isReady() ? open.inFlight() : waiting.size();
        if (closed) {
            question.failed(this + " is closed", false);
        } else if (unanswered >= network.options().maxUnanswered()) {
            question.failed(this + ": " + unanswered + " requests wait for their answers already", false);
        } else if (open != null && open.isReady()) {
            startTimer(question);
            open.send(question);
        } else if (!connecting && open == null && System.nanoTime() - notBeforeNanos < 0) {
            question.failed(lastFailure + ", " + failures + " times; not tried again yet", false);
        } else {
            waiting.add(question);
            startTimer(question);
            if (!connecting && open == null) {
                connect();
            }
        }
    }

    private void startTimer(PeerQuestion question) {
        try {
            question.timedBy(loop.schedule(() -> timedOut(question), question.timeoutMs, TimeUnit.MILLISECONDS));
        } catch (RejectedExecutionException ending) {
            LOG.debug("{}: the loop ends, and with it all that is asked", this);
        }
    }

    private void timedOut(PeerQuestion question) {
        if (waiting.remove(question)) {
            question.failed(
                    "no connection to " + this + " for " + question.api() + " within " + question.timeoutMs + " ms",
                    false);
        } else if (socket != null) {
            socket.giveUp(this + " has not answered " + question.api() + " within " + question.timeoutMs + " ms");
        }
    }

    private void connect() {
        connecting = true;
        int attempt = attempts++;
        // A look-up blocks. What it is asked for is known, so it makes no difference which thread does it.
        Thread.ofVirtual().name("peer-lookup").start(() -> {
            try {
                InetAddress[] all = InetAddress.getAllByName(host);
                InetAddress one = all[Math.floorMod(attempt, all.length)];
                onLoop(() -> connect(new InetSocketAddress(one, port)));
            } catch (UnknownHostException e) {
                onLoop(() -> connectionEnded("nobody knows the host of " + this));
            }
        });
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException ended) {
            LOG.debug("{}: the loop has ended", this);
        }
    }

    private void connect(InetSocketAddress address) {
        if (closed) {
            connectionEnded(this + " is closed");
            return;
        }
        PeerSocket next = new PeerSocket(this, network, loop);
        ChannelFuture connected = network.bootstrap()
                .group(loop)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        next.attach(channel);
                    }
                })
                .connect(address);
        socket = next;
        connecting = false;
        var _ = loop.schedule(
                () -> {
                    if (!next.isReady()) {
                        next.giveUp(this + " did not say what it offers within "
                                + network.options().connectTimeoutMs() + " ms");
                    }
                },
                network.options().connectTimeoutMs(),
                TimeUnit.MILLISECONDS);
        connected.addListener(future -> {
            if (!future.isSuccess()) {
                String givenUp = next.givenUp();
                socketEnded(next, givenUp == null ? this + " can't be reached: " + message(future.cause()) : givenUp);
            }
        });
    }

    private static String message(@Nullable Throwable cause) {
        return cause == null ? "cancelled" : String.valueOf(cause.getMessage());
    }

    /** The other side has said what it offers. */
    void ready(PeerSocket ready) {
        assert ready == socket : "another socket";
        if (failures > 0) {
            LOG.info("{} is reached again, after {} failures", this, failures);
        }
        failures = 0;
        for (PeerQuestion next = waiting.poll(); next != null; next = waiting.poll()) {
            ready.send(next);
        }
    }

    int nextCorrelationId() {
        return nextCorrelationId++ & Integer.MAX_VALUE;
    }

    /** Those it had sent are told by the socket. */
    void socketEnded(PeerSocket ended, String why) {
        if (ended == socket) {
            socket = null;
            connectionEnded(why);
        }
    }

    private void connectionEnded(String why) {
        connecting = false;
        int backoffMs =
                Math.min(network.options().maxBackoffMs(), network.options().backoffMs() << Math.min(failures, 16));
        notBeforeNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(backoffMs, 0));
        failures++;
        if (!closed && failures == 1) {
            LOG.info("{}", why); // once, until it is reached again
        } else {
            LOG.debug("{}", why);
        }
        lastFailure = why;
        failWaiting(why);
    }

    private void failWaiting(String why) {
        List<PeerQuestion> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(question -> question.failed(why, false));
    }

    @Override
    public String toString() {
        return name + " at " + host + ":" + port;
    }
}
