package io.odradek.broker.metadata;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.BrokerConfigRules;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.Outcome.Done;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** A controller host over a log in memory, with broker 1 registered and unfenced on two listeners. */
public final class TestController implements AutoCloseable {

    public final InMemoryMetadataLog log;
    public final BrokerConfig config;
    public final ControllerHost host;
    /** Of broker 1. */
    public final long brokerEpoch;

    private final ExecutorService publishing;

    public TestController(BrokerConfig config, InMemoryMetadataLog log, long seed, ImageListener... listeners) {
        this.log = log;
        this.config = config;
        this.publishing = MetadataLoop.publisher();
        this.host = new ControllerHost(
                new ControllerHost.Options(
                        "test-cluster",
                        1,
                        ControllerSettings.of(config.defaultPartitions(), config.defaultReplicationFactor()),
                        new BrokerConfigRules(config),
                        Features.forNewCluster(),
                        1 << 20,
                        0),
                new Random(seed)::nextLong,
                publishing);
        host.decideFor(log);
        log.lead(host);
        await(host.upToDateFuture());
        for (ImageListener listener : listeners) {
            await(host.addListener(listener));
        }
        this.brokerEpoch = unfenced(new RegisterBroker(
                1,
                new UUID(1, seed),
                List.of(
                        new Endpoint("PLAINTEXT", "inside", 9092, (short) 0),
                        new Endpoint("OUTSIDE", "outside", 19092, (short) 0)),
                Features.supported(),
                "rack-a",
                List.of(new UUID(9, 9)),
                -1));
    }

    /** A broker that has registered and shown that it has read that; its epoch. */
    final long unfenced(RegisterBroker registration) {
        if (!(await(submit(registration)).epoch() instanceof Done<Long>(Long epoch))) {
            throw new AssertionError("not registered: " + registration);
        }
        if (!(await(submit(new Heartbeat(registration.brokerId(), epoch, host.followedOffset(), false, false)))
                                .state()
                        instanceof Done<BrokerState>(BrokerState state)
                && !state.fenced())) {
            throw new AssertionError("not unfenced: " + registration);
        }
        return epoch;
    }

    public <R extends ControllerReply> CompletableFuture<R> submit(ControllerRequest<R> request) {
        CompletableFuture<R> future = new CompletableFuture<>();
        host.submit(request, new ActiveController.ReplyTo<R>() {
            @Override
            public void reply(R reply) {
                complete(() -> future.complete(reply), future);
            }

            @Override
            public void failed(ControllerError error, String message) {
                complete(() -> future.completeExceptionally(new IllegalStateException(error + ": " + message)), future);
            }
        });
        return future;
    }

    private static void complete(BooleanSupplier completion, CompletableFuture<?> future) {
        if (!completion.getAsBoolean()) {
            throw new AssertionError("answered twice: " + future);
        }
    }

    public static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        log.stop(host);
        publishing.shutdown();
    }
}
