package io.odradek.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.BrokerConfigRules;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A ring of two slots, whose append stage stands still: the third append has to wait for room. */
@Timeout(60)
class ShardMetadataLogTest {
    private static final int SLOTS = 2;

    private final CountDownLatch standing = new CountDownLatch(1);
    private final CountDownLatch mayGo = new CountDownLatch(1);
    private volatile boolean dies;

    private final FileStore store = new DiskFileStore();
    private LogDirectory directory;
    private Shard shard;
    private ShardMetadataLog log;

    @BeforeEach
    void open(@TempDir Path path) throws Exception {
        directory = LogDirectory.open(store, path.resolve("d"), "test-cluster", 1);
        PartitionLog metadata = directory.openOrCreate(ShardMetadataLog.PARTITION, LogConfig.defaults());
        shard = new Shard(
                new Shard.Options("test", SLOTS, 1 << 20, "auto"),
                directory,
                new GroupSync(store, directory.path(), GroupSync.Strategy.FDATASYNC),
                (changed, end) -> {},
                this::standStill);
        log = new ShardMetadataLog(metadata, shard, InstantSource.system());
        metadata.beginEpoch(metadata.view().latestEpoch() + 1); // as begin() does, which would take a slot
    }

    /** The append stage reads the clock at the head of each group. */
    private Instant standStill() {
        standing.countDown();
        try {
            mayGo.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (dies) {
            throw new AssertionError("planted");
        }
        return Instant.now();
    }

    @AfterEach
    void close() throws Exception {
        mayGo.countDown();
        shard.close();
        directory.close();
    }

    private static final class Ends implements MetadataLog.Completion {
        final BlockingQueue<String> told = new LinkedBlockingQueue<>();

        @Override
        public void durable(long baseOffset) {
            told.add("durable");
        }

        @Override
        public void failed(Throwable cause) {
            told.add("failed");
        }
    }

    /** Appends more than the ring holds; the last append waits. */
    private Thread appendUntilFull(Ends ends) throws Exception {
        Thread appender = Thread.ofPlatform().start(() -> {
            for (int i = 0; i <= SLOTS; i++) {
                log.append(List.of(new byte[10]), ends);
            }
        });
        standing.await();
        awaitWaiting(appender);
        return appender;
    }

    private static void awaitWaiting(Thread thread) {
        await().until(() -> thread.getState() == Thread.State.WAITING);
    }

    @Test
    void aShardThatDiesFailsEveryAppendAlsoTheOneThatWaitsForRoom() throws Exception {
        shard.start();
        Ends ends = new Ends();
        Thread appender = appendUntilFull(ends);
        assertThat(ends.told).isEmpty();
        dies = true;
        mayGo.countDown();
        appender.join();
        for (int i = 0; i <= SLOTS; i++) {
            assertThat(ends.told.poll(20, TimeUnit.SECONDS)).isEqualTo("failed");
        }
        assertThat(directory.isOffline()).isTrue();
    }

    @Test
    void aShardThatIsClosedKeepsWhatItTookAndFailsTheAppendThatWaitsForRoom() throws Exception {
        shard.start();
        Ends ends = new Ends();
        Thread appender = appendUntilFull(ends);
        Thread closer = Thread.ofPlatform().start(shard::close);
        appender.join(); // although nothing has moved
        assertThat(ends.told.poll()).isEqualTo("failed");
        assertThat(ends.told).isEmpty();
        mayGo.countDown();
        closer.join();
        assertThat(ends.told).containsExactly("durable", "durable");
    }

    @Test
    void aControllerThatWaitsForRoomStopsInTimeAndAnswersWhoWaits() throws Exception {
        shard.start();
        BrokerConfig config = BrokerConfig.builtIn(Map.of());
        ControllerHost controller = ControllerHost.open(
                "test-cluster", log, ControllerSettings.of(1, (short) 1), new BrokerConfigRules(config), () -> 1);
        AtomicReference<Throwable> broken = new AtomicReference<>();
        controller.onBroken(broken::set);
        controller.start(Features.forNewCluster());
        BlockingQueue<ControllerError> answers = new LinkedBlockingQueue<>();
        for (int i = 0; i < SLOTS; i++) {
            register(controller, i, answers);
        }
        await().until(() -> Thread.getAllStackTraces().entrySet().stream()
                .anyMatch(thread -> thread.getKey().getName().equals("metadata")
                        && Arrays.stream(thread.getValue())
                                .anyMatch(frame -> frame.getMethodName().equals("awaitRoom"))));
        controller.stop(1);
        for (int i = 0; i < SLOTS; i++) {
            assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo(ControllerError.CONTROLLER_UNAVAILABLE);
        }
        assertThat(broken).as("to be stopped is not to be broken").hasNullValue();
    }

    @Test
    void aControllerWhoseShardDiesWhileItWaitsForRoomIsBrokenAndAnswersWhoWaits() throws Exception {
        shard.start();
        BrokerConfig config = BrokerConfig.builtIn(Map.of());
        ControllerHost controller = ControllerHost.open(
                "test-cluster", log, ControllerSettings.of(1, (short) 1), new BrokerConfigRules(config), () -> 1);
        CountDownLatch broken = new CountDownLatch(1);
        controller.onBroken(_ -> broken.countDown());
        controller.start(Features.forNewCluster());
        BlockingQueue<ControllerError> answers = new LinkedBlockingQueue<>();
        for (int i = 0; i < SLOTS; i++) {
            register(controller, i, answers);
        }
        dies = true;
        mayGo.countDown();
        for (int i = 0; i < SLOTS; i++) {
            assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo(ControllerError.CONTROLLER_UNAVAILABLE);
        }
        broken.await();
        controller.stop(1_000);
    }

    /** Each is another broker, so each makes a record. */
    private static void register(ControllerHost controller, int id, BlockingQueue<ControllerError> refusals) {
        controller.submit(
                new RegisterBroker(id, UUID.randomUUID(), List.of(), Features.supported(), null, List.of(), -1),
                new ControllerHost.ReplyTo<BrokerRegistered>() {
                    @Override
                    public void reply(BrokerRegistered reply) {}

                    @Override
                    public void failed(ControllerError error, String message) {
                        refusals.add(error);
                    }
                });
    }
}
