package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One of a broker's two disks breaks: what it held is led by others, and nothing else changes (KIP-858). */
@Timeout(180)
class FailedDirectoryTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 4;
    private static final int NODE = 1;

    /** Where nothing can be synced once it is broken. */
    private static final class BreakableDisk extends DelegatingFileStore {
        private final Path directory;
        private volatile boolean broken;

        BreakableDisk(Path directory) {
            super(new DiskFileStore());
            this.directory = directory.toAbsolutePath();
        }

        @Override
        public boolean canSyncFileSystem(Path any) {
            return false;
        }

        @Override
        protected StoreFile opened(StoreFile file) {
            if (!file.path().toAbsolutePath().startsWith(directory)) {
                return file;
            }
            return new DelegatingFile(file) {
                @Override
                public void sync() throws IOException {
                    if (broken) {
                        throw new IOException("Input/output error");
                    }
                    super.sync();
                }
            };
        }
    }

    private ThreeBrokers brokers;
    private BreakableDisk disk;
    private Path well;
    private Path breaking;
    private Admin admin;
    private final Map<Integer, Integer> sent = new HashMap<>();

    @BeforeEach
    void startAll(@TempDir Path data) throws Exception {
        brokers = new ThreeBrokers(data, Map.of("odradek.durability", "sync"));
        well = brokers.directory(NODE).resolve("a");
        breaking = brokers.directory(NODE).resolve("b");
        disk = new BreakableDisk(breaking);
        brokers.configure(NODE, Map.of("log.dirs", well + "," + breaking));
        brokers.store(NODE, disk);
        brokers.startAll();
        admin = Admin.create(brokers.client());
        Map<Integer, List<Integer>> assignment = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            assignment.put(partition, List.of(NODE, 2, 3));
        }
        admin.createTopics(List.of(new NewTopic(TOPIC, assignment))).all().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stopAll() {
        admin.close();
        brokers.close();
    }

    private Set<Integer> inDirectory(Path directory) throws Exception {
        Map<String, LogDirDescription> described = Objects.requireNonNull(admin.describeLogDirs(List.of(NODE))
                .allDescriptions()
                .get(60, TimeUnit.SECONDS)
                .get(NODE));
        Set<Integer> partitions = new TreeSet<>();
        Objects.requireNonNull(described.get(directory.toString())).replicaInfos().keySet().stream()
                .filter(each -> each.topic().equals(TOPIC))
                .forEach(each -> partitions.add(each.partition()));
        return partitions;
    }

    /** Leader and number of those in sync, by partition. */
    private Map<Integer, List<Integer>> standing() throws Exception {
        Map<Integer, List<Integer>> standing = new HashMap<>();
        TopicDescription topic = Objects.requireNonNull(admin.describeTopics(List.of(TOPIC))
                .allTopicNames()
                .get(60, TimeUnit.SECONDS)
                .get(TOPIC));
        for (TopicPartitionInfo partition : topic.partitions()) {
            standing.put(
                    partition.partition(),
                    List.of(partition.leader().id(), partition.isr().size()));
        }
        return standing;
    }

    private void awaitStanding(Set<Integer> partitions, int leader, int inSync) {
        await().atMost(ThreeBrokers.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(standing())
                        .as("leader %d and %d in sync: partitions %s", leader, inSync, partitions)
                        .satisfies(all -> partitions.forEach(
                                each -> assertThat(all.get(each)).isEqualTo(List.of(leader, inSync)))));
    }

    private void sendToAll(int records) throws Exception {
        Properties properties = brokers.client();
        properties.put("acks", "all");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int n = 0; n < records; n++) {
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    int number = sent.merge(partition, 1, Integer::sum);
                    producer.send(new ProducerRecord<>(TOPIC, partition, null, String.valueOf(number)))
                            .get(60, TimeUnit.SECONDS);
                }
            }
        }
    }

    private void everythingIsRead() {
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(brokers.client(), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = sent.keySet().stream()
                    .map(each -> new TopicPartition(TOPIC, each))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<Integer, Integer> read = new HashMap<>();
            await().atMost(ThreeBrokers.PATIENCE).until(() -> {
                consumer.poll(Duration.ofMillis(100))
                        .forEach(record -> assertThat(record.value())
                                .isEqualTo(String.valueOf(read.merge(record.partition(), 1, Integer::sum))));
                return read.equals(sent);
            });
        }
    }

    private Set<Integer> withOfflineReplica() {
        Set<Integer> partitions = new TreeSet<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(brokers.client(), new StringDeserializer(), new StringDeserializer())) {
            consumer.partitionsFor(TOPIC).stream()
                    .filter(each -> each.offlineReplicas().length > 0)
                    .forEach(each -> partitions.add(each.partition()));
        }
        return partitions;
    }

    @Test
    void itsPartitionsAreLedByOthersAndItComesBack() throws Exception {
        Set<Integer> there = inDirectory(breaking);
        Set<Integer> elsewhere = inDirectory(well);
        assertThat(there).hasSize(2);
        assertThat(elsewhere).hasSize(2);
        awaitStanding(there, NODE, 3);
        awaitStanding(elsewhere, NODE, 3);
        sendToAll(5);

        disk.broken = true;
        sendToAll(5); // with a producer's default retries, nobody hears of it
        awaitStanding(there, 2, 2);
        awaitStanding(elsewhere, NODE, 3);
        everythingIsRead();
        assertThat(withOfflineReplica()).isEqualTo(there);

        // Left out, it is missed, though the controller has struck it off: its replicas would be made anew, empty.
        brokers.stop(NODE);
        brokers.configure(NODE, Map.of("log.dirs", well.toString()));
        assertThatThrownBy(() -> brokers.start(NODE))
                .rootCause()
                .hasMessageContaining("a log directory that this broker had is not in log.dirs")
                .hasMessageContaining("odradek.lost.log.directories=");

        disk.broken = false;
        brokers.configure(NODE, Map.of("log.dirs", well + "," + breaking));
        brokers.start(NODE);
        awaitStanding(there, 2, 3);
        sendToAll(5);
        everythingIsRead();
    }

    /** It cannot be read at a start: the others serve, and its replicas are not made anew elsewhere. */
    @Test
    void whatCannotBeOpenedAtAStartIsLedByOthers() throws Exception {
        Set<Integer> there = inDirectory(breaking);
        Set<Integer> elsewhere = inDirectory(well);
        awaitStanding(there, NODE, 3);
        sendToAll(5);
        brokers.stop(NODE);
        disk.broken = true; // a start syncs what it reads
        brokers.start(NODE);
        awaitStanding(elsewhere, 2, 3);
        awaitStanding(there, 2, 2);
        sendToAll(5);
        everythingIsRead();
        assertThat(inDirectory(well)).isEqualTo(elsewhere);
    }

    /** Given up for good, it is made anew in the directory that is left, from what the others have. */
    @Test
    void whatIsGivenUpIsMadeAnewFromTheOthers() throws Exception {
        Set<Integer> there = inDirectory(breaking);
        sendToAll(5);
        disk.broken = true;
        sendToAll(5);
        awaitStanding(there, 2, 2);
        brokers.stop(NODE);
        brokers.configure(NODE, Map.of("log.dirs", well.toString(), "odradek.lost.log.directories", idOf(breaking)));
        brokers.start(NODE);
        awaitStanding(there, 2, 3);
        assertThat(inDirectory(well)).hasSize(PARTITIONS);
        sendToAll(5);
        everythingIsRead();
    }

    private static String idOf(Path directory) throws IOException {
        Properties properties = new Properties();
        try (var in = java.nio.file.Files.newInputStream(directory.resolve("meta.properties"))) {
            properties.load(in);
        }
        return properties.getProperty("directory.id");
    }
}
