package io.odradek.broker.cluster;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.partition.ReplicaClock;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process as a broker of the cluster: registers, shows by heartbeats that it lives and how far it has read the metadata, by which it is
 * unfenced and elected, and says that it leaves.
 *
 * <pre>
 *   registering ──epoch──► fenced ──has followed its registration──► active ──leave──► leaving ──may stop──► over
 *        └─ again, while another process with the id may live    └─ not heard of for a session: fenced ─┘
 * </pre>
 *
 * <p>Each heartbeat that is answered while the broker is not fenced is a lease: for a session from when it was sent, less what clocks may differ by, no other broker is given what
 * this one leads. One request at a time. Its state is the loop's; its methods may be called by any thread.
 */
public final class BrokerLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(BrokerLifecycle.class);

    /** A clock that runs a tenth faster than another is broken. */
    private static final int LEASE_PARTS = 10;

    /** While the broker waits for something that may come at any time: to be unfenced, or to be allowed to stop. */
    private static final int EAGER_MS = 20;

    /** Without an answer for so many sessions, nobody's consent to leaving is waited for: by then others have taken over. */
    private static final long LEAVE_SESSIONS = 2;

    /** Between a request that failed and the next, at most. */
    private static final int RETRY_MS = 100;

    /**
     * Times, in milliseconds.
     *
     * @param heartbeatMs {@code broker.heartbeat.interval.ms}
     * @param sessionMs {@code broker.session.timeout.ms}
     * @param registrationMs {@code initial.broker.registration.timeout.ms}: so long it is tried again to register
     */
    public record Times(int heartbeatMs, int sessionMs, int registrationMs) {}

    /** Who is told, on the loop, which it must not hold up. */
    public interface Listener {
        /** Whether this broker may act as leader: {@code tla/core/Isr}, leases. Not at first. */
        void leased(boolean now);

        /** That it may do so until then, by the clock: {@link #leased} says when that is over, but may say it late. */
        void leasedUntil(long endMs);

        /** Another process has registered with this id. This one is over, and leads nothing. */
        void superseded(String message);
    }

    private final ActiveController controller;
    private final LongSupplier followedOffset;
    private final Supplier<List<UUID>> failedDirectories;
    private final RegisterBroker registration;
    private final Times times;
    private final ReplicaClock clock;
    private final Executor loop;
    private final Listener listener;
    private final CompletableFuture<Long> registered = new CompletableFuture<>();
    private final CompletableFuture<Void> unfenced = new CompletableFuture<>();
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    private volatile long epoch = -1;

    // The loop's.
    private long giveUpAtMs;
    private boolean asking;
    private boolean leaving;
    private boolean over;
    private boolean unheard;
    private long nextBeatMs;
    private long lastHeardMs;
    private long leaseEndMs = Long.MIN_VALUE;
    private boolean leased;
    private boolean leaseIsWatched;

    /**
     * @param followedOffset up to where this node has folded the metadata and acted on it, inclusive; -1 while it has not begun to
     * @param failedDirectories ids of the registered log directories that are out of service
     * @param loop runs one task after the other; when it takes no more, this is over
     */
    public BrokerLifecycle(
            ActiveController controller,
            LongSupplier followedOffset,
            Supplier<List<UUID>> failedDirectories,
            RegisterBroker registration,
            Times times,
            ReplicaClock clock,
            Executor loop,
            Listener listener) {
        this.controller = controller;
        this.followedOffset = followedOffset;
        this.failedDirectories = failedDirectories;
        this.registration = registration;
        this.times = times;
        this.clock = clock;
        this.loop = loop;
        this.listener = listener;
    }

    /** Of the current registration; -1 before it. */
    public long epoch() {
        return epoch;
    }

    /** Completes with the epoch of this process; exceptionally when it is refused, or nobody answers in time. Heartbeats follow. */
    public CompletableFuture<Long> start() {
        onLoop(() -> {
            giveUpAtMs = clock.nowMs() + times.registrationMs();
            register();
        });
        return registered;
    }

    /**
     * Shows at once how far the metadata has been followed.
     *
     * @return done when this broker is unfenced, and leads what it can; exceptionally when the controller will not have it
     */
    public CompletableFuture<Void> unfence() {
        onLoop(this::beatNow);
        return unfenced;
    }

    /** A log directory has failed: others are to lead what it holds as soon as may be (KIP-858). */
    public void directoryFailed() {
        onLoop(this::beatNow);
    }

    /**
     * Gives leadership away before a clean stop; completes when others have taken over, and know it, exceptionally when no controller
     * answers: then others take over when the session is over.
     */
    public CompletableFuture<Void> leave() {
        onLoop(() -> {
            if (epoch < 0 || over) {
                left.complete(null); // it never came, or is gone
            } else if (!leaving) {
                leaving = true;
                lastHeardMs = clock.nowMs();
                beatNow();
            }
        });
        return left;
    }

    /** Nothing is said any more, not even farewell: as after a crash. */
    public void stop() {
        onLoop(() -> over = true);
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException stopped) {
            LOG.debug("broker {} has stopped; nobody waits for this any more", registration.brokerId());
        }
    }

    // ---- Registering.

    private void register() {
        controller.submit(registration, new ActiveController.ReplyTo<BrokerRegistered>() {
            @Override
            public void reply(BrokerRegistered reply) {
                onLoop(() -> registered(reply));
            }

            @Override
            public void failed(ControllerError error, String message) {
                onLoop(() -> registerAgain(
                        "no controller has registered broker " + registration.brokerId() + " yet: " + message));
            }
        });
    }

    private void registered(BrokerRegistered reply) {
        switch (reply.epoch()) {
            case Done<Long>(Long given) -> {
                epoch = given;
                unheard = false;
                registered.complete(given);
                beatNow();
            }
            case Refused<Long>(ControllerError error, String message) -> {
                if (error == ControllerError.DUPLICATE_BROKER_REGISTRATION) {
                    registerAgain("broker " + registration.brokerId() + " can't register yet: " + message);
                } else {
                    fail(error + ": " + message);
                }
            }
        }
    }

    private void registerAgain(String why) {
        if (over || clock.nowMs() >= giveUpAtMs) {
            fail(why + " (initial.broker.registration.timeout.ms=" + times.registrationMs() + ")");
            return;
        }
        if (!unheard) {
            unheard = true;
            LOG.info("{}; it is tried again", why);
        }
        clock.wakeAt(clock.nowMs() + Math.min(times.heartbeatMs(), RETRY_MS), () -> onLoop(this::register));
    }

    private void fail(String message) {
        IllegalStateException why = new IllegalStateException(message);
        registered.completeExceptionally(why);
        unfenced.completeExceptionally(why);
    }

    // ---- Heartbeats.

    /** Sends one, unless one is under way: then the next follows it at once. */
    private void beatNow() {
        nextBeatMs = clock.nowMs();
        beatIfDue();
    }

    /** There may be several calls for one heartbeat: the first that is due sends it, and for the others it is too early for the next. */
    private void beatIfDue() {
        long nowMs = clock.nowMs();
        if (asking || over || epoch < 0 || nowMs < nextBeatMs) {
            return;
        }
        asking = true;
        nextBeatMs = nowMs + times.heartbeatMs();
        controller.submit(
                new Heartbeat(
                        registration.brokerId(),
                        epoch,
                        followedOffset.getAsLong(),
                        false,
                        leaving,
                        failedDirectories.get()),
                new ActiveController.ReplyTo<HeartbeatAnswered>() {
                    @Override
                    public void reply(HeartbeatAnswered reply) {
                        onLoop(() -> answered(nowMs, reply));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        onLoop(() -> unanswered(message));
                    }
                });
    }

    private void answered(long sentMs, HeartbeatAnswered reply) {
        switch (reply.state()) {
            case Done<BrokerState>(BrokerState state) -> heard(sentMs, state);
            case Refused<BrokerState>(ControllerError error, String message) -> {
                if (error == ControllerError.STALE_BROKER_EPOCH) {
                    superseded(error + ": " + message);
                } else {
                    unanswered(error + ": " + message);
                }
            }
        }
    }

    private void heard(long sentMs, BrokerState state) {
        asking = false;
        lastHeardMs = clock.nowMs();
        if (unheard) {
            unheard = false;
            LOG.info("the controller answers the heartbeats of broker {} again", registration.brokerId());
        }
        // Of a fenced broker others lead what it led, though it may not have read so yet: RenewLease in tla/core/Isr.
        leaseEndMs = state.fenced() ? Long.MIN_VALUE : sentMs + times.sessionMs() - times.sessionMs() / LEASE_PARTS;
        listener.leasedUntil(leaseEndMs);
        if (leaving && state.mayShutDown()) {
            over = true;
        }
        checkLease();
        if (!state.fenced()) {
            unfenced.complete(null);
        }
        if (over) {
            left.complete(null);
        } else {
            if (leaving || state.fenced()) {
                nextBeatMs = Math.min(nextBeatMs, clock.nowMs() + EAGER_MS);
            }
            beatInTime();
        }
    }

    private void superseded(String why) {
        asking = false;
        over = true;
        checkLease();
        fail(why);
        if (leaving) {
            left.completeExceptionally(new IllegalStateException(why));
        } else {
            listener.superseded(why);
        }
    }

    private void unanswered(String why) {
        asking = false;
        if (!unheard) {
            unheard = true;
            LOG.warn("a heartbeat of broker {} was not answered: {}; others follow", registration.brokerId(), why);
        }
        if (leaving && clock.nowMs() - lastHeardMs >= LEAVE_SESSIONS * times.sessionMs()) {
            over = true;
            checkLease();
            left.completeExceptionally(new IllegalStateException("no controller answers: " + why));
            return;
        }
        nextBeatMs = Math.min(nextBeatMs, clock.nowMs() + Math.min(times.heartbeatMs(), RETRY_MS));
        beatInTime();
    }

    private void beatInTime() {
        clock.wakeAt(nextBeatMs, () -> onLoop(this::beatIfDue));
    }

    // ---- The lease.

    private void checkLease() {
        boolean now = clock.nowMs() < leaseEndMs && !over;
        if (now && !leaseIsWatched) {
            leaseIsWatched = true;
            clock.wakeAt(
                    leaseEndMs,
                    () -> onLoop(() -> {
                        leaseIsWatched = false;
                        checkLease();
                    }));
        } else if (!now && leased && !over) {
            LOG.warn(
                    "no heartbeat of broker {} was answered within a session of {} ms: it leads nothing until one is",
                    registration.brokerId(),
                    times.sessionMs());
        }
        if (now != leased) {
            leased = now;
            listener.leased(now);
        }
    }
}
