package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Consumer groups as applications use them: the classic protocol's promises, with Kafka's consumer. */
final class GroupsTest {
    private static final int PARTITIONS = 6;
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Map<String, String> COOPERATIVE =
            Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static RunningBroker broker;

    @BeforeAll
    static void start() throws IOException {
        broker = RunningBroker.on(data);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** Point-to-point: a group is one reader, however many members it has. */
    @Test
    void eachRecordGoesToOneMemberOfAGroup() throws Exception {
        topic("queue");
        List<Member> members = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                members.add(new Member(broker, "queue", "workers", Map.of()));
            }
            await().atMost(LONG).until(() -> members.stream().allMatch(each -> each.assigned.size() == 2));
            produce(broker, "queue", 0, 600);
            await().atMost(LONG).until(() -> all(members).size() >= 600);
            assertThat(all(members)).containsExactlyInAnyOrderElementsOf(numbers(0, 600));
            assertThat(members).allSatisfy(each -> assertThat(each.read).hasSize(200));
        } finally {
            close(members);
        }
    }

    /** Publish-subscribe: each group hears everything. */
    @Test
    void everyGroupGetsEveryRecord() throws Exception {
        topic("news");
        List<Member> groups = new ArrayList<>();
        try {
            for (String group : List.of("mail", "search", "archive")) {
                groups.add(new Member(broker, "news", group, Map.of()));
            }
            produce(broker, "news", 0, 300);
            for (Member each : groups) {
                await().atMost(LONG).until(() -> each.read.size() >= 300);
                assertThat(each.read).containsExactlyInAnyOrderElementsOf(numbers(0, 300));
            }
        } finally {
            close(groups);
        }
    }

    /** KIP-429: who keeps a partition goes on reading it while others move. */
    @Test
    void aCooperativeMemberKeepsWhatStaysWithIt() throws Exception {
        topic("sticky");
        List<Member> members = new ArrayList<>();
        try {
            Member first = new Member(broker, "sticky", "cooperative", COOPERATIVE);
            members.add(first);
            await().atMost(LONG).until(() -> first.assigned.size() == PARTITIONS);
            Member second = new Member(broker, "sticky", "cooperative", COOPERATIVE);
            members.add(second);
            await().atMost(LONG).until(() -> first.assigned.size() == 3 && second.assigned.size() == 3);
            assertThat(first.revoked).hasSize(3).doesNotContainAnyElementsOf(first.assigned);
            assertThat(second.revoked).isEmpty();
            produce(broker, "sticky", 0, 120);
            await().atMost(LONG).until(() -> all(members).size() >= 120);
            assertThat(all(members)).containsExactlyInAnyOrderElementsOf(numbers(0, 120));
        } finally {
            close(members);
        }
    }

    /** KIP-345: a member that is known by name comes back to its partitions, and nobody else notices. */
    @Test
    void aStaticMemberComesBackToItsPartitionsWithoutARebalance() throws Exception {
        topic("static");
        List<Member> members = new ArrayList<>();
        try {
            Member one = new Member(broker, "static", "statics", Map.of("group.instance.id", "one"));
            members.add(one);
            members.add(new Member(broker, "static", "statics", Map.of("group.instance.id", "two")));
            Member two = members.getLast();
            await().atMost(LONG).until(() -> one.assigned.size() == 3 && two.assigned.size() == 3);
            Set<Integer> before = Set.copyOf(two.assigned);
            int revokedBefore = one.revoked.size();
            two.close();
            Member again = new Member(broker, "static", "statics", Map.of("group.instance.id", "two"));
            members.add(again);
            await().atMost(LONG).until(() -> again.assigned.size() == 3);
            assertThat(again.assigned).isEqualTo(before);
            produce(broker, "static", 0, 60);
            await().atMost(LONG).until(() -> one.read.size() + again.read.size() >= 60);
            assertThat(all(members)).containsExactlyInAnyOrderElementsOf(numbers(0, 60));
            assertThat(one.revoked).hasSize(revokedBefore);
        } finally {
            close(members);
        }
    }

    @Test
    void aMemberThatLeavesGivesItsPartitionsToTheOthersAtItsCommittedOffsets() throws Exception {
        topic("handover");
        List<Member> members = new ArrayList<>();
        try {
            Member leaving = new Member(broker, "handover", "handover", Map.of());
            members.add(leaving);
            produce(broker, "handover", 0, 120);
            await().atMost(LONG).until(() -> leaving.read.size() >= 120);
            Member staying = new Member(broker, "handover", "handover", Map.of());
            members.add(staying);
            await().atMost(LONG).until(() -> staying.assigned.size() == 3);
            leaving.close(); // commits what it has read
            produce(broker, "handover", 120, 240);
            await().atMost(LONG).until(() -> all(members).size() >= 240);
            assertThat(all(members)).containsExactlyInAnyOrderElementsOf(numbers(0, 240));
        } finally {
            close(members);
        }
    }

    @Test
    void autoCommittedRecordsAreNotReadAgain() throws Exception {
        topic("auto");
        produce(broker, "auto", 0, 90);
        try (Member first = new Member(broker, "auto", "auto", Map.of("auto.commit.interval.ms", "50"))) {
            await().atMost(LONG).until(() -> first.read.size() >= 90);
            try (Admin admin = broker.admin()) {
                await().atMost(LONG).until(() -> committed(admin, "auto") == 90); // by its timer: it is still running
            }
        }
        produce(broker, "auto", 90, 120);
        try (Member second = new Member(broker, "auto", "auto", Map.of())) {
            await().atMost(LONG).until(() -> second.read.size() >= 30);
            assertThat(second.read).containsExactlyInAnyOrderElementsOf(numbers(90, 120));
        }
    }

    /** With commits by hand, exactly what is above the commit comes again. */
    @Test
    void committedOffsetsSurviveARestart(@TempDir Path own) throws Exception {
        TopicPartition partition = new TopicPartition("kept", 0);
        try (RunningBroker before = RunningBroker.on(own)) {
            try (Admin admin = before.admin()) {
                admin.createTopics(List.of(new NewTopic("kept", 1, (short) 1)))
                        .all()
                        .get();
            }
            produce(before, "kept", 0, 100);
            try (KafkaConsumer<String, String> consumer =
                    before.consumer(Map.of("group.id", "by-hand", "enable.auto.commit", "false"))) {
                consumer.subscribe(List.of("kept"));
                int read = 0;
                while (read < 100) {
                    read += consumer.poll(Duration.ofSeconds(5)).count();
                }
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(42, "half way")));
            }
        }
        try (RunningBroker after = RunningBroker.on(own);
                Admin admin = after.admin();
                KafkaConsumer<String, String> consumer =
                        after.consumer(Map.of("group.id", "by-hand", "enable.auto.commit", "false"))) {
            OffsetAndMetadata found = Objects.requireNonNull(admin.listConsumerGroupOffsets("by-hand")
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .get(partition));
            assertThat(found.offset()).isEqualTo(42);
            assertThat(found.metadata()).isEqualTo("half way");
            consumer.subscribe(List.of("kept"));
            List<Integer> read = new ArrayList<>();
            while (read.size() < 58) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(5))) {
                    read.add(Integer.parseInt(record.value()));
                }
            }
            assertThat(read).isEqualTo(numbers(42, 100));
        }
    }

    /** Old clients say how long a commit is to be kept (OffsetCommit 2 to 4), others leave it to the broker. */
    @Test
    void aCommitThatIsOverIsForgottenForGoodAndTheOthersStay(@TempDir Path own) throws Exception {
        Map<String, String> settings = Map.of("offsets.retention.check.interval.ms", "100");
        TopicPartition partition = new TopicPartition("expiring", 0);
        try (RunningBroker before = RunningBroker.on(own, settings);
                Admin admin = before.admin()) {
            admin.createTopics(List.of(new NewTopic("expiring", 1, (short) 1)))
                    .all()
                    .get();
            await().atMost(LONG).until(() -> commit(before, "brief", partition, 1) == Errors.NONE);
            await().atMost(LONG).until(() -> commit(before, "lasting", partition, -1) == Errors.NONE);
            await().atMost(LONG).until(() -> offsets(admin, "brief").isEmpty());
            assertThat(offsets(admin, "lasting")).containsEntry(partition, 42L);
        }
        try (RunningBroker after = RunningBroker.on(own);
                Admin admin = after.admin()) {
            assertThat(offsets(admin, "brief")).isEmpty();
            assertThat(offsets(admin, "lasting")).containsEntry(partition, 42L);
        }
    }

    @Test
    void commitsOfADeletedTopicGoWithIt() throws Exception {
        topic("doomed");
        topic("spared");
        TopicPartition doomed = new TopicPartition("doomed", 0);
        TopicPartition spared = new TopicPartition("spared", 0);
        await().atMost(LONG).until(() -> commit(broker, "both", doomed, -1) == Errors.NONE);
        await().atMost(LONG).until(() -> commit(broker, "both", spared, -1) == Errors.NONE);
        try (Admin admin = broker.admin()) {
            assertThat(offsets(admin, "both")).containsOnlyKeys(doomed, spared);
            admin.deleteTopics(List.of("doomed")).all().get();
            await().atMost(LONG).until(() -> offsets(admin, "both").equals(Map.of(spared, 42L)));
            topic("doomed"); // another one, of which nothing has been read
            assertThat(offsets(admin, "both")).containsOnlyKeys(spared);
        }
    }

    /** Offset 42 from a client that is no member, kept for {@code retentionMs}, or as long as the broker likes with -1. */
    private static Errors commit(RunningBroker to, String group, TopicPartition partition, long retentionMs)
            throws IOException {
        short version = 2;
        OffsetCommitRequestData request = new OffsetCommitRequestData()
                .setGroupId(group)
                .setGenerationIdOrMemberEpoch(-1)
                .setRetentionTimeMs(retentionMs)
                .setTopics(List.of(new OffsetCommitRequestTopic()
                        .setName(partition.topic())
                        .setPartitions(List.of(new OffsetCommitRequestPartition()
                                .setPartitionIndex(partition.partition())
                                .setCommittedMetadata("")
                                .setCommittedOffset(42)))));
        try (Wire wire = Wire.to(to.port())) {
            // Stock clients ask for the coordinator, which makes its topic where there is none yet.
            wire.send(
                    Wire.frame(ApiKeys.FIND_COORDINATOR, (short) 0, 1, new FindCoordinatorRequestData().setKey(group)));
            assertThat(wire.answer(ApiKeys.FIND_COORDINATOR, (short) 0, 1)).isNotNull();
            wire.send(Wire.frame(ApiKeys.OFFSET_COMMIT, version, 2, request));
            var answer = (OffsetCommitResponseData) wire.answer(ApiKeys.OFFSET_COMMIT, version, 2);
            return Errors.forCode(
                    answer.topics().getFirst().partitions().getFirst().errorCode());
        }
    }

    private static Map<TopicPartition, Long> offsets(Admin admin, String group) throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get()
                .forEach((partition, committed) -> {
                    if (committed != null) {
                        offsets.put(partition, committed.offset());
                    }
                });
        return offsets;
    }

    private static void topic(String name) throws Exception {
        try (Admin admin = broker.admin()) {
            admin.createTopics(List.of(new NewTopic(name, PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
    }

    /** One record for each number, spread evenly over the partitions. */
    private static void produce(RunningBroker to, String topic, int from, int until) throws Exception {
        try (KafkaProducer<String, String> producer = to.producer(Map.of())) {
            int partitions = producer.partitionsFor(topic).size();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = from; i < until; i++) {
                sent.add(producer.send(new ProducerRecord<>(topic, i % partitions, null, "" + i)));
            }
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    private static List<Integer> numbers(int from, int until) {
        return IntStream.range(from, until).boxed().toList();
    }

    private static List<Integer> all(List<Member> members) {
        return members.stream().flatMap(each -> each.read.stream()).toList();
    }

    private static long committed(Admin admin, String group) throws Exception {
        return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values().stream()
                .mapToLong(OffsetAndMetadata::offset)
                .sum();
    }

    private static void close(List<Member> members) {
        for (Member member : members) {
            member.close();
        }
    }

    /** A consumer on a thread of its own, which is all that may touch it. */
    private static final class Member implements AutoCloseable {
        final List<Integer> read = new CopyOnWriteArrayList<>();
        /** Partitions taken away while it ran; not those it gave back when it closed. */
        final List<Integer> revoked = new CopyOnWriteArrayList<>();

        volatile Set<Integer> assigned = Set.of();
        private final KafkaConsumer<String, String> consumer;
        private final Thread thread;
        private volatile boolean stopping;

        Member(RunningBroker broker, String topic, String group, Map<String, String> settings) {
            Map<String, String> all = new HashMap<>(settings);
            all.put("group.id", group);
            all.put("heartbeat.interval.ms", "100");
            consumer = broker.consumer(all);
            thread = Thread.ofPlatform().name(group).start(() -> run(topic));
        }

        private void run(String topic) {
            try (consumer) {
                consumer.subscribe(List.of(topic), new Rebalances());
                while (!stopping) {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                        read.add(Integer.parseInt(record.value()));
                    }
                }
            } catch (WakeupException e) {
                assertThat(stopping).isTrue();
            }
        }

        @Override
        public void close() {
            stopping = true;
            consumer.wakeup();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private final class Rebalances implements ConsumerRebalanceListener {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                Set<Integer> now = new TreeSet<>(assigned);
                partitions.forEach(each -> now.add(each.partition()));
                assigned = now;
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                Set<Integer> now = new TreeSet<>(assigned);
                partitions.forEach(each -> now.remove(each.partition()));
                assigned = now;
                if (!stopping) {
                    partitions.forEach(each -> revoked.add(each.partition()));
                }
            }
        }
    }
}
