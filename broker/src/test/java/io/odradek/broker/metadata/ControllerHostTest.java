package io.odradek.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.quorum.QuorumLog;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ControllerHostTest {

    private static final BrokerConfig CONFIG = BrokerConfig.builtIn(Map.of());

    private static CreateTopics create(String name) {
        return new CreateTopics(List.of(new NewTopic(name, 2, 1, List.of(), List.of())), false);
    }

    @Test
    void aTopicIsUsableWhenItsCreatorHearsOfIt() {
        Set<String> opened = ConcurrentHashMap.newKeySet();
        ImageListener opener =
                (before, after, delta) -> delta.createdTopics().forEach(topic -> opened.add(topic.name()));
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1, opener)) {
            List<CompletableFuture<Boolean>> usable = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String name = "t" + i;
                usable.add(controller
                        .submit(create(name))
                        .thenApply(_ ->
                                opened.contains(name) && controller.host.image().topic(name) != null));
            }
            for (CompletableFuture<Boolean> each : usable) {
                assertThat(TestController.await(each)).isTrue();
            }
        }
    }

    @Test
    void noReplyLeavesBeforeItsRecordsAreDurableAndNeitherDoesARefusalThatRestsOnThem() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            controller.log.hold();
            CompletableFuture<TopicsCreated> created = controller.submit(create("t"));
            CompletableFuture<TopicsCreated> refused = controller.submit(create("t"));
            await().until(() -> controller.log.waiting() == 1);
            assertThat(created).isNotDone();
            assertThat(refused).isNotDone();
            assertThat(controller.host.image().topic("t")).isNull();
            controller.log.release();
            assertThat(TestController.await(created).topics().getFirst()).isInstanceOf(Done.class);
            assertThat(TestController.await(refused).topics().getFirst()).isNotInstanceOf(Done.class);
        }
    }

    @Test
    void aRestartFindsEverythingAcknowledgedAndLeadsItInALaterEpoch() {
        InMemoryMetadataLog log = new InMemoryMetadataLog();
        ClusterImage before;
        try (TestController controller = new TestController(CONFIG, log, 1)) {
            TestController.await(controller.submit(create("kept")));
            log.hold();
            CompletableFuture<TopicsCreated> lost = controller.submit(create("lost"));
            await().until(() -> log.waiting() == 1);
            before = controller.host.image();
            InMemoryMetadataLog found = log.reopened();
            log.fail(controller.host);
            assertThatThrownBy(lost::join).hasMessageContaining(ControllerError.CONTROLLER_UNAVAILABLE.name());
            List<ClusterDelta> deltas = new ArrayList<>();
            try (TestController next = new TestController(CONFIG, found, 2, (_, _, delta) -> deltas.add(delta))) {
                ClusterImage after = next.host.image();
                assertThat(after.topic("lost")).isNull();
                assertThat(deltas.getFirst().createdTopics())
                        .extracting(TopicImage::name)
                        .containsExactly("kept");
                assertThat(epochOf(after)).isGreaterThan(epochOf(before));
                assertThat(next.brokerEpoch).isGreaterThan(controller.brokerEpoch);
            }
        }
    }

    private static int epochOf(ClusterImage image) {
        TopicImage topic = image.topic("kept");
        return topic == null ? -1 : topic.partitions().getFirst().leaderEpoch();
    }

    @Test
    void afterTheLogFailedEveryRequestIsAnsweredAndNoneIsCarriedOut() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            controller.log.hold();
            List<CompletableFuture<TopicsCreated>> waiting = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                waiting.add(controller.submit(create("t" + i)));
            }
            controller.log.fail(controller.host);
            for (int i = 50; i < 100; i++) {
                waiting.add(controller.submit(create("t" + i)));
            }
            for (CompletableFuture<TopicsCreated> each : waiting) {
                assertThatThrownBy(each::join).hasMessageContaining("CONTROLLER_UNAVAILABLE");
            }
            assertThat(controller.host.image().topicsByName().isEmpty()).isTrue();
        }
    }

    @Test
    void whatWasTakenBeforeAStopIsAnsweredAndNothingIsTakenAfter() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            controller.log.hold();
            CompletableFuture<TopicsCreated> waiting = controller.submit(create("t"));
            await().until(() -> controller.log.waiting() == 1);
            CompletableFuture<Void> drained = controller.host.drain();
            assertThatThrownBy(() -> controller.submit(create("u")).join()).hasMessageContaining("shutting down");
            assertThat(drained).isNotDone();
            controller.log.release();
            TestController.await(drained);
            assertThat(TestController.await(waiting).topics().getFirst()).isInstanceOf(Done.class);
        }
    }

    @Test
    void whoStillWaitsWhenTheLoopEndsIsAnswered() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            controller.log.hold();
            CompletableFuture<TopicsCreated> waiting = controller.submit(create("t"));
            await().until(() -> controller.log.waiting() == 1);
            controller.log.stop(controller.host);
            assertThatThrownBy(waiting::join).hasMessageContaining("CONTROLLER_UNAVAILABLE");
            assertThatThrownBy(() -> controller.submit(create("u")).join()).hasMessageContaining("has stopped");
        }
    }

    /** As in Kafka. Behind the record that opens the reign, and the features of a new cluster. */
    @Test
    void aBrokersEpochIsWhereItsRegistrationStands() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            assertThat(controller.brokerEpoch).isEqualTo(4); // after a feature and what is agreed upon
            assertThat(controller.host.image().features()).isEqualTo(Features.forNewCluster());
        }
    }

    /** Kafka's codes: NOT_CONTROLLER for what was not looked at, so that somebody else may be asked. */
    @Test
    void whoIsNotActiveAnyMoreSaysSoAndDoesNotKnowWhatBecomesOfWhatItDecided() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            controller.log.hold();
            CompletableFuture<TopicsCreated> decided = controller.submit(create("t"));
            await().until(() -> controller.log.waiting() == 1);
            controller.log.deposed(controller.host);
            assertThatThrownBy(decided::join).hasMessageContaining("CONTROLLER_UNAVAILABLE");
            assertThat(controller.host.isActive()).isFalse();
            assertThat(controller.host.leader()).isEqualTo(2);
            assertThatThrownBy(() -> controller.submit(create("u")).join())
                    .hasMessageContaining("NOT_CONTROLLER")
                    .hasMessageContaining("on node 2");
            controller.log.release();
            controller.log.electedAgain(controller.host);
            await().until(controller.host::isActive);
            // Nothing of what was decided before is left in the machine that decides now.
            assertThat(TestController.await(controller.submit(create("t")))
                            .topics()
                            .getFirst())
                    .isInstanceOf(Done.class);
        }
    }

    private static RegisterBroker registration(int id, int incarnation) {
        return new RegisterBroker(
                id,
                new UUID(incarnation, id),
                List.of(new Endpoint("PLAINTEXT", "b", 9092, (short) 0)),
                Features.supported(),
                null,
                List.of(new UUID(9, id)),
                -1);
    }

    @Test
    void aRequestThatMakesMoreThanABatchIsRefusedAndLeavesNothingBehind() {
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            int brokers = 50;
            for (int id = 2; id <= brokers; id++) {
                controller.unfenced(registration(id, 2));
            }
            CreateTopics large =
                    new CreateTopics(List.of(new NewTopic("t", 10_000, brokers, List.of(), List.of())), false);
            CompletableFuture<TopicsCreated> refused = controller.submit(large);
            assertThatThrownBy(refused::join).hasMessageContaining("INVALID_REQUEST");
            assertThat(TestController.await(controller.submit(create("t")))
                            .topics()
                            .getFirst())
                    .isInstanceOf(Done.class);
        }
    }

    /** What need not be in one batch: the partitions of a broker that leaves. */
    @Test
    void whatMayBeCutIsAppendedInBatchesThatFit() {
        int brokers = 250; // in sync everywhere: a kilobyte for each partition that changes
        try (TestController controller = new TestController(CONFIG, new InMemoryMetadataLog(), 1)) {
            long epoch = -1;
            for (int id = 2; id <= brokers; id++) {
                epoch = controller.unfenced(registration(id, 2));
            }
            for (int i = 0; i < 9; i++) {
                CreateTopics topic =
                        new CreateTopics(List.of(new NewTopic("t" + i, 1_000, brokers, List.of(), List.of())), false);
                assertThat(TestController.await(controller.submit(topic))
                                .topics()
                                .getFirst())
                        .isInstanceOf(Done.class);
            }
            long followed = controller.host.followedOffset();
            assertThat(TestController.await(controller.submit(new Heartbeat(brokers, epoch, followed, false, true)))
                            .state())
                    .isInstanceOf(Done.class);
            assertThat(controller.log.largestBatchBytes()).isBetween(4L << 20, (long) QuorumLog.MOST_BATCH_BYTES);
            assertThat(controller.host.image().topicsByName().values())
                    .allSatisfy(topic -> assertThat(topic.partitions())
                            .allSatisfy(partition ->
                                    assertThat(partition.inSyncReplicas()).hasSize(brokers - 1)));
        }
    }

    @Test
    void producerIdsAreNeverGivenOutTwiceAcrossThreadsAndProcesses() {
        InMemoryMetadataLog log = new InMemoryMetadataLog();
        Set<Long> ids = new HashSet<>();
        for (int process = 0; process < 3; process++) {
            try (TestController controller = new TestController(CONFIG, log, process)) {
                ProducerIds producerIds = new ProducerIds(controller.host, 1, () -> controller.brokerEpoch);
                List<CompletableFuture<Long>> taken = new ArrayList<>();
                List<Thread> threads = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    List<CompletableFuture<Long>> own = new ArrayList<>();
                    for (int i = 0; i < 700; i++) {
                        own.add(new CompletableFuture<>());
                    }
                    taken.addAll(own);
                    threads.add(Thread.ofPlatform().start(() -> own.forEach(each -> take(producerIds, each))));
                }
                for (CompletableFuture<Long> each : taken) {
                    assertThat(ids.add(TestController.await(each))).isTrue();
                }
                threads.forEach(Thread::interrupt);
                log = log.reopened();
            }
        }
        assertThat(ids).hasSize(3 * 4 * 700);
    }

    private static void take(ProducerIds producerIds, CompletableFuture<Long> into) {
        producerIds.next(new ProducerIds.Taker() {
            @Override
            public void take(long producerId) {
                into.complete(producerId);
            }

            @Override
            public void refused(ControllerError error, String message) {
                into.completeExceptionally(new IllegalStateException(message));
            }
        });
    }

    @Test
    void aLogWithARecordFromTheFutureIsRefusedAtTheOffset() {
        InMemoryMetadataLog log = new InMemoryMetadataLog();
        log.holds(List.of(new byte[] {1, 20, 0, 0}, new byte[] {1, 99, 0}));
        assertThatThrownBy(() -> new TestController(CONFIG, log, 1))
                .isInstanceOf(MetadataFormatException.class)
                .hasMessageContaining("record at offset 1: metadata record of type 99");
    }
}
