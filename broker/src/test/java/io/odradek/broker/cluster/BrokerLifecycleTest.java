package io.odradek.broker.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a broker says to the controller, and makes of its answers, in time that the tests turn. */
class BrokerLifecycleTest {
    private static final int HEARTBEAT_MS = 200;
    private static final int SESSION_MS = 1_000;
    private static final int LEASE_MS = 900;

    private static final RegisterBroker REGISTRATION =
            new RegisterBroker(7, new UUID(1, 1), List.of(), Map.of(), null, List.of(), -1);

    /** A request as the controller has it, until it answers. */
    private record Asked(
            ControllerRequest<?> request, Consumer<ControllerReply> reply, Consumer<ControllerError> fail) {}

    private final List<Asked> asked = new ArrayList<>();
    private final HandClock clock = new HandClock();
    private final List<String> told = new ArrayList<>();
    private long followed = -1;
    private List<UUID> failedDirectories = List.of();
    private long leaseEndMs = -1;

    private final ActiveController controller = new ActiveController() {
        @Override
        public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
            asked.add(new Asked(
                    request,
                    reply -> to.reply(request.replyType().cast(reply)),
                    error -> to.failed(error, "because of the test")));
        }
    };

    private final BrokerLifecycle lifecycle = new BrokerLifecycle(
            controller,
            () -> followed,
            () -> failedDirectories,
            REGISTRATION,
            new BrokerLifecycle.Times(HEARTBEAT_MS, SESSION_MS, 5_000),
            clock,
            Runnable::run,
            new BrokerLifecycle.Listener() {
                @Override
                public void leased(boolean now) {
                    told.add(now ? "leased" : "not leased");
                }

                @Override
                public void leasedUntil(long endMs) {
                    leaseEndMs = endMs;
                }

                @Override
                public void superseded(String message) {
                    told.add("superseded");
                }
            });

    private Asked next() {
        assertThat(asked).as("one request at a time").hasSize(1);
        return asked.removeFirst();
    }

    private void register(Outcome<Long> epoch) {
        Asked registration = next();
        assertThat(registration.request()).isEqualTo(REGISTRATION);
        registration.reply().accept(new BrokerRegistered(epoch));
    }

    private Heartbeat beat(Outcome<BrokerState> state) {
        Asked one = next();
        one.reply().accept(new HeartbeatAnswered(state));
        return (Heartbeat) one.request();
    }

    private Heartbeat beat(boolean fenced, boolean mayShutDown) {
        return beat(new Done<>(new BrokerState(!fenced, fenced, mayShutDown)));
    }

    /** Registered with epoch 30, and unfenced. */
    private void activate() {
        var _ = lifecycle.start();
        register(new Done<>(30L));
        followed = 40;
        beat(false, false);
    }

    @Test
    void itIsUnfencedWhenItHasFollowedItsRegistration() {
        CompletableFuture<Long> registered = lifecycle.start();
        register(new Done<>(30L));
        assertThat(registered).isCompletedWithValue(30L);
        assertThat(lifecycle.epoch()).isEqualTo(30);
        assertThat(beat(true, false)).isEqualTo(new Heartbeat(7, 30, -1, false, false));
        followed = 31;
        CompletableFuture<Void> unfenced = lifecycle.unfence();
        assertThat(unfenced).isNotDone();
        assertThat(beat(false, false)).isEqualTo(new Heartbeat(7, 30, 31, false, false));
        assertThat(unfenced).isCompleted();
    }

    /** KIP-858; again and again, as a controller that has just begun has to hear it, too. */
    @Test
    void whatHasFailedIsSaidAtOnceAndWithEachHeartbeat() {
        activate();
        failedDirectories = List.of(new UUID(0, 5));
        lifecycle.directoryFailed();
        Heartbeat told = new Heartbeat(7, 30, 40, false, false, List.of(new UUID(0, 5)));
        assertThat(beat(false, false)).isEqualTo(told);
        clock.advance(HEARTBEAT_MS);
        assertThat(beat(false, false)).isEqualTo(told);
    }

    /** The one that is under way was sent before. */
    @Test
    void whatFailsWhileAHeartbeatIsUnderWayIsSaidByTheNextAtOnce() {
        activate();
        clock.advance(HEARTBEAT_MS);
        failedDirectories = List.of(new UUID(0, 5));
        lifecycle.directoryFailed();
        assertThat(beat(false, false).offlineDirectories()).isEmpty();
        clock.advance(0);
        assertThat(beat(false, false).offlineDirectories()).containsExactly(new UUID(0, 5));
    }

    /** A controller on another node unfences it when this one has read so far, and nothing else would say that it has. */
    @Test
    void whileItIsFencedItAsksOften() {
        var _ = lifecycle.start();
        register(new Done<>(30L));
        for (int i = 0; i < 5; i++) {
            beat(true, false);
            clock.advance(20);
        }
        assertThat(asked).hasSize(1);
    }

    /** From when it was sent: the controller may have taken it at once. */
    @Test
    void aLeaseEndsBeforeTheSessionThatItsHeartbeatBegan() {
        activate();
        clock.advance(HEARTBEAT_MS);
        long sentMs = clock.nowMs();
        clock.advance(300);
        beat(false, false);
        assertThat(leaseEndMs).isEqualTo(sentMs + SESSION_MS - SESSION_MS / 10);
    }

    /** It was not heard of, and is again: others lead what it led, and it has not read that yet. */
    @Test
    void whoIsFencedHasNoLeaseThoughItIsAnswered() {
        activate();
        clock.advance(HEARTBEAT_MS);
        beat(true, false);
        assertThat(told).containsExactly("leased", "not leased");
        assertThat(leaseEndMs).isLessThanOrEqualTo(clock.nowMs());
        clock.advance(HEARTBEAT_MS);
        beat(false, false);
        assertThat(told).containsExactly("leased", "not leased", "leased");
    }

    @Test
    void heartbeatsFollowInTheirInterval() {
        activate();
        int beats = 0;
        for (int ms = 0; ms < 10_000; ms++) {
            clock.advance(1);
            if (!asked.isEmpty()) {
                beat(false, false);
                beats++;
            }
        }
        assertThat(beats).isEqualTo(10_000 / HEARTBEAT_MS);
        assertThat(clock.waiting()).as("timers").isLessThan(10);
        assertThat(told).containsExactly("leased");
    }

    /** Or two chains of heartbeats would become of one. */
    @Test
    void whatIsSaidOutOfTurnMakesNoMoreHeartbeats() {
        activate();
        for (int i = 0; i < 20; i++) {
            clock.advance(3);
            var _ = lifecycle.unfence();
            beat(false, false);
        }
        int beats = 0;
        for (int ms = 0; ms < 2_000; ms++) {
            clock.advance(1);
            if (!asked.isEmpty()) {
                beat(false, false);
                beats++;
            }
        }
        assertThat(beats).isEqualTo(2_000 / HEARTBEAT_MS);
    }

    @Test
    void aLeaseLastsFromWhenItsHeartbeatWasSent() {
        activate();
        clock.advance(HEARTBEAT_MS);
        clock.advance(300); // the answer is on its way
        beat(false, false); // and the next leaves
        clock.advance(LEASE_MS - 300 - 1);
        assertThat(told).containsExactly("leased");
        clock.advance(1);
        assertThat(told).containsExactly("leased", "not leased");
        clock.advance(300); // a lease since the next was sent
        beat(false, false);
        assertThat(told).as("what was sent so long ago proves nothing").containsExactly("leased", "not leased");
        clock.advance(0);
        beat(false, false);
        assertThat(told).containsExactly("leased", "not leased", "leased");
    }

    @Test
    void heartbeatsThatFailAreRepeatedAndEndTheLease() {
        activate();
        clock.advance(HEARTBEAT_MS);
        int failures = 0;
        for (int ms = 0; ms < 2 * SESSION_MS; ms++) {
            if (!asked.isEmpty()) {
                next().fail().accept(ControllerError.NOT_CONTROLLER);
                failures++;
            }
            clock.advance(1);
        }
        assertThat(failures).isBetween(15, 25);
        assertThat(told).containsExactly("leased", "not leased");
        clock.advance(HEARTBEAT_MS);
        beat(true, false);
        assertThat(told).as("it was fenced").containsExactly("leased", "not leased");
        clock.advance(HEARTBEAT_MS);
        beat(false, false);
        assertThat(told).containsExactly("leased", "not leased", "leased");
    }

    @Test
    void aRegistrationIsTriedAgainWhileAnotherProcessMayLive() {
        CompletableFuture<Long> registered = lifecycle.start();
        register(new Refused<>(ControllerError.DUPLICATE_BROKER_REGISTRATION, "another one"));
        clock.advance(100);
        next().fail().accept(ControllerError.CONTROLLER_UNAVAILABLE);
        clock.advance(100);
        register(new Done<>(30L));
        assertThat(registered).isCompletedWithValue(30L);
    }

    @Test
    void aRegistrationThatNobodyTakesIsGivenUp() {
        CompletableFuture<Long> registered = lifecycle.start();
        for (int i = 0; i < 51 && !registered.isDone(); i++) {
            next().fail().accept(ControllerError.NOT_CONTROLLER);
            clock.advance(100);
        }
        assertThatThrownBy(registered::join)
                .hasMessageContaining("no controller has registered broker 7")
                .hasMessageContaining("initial.broker.registration.timeout.ms=5000");
        clock.advance(1_000);
        assertThat(asked).isEmpty();
    }

    @Test
    void aRegistrationThatIsRefusedForGoodIsNotRepeated() {
        CompletableFuture<Long> registered = lifecycle.start();
        register(new Refused<>(ControllerError.UNSUPPORTED_VERSION, "too old"));
        assertThatThrownBy(registered::join).hasMessageContaining("UNSUPPORTED_VERSION: too old");
        clock.advance(1_000);
        assertThat(asked).isEmpty();
    }

    @Test
    void aBrokerWhoseIdAnotherProcessHasIsOver() {
        activate();
        clock.advance(HEARTBEAT_MS);
        beat(new Refused<>(ControllerError.STALE_BROKER_EPOCH, "another one"));
        assertThat(told).containsExactly("leased", "not leased", "superseded");
        clock.advance(10_000);
        assertThat(asked).isEmpty();
        assertThat(lifecycle.leave()).as("nothing is left to give away").isCompleted();
    }

    @Test
    void itLeavesWhenOthersHaveTakenOver() {
        activate();
        CompletableFuture<Void> left = lifecycle.leave();
        assertThat(beat(false, false).wantShutdown()).isTrue();
        assertThat(left).isNotDone();
        clock.advance(20);
        beat(true, true);
        assertThat(left).isCompleted();
        assertThat(told).containsExactly("leased", "not leased");
        clock.advance(10_000);
        assertThat(asked).isEmpty();
    }

    @Test
    void itLeavesBehindAHeartbeatThatIsUnderWay() {
        activate();
        clock.advance(HEARTBEAT_MS);
        CompletableFuture<Void> left = lifecycle.leave();
        assertThat(beat(false, false).wantShutdown()).isFalse();
        clock.advance(0);
        assertThat(beat(true, true).wantShutdown()).isTrue();
        assertThat(left).isCompleted();
    }

    @Test
    void whereNoControllerAnswersNobodysConsentIsWaitedFor() {
        activate();
        clock.advance(HEARTBEAT_MS);
        beat(false, false);
        CompletableFuture<Void> left = lifecycle.leave();
        for (int ms = 0; ms < 2 * SESSION_MS - 200; ms += 100) {
            next().fail().accept(ControllerError.NOT_CONTROLLER);
            assertThat(left).isNotDone();
            clock.advance(100);
        }
        for (int i = 0; i < 3 && !left.isDone(); i++) {
            next().fail().accept(ControllerError.NOT_CONTROLLER);
            clock.advance(100);
        }
        assertThat(left).isCompletedExceptionally();
        clock.advance(10_000);
        assertThat(asked).isEmpty();
    }

    @Test
    void whoNeverCameLeavesAtOnce() {
        assertThat(lifecycle.leave()).isCompleted();
        assertThat(asked).isEmpty();
    }
}
