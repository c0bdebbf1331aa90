package io.odradek.broker.metadata;

import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * This process as a broker of the cluster: registers, then shows by a heartbeat that it has read its registration, by which it is
 * unfenced and elected. Until then it leads nothing. Any thread.
 */
public final class BrokerLifecycle {

    private final ControllerHost controller;
    private final RegisterBroker registration;
    private volatile long epoch = -1;

    public BrokerLifecycle(ControllerHost controller, RegisterBroker registration) {
        this.controller = controller;
        this.registration = registration;
    }

    /** Of the current registration; -1 before it. */
    public long epoch() {
        return epoch;
    }

    /** Completes, on the metadata thread, when this broker leads what it can; exceptionally when the controller refuses it. */
    public CompletableFuture<Void> start() {
        CompletableFuture<Void> started = new CompletableFuture<>();
        controller.submit(registration, new ReplyOr<BrokerRegistered>(started) {
            @Override
            public void reply(BrokerRegistered reply) {
                switch (reply.epoch()) {
                    case Done<Long>(Long registered) -> {
                        epoch = registered;
                        beat(false, false, started, state -> {
                            if (state.fenced()) {
                                failed(ControllerError.STALE_BROKER_EPOCH, "the controller keeps this broker fenced");
                            } else {
                                started.complete(null);
                            }
                        });
                    }
                    case Refused<Long>(ControllerError error, String message) -> failed(error, message);
                }
            }
        });
        return started;
    }

    /** Gives leadership away before a clean stop; completes when nothing is led here any more. */
    public CompletableFuture<Void> leave() {
        CompletableFuture<Void> left = new CompletableFuture<>();
        beat(false, true, left, _ -> left.complete(null));
        return left;
    }

    private void beat(
            boolean wantFence, boolean wantShutdown, CompletableFuture<Void> failing, Consumer<BrokerState> then) {
        Heartbeat heartbeat =
                new Heartbeat(registration.brokerId(), epoch, controller.followedOffset(), wantFence, wantShutdown);
        controller.submit(heartbeat, new ReplyOr<HeartbeatAnswered>(failing) {
            @Override
            public void reply(HeartbeatAnswered reply) {
                switch (reply.state()) {
                    case Done<BrokerState>(BrokerState state) -> then.accept(state);
                    case Refused<BrokerState>(ControllerError error, String message) -> failed(error, message);
                }
            }
        });
    }

    private abstract static class ReplyOr<R> implements ActiveController.ReplyTo<R> {
        private final CompletableFuture<Void> failing;

        ReplyOr(CompletableFuture<Void> failing) {
            this.failing = failing;
        }

        @Override
        public void failed(ControllerError error, String message) {
            failing.completeExceptionally(new IllegalStateException(error + ": " + message));
        }
    }
}
