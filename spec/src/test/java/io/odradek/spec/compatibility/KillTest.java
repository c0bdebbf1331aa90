package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at random moments under load from one idempotent producer that lives through all of it. The lives of
 * the broker sync in turn as they come to like, in a journal, which the next life has to replay, and file by file. More rounds with
 * {@code -Dodradek.kills=N}; the moments come from {@code -Dodradek.seed=N}.
 */
final class KillTest {
    private static final int PARTITIONS = 4;
    private static final int KILLS = Integer.getInteger("odradek.kills", 20);
    private static final List<String> STRATEGIES = List.of("auto", "journal", "fdatasync");

    private static final long SEED = Long.getLong("odradek.seed", System.nanoTime());

    @TempDir
    Path data;

    @Test
    void everyAcknowledgedRecordIsThereExactlyOnceInOrderAfterTwentyKills() throws Exception {
        System.out.println("KillTest: seed " + SEED
                + "; repeat with ./odradek test -pl spec -am -Dtest=KillTest -Dodradek.seed=" + SEED);
        Random random = new Random(SEED);
        BrokerProcess broker = BrokerProcess.start(data, 0, life(0));
        int port = broker.port();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic("killed", PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        Load load = new Load(broker.bootstrap());
        int replays = 0;
        try {
            for (int kill = 0; kill < KILLS; kill++) {
                // a moment is a number of acknowledgements, so that load flows before each kill, plus some microseconds
                load.awaitAcknowledged(load.acknowledged() + 200 + random.nextInt(2_000));
                LockSupport.parkNanos(random.nextInt(3_000_000));
                broker.kill();
                broker = BrokerProcess.start(data, port, life(kill + 1));
                boolean replayed = broker.output().contains("groups from journals");
                switch (strategy(kill)) {
                    case "journal" -> replays += replayed ? 1 : 0;
                    case "fdatasync" -> assertThat(replayed).as(broker.output()).isFalse();
                    default -> {} // both happens
                }
            }
            load.awaitAcknowledged(load.acknowledged() + 1_000);
            load.stop();
            check(load, broker.bootstrap());
            assertThat(broker.stop()).as(broker.output()).isTrue();
        } finally {
            load.close();
            broker.close();
        }
        System.out.println("KillTest: " + KILLS + " kills, " + load.acknowledged()
                + " acknowledged records, none lost, none doubled; " + replays + " journals replayed");
        assertThat(replays)
                .as("journals replayed, about a third of the lives leave one")
                .isGreaterThanOrEqualTo(KILLS / 6);
    }

    private static String strategy(int life) {
        return STRATEGIES.get(life % STRATEGIES.size());
    }

    private static Map<String, String> life(int n) {
        return Map.of(
                "log.segment.bytes",
                "1048576",
                "odradek.sync.strategy",
                strategy(n),
                "odradek.journal.bytes", // so small that its halves take turns
                "1048576");
    }

    private static void check(Load load, String bootstrap) {
        List<List<Long>> found = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            found.add(new ArrayList<>());
        }
        Map<Long, Long> offsets = new HashMap<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                partitions.add(new TopicPartition("killed", partition));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    long number = Long.parseLong(
                            record.value().substring(0, record.value().indexOf(' ')));
                    found.get(record.partition()).add(number);
                    offsets.put(number, record.offset());
                }
            }
        }
        for (List<Long> numbers : found) {
            assertThat(numbers).as("sent in this order").isSorted().doesNotHaveDuplicates();
            assertThat(numbers).allMatch(number -> number < load.sent(), "was sent");
        }
        // Not containsAll(), which goes through all that is there for each: these are tens of thousands.
        assertThat(load.acknowledgedOffsets.keySet())
                .as("every acknowledged record is there")
                .allMatch(offsets::containsKey);
        load.acknowledgedOffsets.forEach((number, offset) -> assertThat(offsets.get(number))
                .as("record %s is at the offset it was acknowledged with", number)
                .isEqualTo(offset));
    }

    /** Sends numbered records until told to stop, by one idempotent producer, and notes what was acknowledged. */
    private static final class Load implements AutoCloseable {
        final Map<Long, Long> acknowledgedOffsets = new ConcurrentHashMap<>();
        private final AtomicLong acknowledged = new AtomicLong();
        private final AtomicReference<Exception> failure = new AtomicReference<>();
        private final KafkaProducer<String, String> producer;
        private final Thread sender;
        private volatile long sent;
        private volatile boolean stopping;

        Load(String bootstrap) {
            producer = new KafkaProducer<>(
                    Map.of(
                            "bootstrap.servers", bootstrap,
                            "acks", "all",
                            "enable.idempotence", "true",
                            "delivery.timeout.ms", "300000",
                            "request.timeout.ms", "10000",
                            "max.block.ms", "300000",
                            "linger.ms", "1",
                            "buffer.memory", "1048576",
                            "reconnect.backoff.max.ms", "100"),
                    new StringSerializer(),
                    new StringSerializer());
            sender = Thread.ofPlatform().name("load").start(this::send);
        }

        private void send() {
            String padding = "x".repeat(200);
            while (!stopping && failure.get() == null) {
                long number = sent;
                var _ = producer.send(
                        new ProducerRecord<>("killed", (int) (number % PARTITIONS), null, number + " " + padding),
                        (metadata, error) -> {
                            if (error != null) {
                                failure.compareAndSet(null, error);
                            } else {
                                acknowledgedOffsets.put(number, metadata.offset());
                                acknowledged.incrementAndGet();
                            }
                        });
                sent = number + 1;
            }
        }

        long sent() {
            return sent;
        }

        long acknowledged() {
            return acknowledged.get();
        }

        void awaitAcknowledged(long count) throws Exception {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
            while (acknowledged.get() < count) {
                Exception failed = failure.get();
                if (failed != null) {
                    throw new AssertionError("the producer gave up", failed);
                }
                assertThat(System.nanoTime())
                        .as("acknowledged %s of %s", acknowledged, count)
                        .isLessThan(deadline);
                LockSupport.parkNanos(200_000);
            }
        }

        void stop() throws InterruptedException {
            stopping = true;
            sender.join();
            producer.flush();
        }

        @Override
        public void close() {
            stopping = true;
            producer.close(Duration.ofSeconds(1)); // makes a blocked send() throw, which ends the sender
        }
    }
}
