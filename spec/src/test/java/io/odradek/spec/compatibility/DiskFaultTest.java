package io.odradek.spec.compatibility;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.odradek.spec.compatibility.FailingDisk.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Disks that are full, that do not sync, that do not read: the log directory goes offline with a message, nothing is acknowledged
 * that is not on disk, the other directory serves on, and after a repair everything acknowledged is there.
 */
final class DiskFaultTest {
    private static final String TOPIC = "t";
    private static final Duration LONG = Duration.ofSeconds(60);
    /** Gives up soon: what the broker does not take it will not take later. */
    private static final Map<String, String> IMPATIENT = Map.of(
            "delivery.timeout.ms", "3000", "request.timeout.ms", "2000", "linger.ms", "0", "max.block.ms", "3000");

    static Stream<Fault> writingFaults() {
        return Stream.of(new Fault.Full(), new Fault.SyncsFail());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("writingFaults")
    void aBrokenDirectoryGoesOfflineTheOtherServesAndNothingAcknowledgedIsLost(Fault fault, @TempDir Path data)
            throws Exception {
        Path one = data.resolve("one"); // holds the metadata
        Path two = data.resolve("two");
        Map<String, String> settings = Map.of("log.dirs", one + "," + two, "log.retention.check.interval.ms", "100");
        FailingDisk disk = new FailingDisk();
        List<List<String>> acknowledged = List.of(new ArrayList<>(), new ArrayList<>());
        int broken;
        try (SaidLines said = new SaidLines();
                RunningBroker broker = RunningBroker.on(one, settings, disk)) {
            topic(broker.bootstrap(), TOPIC, 2);
            broken = Files.isDirectory(two.resolve(TOPIC + "-0")) ? 0 : 1;
            assertThat(two.resolve(TOPIC + "-" + broken))
                    .as("the partitions are spread")
                    .isDirectory();
            assertThat(one.resolve(TOPIC + "-" + (1 - broken))).isDirectory();
            try (KafkaProducer<String, String> producer = broker.producer(IMPATIENT)) {
                for (int partition = 0; partition < 2; partition++) {
                    acknowledged.get(partition).addAll(produce(producer, partition, 0, 100));
                }
                assertThat(acknowledged).allMatch(each -> each.size() == 100);

                disk.breakDown(two, fault);
                assertThat(Wire.produce(broker.port(), TOPIC, broken, batch("lost")))
                        .isEqualTo(Errors.KAFKA_STORAGE_ERROR);
                assertThat(produce(producer, broken, 100, 101)).isEmpty();
                acknowledged.get(1 - broken).addAll(produce(producer, 1 - broken, 100, 200));
                assertThat(acknowledged.get(1 - broken)).hasSize(200);
            }
            assertThat(broker.hasFailed()).isFalse();
            assertThat(said.containing("is offline"))
                    .as(String.join("\n", said.all()))
                    .singleElement()
                    .asString()
                    .contains(
                            "Log directory " + two + " is offline",
                            two.resolve(TOPIC + "-" + broken).toString(),
                            fault instanceof Fault.Full ? "No space left on device" : "Input/output error",
                            "start again");

            disk.repair(two); // no second chance: what the page cache holds now is anybody's guess
            assertThat(Wire.produce(broker.port(), TOPIC, broken, batch("late")))
                    .isEqualTo(Errors.KAFKA_STORAGE_ERROR);
            try (Admin admin = broker.admin()) { // what is made now is made where it works
                admin.createTopics(List.of(new NewTopic("later", 2, (short) 1)))
                        .all()
                        .get();
            }
            assertThat(one.resolve("later-0")).isDirectory();
            assertThat(one.resolve("later-1")).isDirectory();
            assertThat(Wire.produce(broker.port(), "later", 1, batch("kept"))).isEqualTo(Errors.NONE);

            disk.breakDown(one, fault);
            assertThat(Wire.produce(broker.port(), TOPIC, 1 - broken, batch("lost")))
                    .isEqualTo(Errors.KAFKA_STORAGE_ERROR);
            await().atMost(LONG).until(broker::hasFailed); // the process would end
        }
        assertThat(one.resolve(".kafka_cleanshutdown")).doesNotExist();
        assertThat(two.resolve(".kafka_cleanshutdown")).doesNotExist();
        try (RunningBroker again = RunningBroker.on(one, settings)) {
            for (int partition = 0; partition < 2; partition++) {
                List<String> kept = read(again.bootstrap(), TOPIC, partition);
                assertThat(kept).startsWith(acknowledged.get(partition).toArray(String[]::new));
                // What was refused may be there or not: a sync that failed says neither. Nothing else may.
                assertThat(kept.subList(acknowledged.get(partition).size(), kept.size()))
                        .isSubsetOf("lost", "100");
            }
            assertThat(read(again.bootstrap(), "later", 1)).containsExactly("kept");
        }
    }

    /** Whoever waits in a long poll learns of it no later than the poll ends, and is told why. */
    @Test
    void readersOfABrokenDirectoryAreToldAndThoseOfTheOtherAreServed(@TempDir Path data) throws Exception {
        Path one = data.resolve("one");
        Path two = data.resolve("two");
        FailingDisk disk = new FailingDisk();
        try (SaidLines said = new SaidLines();
                RunningBroker broker = RunningBroker.on(one, Map.of("log.dirs", one + "," + two), disk);
                Admin admin = broker.admin()) {
            topic(broker.bootstrap(), TOPIC, 2);
            int broken = Files.isDirectory(two.resolve(TOPIC + "-0")) ? 0 : 1;
            assertThat(Wire.produce(broker.port(), TOPIC, 0, batch("a"))).isEqualTo(Errors.NONE);
            assertThat(Wire.produce(broker.port(), TOPIC, 1, batch("a"))).isEqualTo(Errors.NONE);
            disk.breakDown(two, new Fault.Full());
            assertThat(Wire.produce(broker.port(), TOPIC, broken, batch("b"))).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
            assertThat(read(broker.bootstrap(), TOPIC, 1 - broken)).containsExactly("a");
            var directories = Objects.requireNonNull(
                    admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1));
            assertThat(Objects.requireNonNull(directories.get(two.toString())).error())
                    .isInstanceOf(KafkaStorageException.class);
            assertThat(Objects.requireNonNull(directories.get(one.toString())).error())
                    .isNull();
            assertThat(said.containing("is offline")).hasSize(1);
        }
    }

    /** Without any privilege: a limit on the size of files is a disk that refuses to take more. */
    @Test
    void theProcessEndsWithCodeOneWhenItsOnlyDirectoryTakesNoMore(@TempDir Path data) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a POSIX shell");
        List<String> limited = List.of("/bin/sh", "-c", "ulimit -f 8192; exec \"$@\"", "sh"); // 4 MiB, by POSIX
        endsWithCodeOneAndKeepsWhatItAcknowledged(limited, data, () -> {}, "File too large");
    }

    /** A file system that is full, as root can have one: also for files that are made later. */
    @Test
    void theProcessEndsWithCodeOneWhenTheFileSystemIsFull(@TempDir Path data) throws Exception {
        assumeTrue(
                Files.isWritable(Path.of("/proc/sys/vm/drop_caches"))
                        && run("mount", "-t", "tmpfs", "-o", "size=8m", "none", data.toString()),
                "needs the right to mount");
        try {
            endsWithCodeOneAndKeepsWhatItAcknowledged(
                    List.of(),
                    data.resolve("logs"),
                    () -> assertThat(run("mount", "-o", "remount,size=64m", data.toString()))
                            .isTrue(),
                    "No space left on device");
        } finally {
            assertThat(run("umount", data.toString())).isTrue();
        }
    }

    private interface Repair {
        void run() throws Exception;
    }

    private static void endsWithCodeOneAndKeepsWhatItAcknowledged(
            List<String> wrapper, Path data, Repair repair, String reason) throws Exception {
        Map<String, String> settings = Map.of("odradek.metrics.port", "-1");
        List<String> acknowledged = new ArrayList<>();
        try (BrokerProcess broker = BrokerProcess.start(wrapper, data, 0, settings);
                KafkaProducer<String, String> producer = producer(broker.bootstrap())) {
            topic(broker.bootstrap(), TOPIC, 1);
            String filling = "x".repeat(10_000);
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < 1000; i++) { // 10 MB in all
                try {
                    sent.add(producer.send(new ProducerRecord<>(TOPIC, 0, null, i + filling)));
                } catch (RuntimeException full) { // the producer's own memory: nothing goes out any more
                    break;
                }
            }
            for (int i = 0; i < sent.size(); i++) {
                try {
                    assertThat(sent.get(i).get().offset()).isEqualTo(i);
                    acknowledged.add(i + filling);
                } catch (ExecutionException refused) {
                    break;
                }
            }
            assertThat(acknowledged).hasSizeBetween(50, 900);
            assertThat(broker.exitCode(LONG)).isEqualTo(1);
            assertThat(broker.output().lines().filter(line -> line.contains(" is offline: ")))
                    .as(broker.output())
                    .singleElement()
                    .asString()
                    .contains(
                            "Log directory " + data,
                            data.resolve(TOPIC + "-0/00000000000000000000.log").toString(),
                            reason,
                            "free or repair the disk and start again");
            assertThat(broker.output()).contains("this broker can't go on");
        }
        assertThat(data.resolve(".kafka_cleanshutdown")).doesNotExist();
        repair.run();
        try (BrokerProcess again = BrokerProcess.start(data, 0, settings)) {
            List<String> kept = read(again.bootstrap(), TOPIC, 0);
            assertThat(kept).startsWith(acknowledged.toArray(String[]::new));
            for (int i = acknowledged.size(); i < kept.size(); i++) { // sent, and perhaps on disk when it ended
                assertThat(kept.get(i)).startsWith(i + "x");
            }
            assertThat(Wire.produce(again.port(), TOPIC, 0, batch("room"))).isEqualTo(Errors.NONE);
            assertThat(again.stop()).as(again.output()).isTrue();
        }
    }

    static Stream<Fault.Unreadable> damages() {
        return Stream.of(new Fault.Unreadable(0), new Fault.Unreadable(300_000));
    }

    /** In the batch's header, and in the middle of what {@code sendfile} is to send. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void bytesThatCanNotBeReadAreSaidOnceAndCostNobodyElseAnything(Fault.Unreadable damage, @TempDir Path data)
            throws Exception {
        String large = "y".repeat(800_000);
        try (RunningBroker before = RunningBroker.on(data);
                KafkaProducer<String, String> producer = before.producer(Map.of())) {
            topic(before.bootstrap(), TOPIC, 2);
            producer.send(new ProducerRecord<>(TOPIC, 0, null, large)).get();
            producer.send(new ProducerRecord<>(TOPIC, 1, null, "fine")).get();
        }
        FailingDisk disk = new FailingDisk();
        Path log = data.resolve(TOPIC + "-0/00000000000000000000.log");
        try (SaidLines said = new SaidLines();
                RunningBroker broker = RunningBroker.on(data, Map.of("odradek.network.transport", "nio"), disk)) {
            disk.breakDown(log, damage);
            try (KafkaConsumer<String, String> unlucky = consumer(broker.bootstrap())) {
                TopicPartition partition = new TopicPartition(TOPIC, 0);
                unlucky.assign(List.of(partition));
                unlucky.seek(partition, 0);
                await().atMost(LONG).until(() -> {
                    assertThat(unlucky.poll(Duration.ofMillis(100)).count()).isZero();
                    return !said.containing("can't be read").isEmpty();
                });
                for (int i = 0; i < 10; i++) { // it tries again and again
                    assertThat(unlucky.poll(Duration.ofMillis(100)).count()).isZero();
                }
                assertThat(said.troubles())
                        .singleElement()
                        .asString()
                        .contains(TOPIC + "-0", log.toString(), "Input/output error", "repair the disk");
                assertThat(broker.hasFailed()).isFalse();
                assertThat(read(broker.bootstrap(), TOPIC, 1)).containsExactly("fine");
                assertThat(Wire.produce(broker.port(), TOPIC, 0, batch("more"))).isEqualTo(Errors.NONE);

                disk.repair(log);
                List<String> values = new ArrayList<>();
                await().atMost(LONG).until(() -> {
                    unlucky.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                    return values.size() >= 2;
                });
                assertThat(values).containsExactly(large, "more");
            }
        }
    }

    /** By whichever transport there is: the kernel finds the file's end where there should be bytes. */
    @Test
    void aSegmentThatSomebodyCutUnderTheBrokerIsSaid(@TempDir Path data) throws Exception {
        try (RunningBroker before = RunningBroker.on(data);
                KafkaProducer<String, String> producer = before.producer(Map.of())) {
            topic(before.bootstrap(), TOPIC, 2);
            producer.send(new ProducerRecord<>(TOPIC, 0, null, "y".repeat(800_000)))
                    .get();
            producer.send(new ProducerRecord<>(TOPIC, 1, null, "fine")).get();
        }
        Path log = data.resolve(TOPIC + "-0/00000000000000000000.log");
        byte[] whole = Files.readAllBytes(log);
        try (SaidLines said = new SaidLines();
                RunningBroker broker = RunningBroker.on(data);
                KafkaConsumer<String, String> unlucky = consumer(broker.bootstrap())) {
            Files.write(log, Arrays.copyOf(whole, 300_000));
            TopicPartition partition = new TopicPartition(TOPIC, 0);
            unlucky.assign(List.of(partition));
            unlucky.seek(partition, 0);
            await().atMost(LONG).until(() -> {
                assertThat(unlucky.poll(Duration.ofMillis(100)).count()).isZero();
                return !said.containing("can't be read").isEmpty();
            });
            assertThat(said.troubles()).singleElement().asString().contains(log.toString(), "ends before byte");
            assertThat(read(broker.bootstrap(), TOPIC, 1)).containsExactly("fine");
            Files.write(log, whole);
            await().atMost(LONG)
                    .until(() -> unlucky.poll(Duration.ofMillis(200)).count() == 1);
        }
    }

    /** What can't be read at a start is no empty log: the broker does not serve without it. */
    @Test
    void aStartThatCanNotReadALogIsRefusedAndNamesIt(@TempDir Path data) throws Exception {
        try (RunningBroker broker = RunningBroker.on(data)) {
            topic(broker.bootstrap(), TOPIC, 1);
            assertThat(Wire.produce(broker.port(), TOPIC, 0, batch("kept"))).isEqualTo(Errors.NONE);
        }
        Path log = data.resolve(TOPIC + "-0/00000000000000000000.log");
        FailingDisk disk = new FailingDisk();
        disk.breakDown(log, new Fault.Unreadable(0));
        assertThatThrownBy(() -> RunningBroker.on(data, Map.of(), disk).close())
                .isInstanceOf(IOException.class)
                .hasStackTraceContaining(log.toString());
        try (RunningBroker broker = RunningBroker.on(data)) {
            assertThat(read(broker.bootstrap(), TOPIC, 0)).containsExactly("kept");
        }
    }

    @Test
    void aStartServesFromTheDirectoriesThatCanBeReadAndMakesNothingAnew(@TempDir Path data) throws Exception {
        Path one = data.resolve("one");
        Path two = data.resolve("two");
        Map<String, String> both = Map.of("log.dirs", one + "," + two);
        try (RunningBroker broker = RunningBroker.on(one, both)) {
            topic(broker.bootstrap(), TOPIC, 2);
            assertThat(Wire.produce(broker.port(), TOPIC, 0, batch("kept"))).isEqualTo(Errors.NONE);
            assertThat(Wire.produce(broker.port(), TOPIC, 1, batch("kept"))).isEqualTo(Errors.NONE);
        }
        Path aside = data.resolve("aside");
        Files.move(two, aside);
        Files.createFile(two); // a disk that can't be read, whoever asks
        int away = Files.isDirectory(aside.resolve(TOPIC + "-0")) ? 0 : 1;
        for (int start = 0; start < 2; start++) {
            String later = "later" + start;
            try (RunningBroker broker = RunningBroker.on(one, both)) {
                assertThat(read(broker.bootstrap(), TOPIC, 1 - away)).containsExactly("kept");
                assertThat(Wire.produce(broker.port(), TOPIC, away, batch("lost")))
                        .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
                topic(broker.bootstrap(), later, 2);
                assertThat(Wire.produce(broker.port(), later, 0, batch("new"))).isEqualTo(Errors.NONE);
                assertThat(Wire.produce(broker.port(), later, 1, batch("new"))).isEqualTo(Errors.NONE);
                try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
                    var described = Objects.requireNonNull(admin.describeLogDirs(List.of(1))
                            .allDescriptions()
                            .get()
                            .get(1));
                    assertThat(Objects.requireNonNull(described.get(one.toString()))
                                    .error())
                            .isNull();
                    assertThat(Objects.requireNonNull(described.get(two.toString()))
                                    .error())
                            .isInstanceOf(KafkaStorageException.class);
                }
            }
        }
        Files.delete(two);
        Files.move(aside, two);
        try (RunningBroker broker = RunningBroker.on(one, both)) {
            assertThat(read(broker.bootstrap(), TOPIC, 0)).containsExactly("kept");
            assertThat(read(broker.bootstrap(), TOPIC, 1)).containsExactly("kept");
            assertThat(read(broker.bootstrap(), "later0", 1)).containsExactly("new");
            assertThat(read(broker.bootstrap(), "later1", 0)).containsExactly("new");
        }
    }

    /** Kafka knows from a partition's assignment where it belongs (KIP-858). Here it would be made anew, empty. */
    @Test
    void aStartWithoutOneOfItsDirectoriesIsRefusedUntilThatIsWanted(@TempDir Path data) throws Exception {
        Path one = data.resolve("one");
        Path two = data.resolve("two");
        Map<String, String> both = Map.of("log.dirs", one + "," + two);
        try (RunningBroker broker = RunningBroker.on(one, both)) {
            topic(broker.bootstrap(), TOPIC, 2);
            assertThat(Wire.produce(broker.port(), TOPIC, 0, batch("kept"))).isEqualTo(Errors.NONE);
            assertThat(Wire.produce(broker.port(), TOPIC, 1, batch("kept"))).isEqualTo(Errors.NONE);
        }
        String lost = Files.readAllLines(two.resolve("meta.properties")).stream()
                .filter(line -> line.startsWith("directory.id="))
                .findFirst()
                .orElseThrow()
                .substring("directory.id=".length());
        Path aside = data.resolve("aside");
        Files.move(two, aside);

        refused(one, both, lost, "odradek.lost.log.directories"); // an empty one in its place
        refused(one, Map.of(), lost, "odradek.lost.log.directories"); // left out

        try (var files = Files.walk(two)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        Files.move(aside, two);
        try (RunningBroker broker = RunningBroker.on(one, both)) {
            assertThat(read(broker.bootstrap(), TOPIC, 0)).containsExactly("kept");
            assertThat(read(broker.bootstrap(), TOPIC, 1)).containsExactly("kept");
        }
        int given = Files.isDirectory(two.resolve(TOPIC + "-0")) ? 0 : 1;
        try (RunningBroker broker = RunningBroker.on(one, Map.of("odradek.lost.log.directories", lost))) {
            assertThat(read(broker.bootstrap(), TOPIC, given)).isEmpty();
            assertThat(read(broker.bootstrap(), TOPIC, 1 - given)).containsExactly("kept");
        }
        RunningBroker.on(one).close(); // it is said once
    }

    private static void refused(Path data, Map<String, String> settings, String... said) {
        assertThatThrownBy(() -> RunningBroker.on(data, settings).close())
                .isInstanceOf(IOException.class)
                .satisfies(error -> {
                    for (String each : said) {
                        assertThat(error).hasStackTraceContaining(each);
                    }
                });
    }

    /** For whoever is not root, who may read everything. */
    @Test
    void aDirectoryThatMayNotBeReadIsRefusedAndNamed(@TempDir Path data) throws Exception {
        Path locked = data.resolve("locked");
        RunningBroker.on(locked).close();
        assertThat(locked.toFile().setReadable(false) && locked.toFile().setExecutable(false))
                .isTrue();
        try {
            assumeTrue(!Files.isReadable(locked), "root reads everything");
            assertThatThrownBy(() -> RunningBroker.on(locked).close())
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining(locked.toString());
        } finally {
            assertThat(locked.toFile().setReadable(true) && locked.toFile().setExecutable(true))
                    .isTrue();
        }
    }

    private static boolean run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    private static ByteBuffer batch(String value) {
        return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(value.getBytes(US_ASCII)))
                .buffer();
    }

    private static void topic(String bootstrap, String name, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }

    private static KafkaProducer<String, String> producer(String bootstrap) {
        Map<String, Object> settings = new HashMap<>(IMPATIENT);
        settings.put("bootstrap.servers", bootstrap);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(String bootstrap) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "auto.offset.reset",
                        "earliest",
                        "reconnect.backoff.max.ms",
                        "100"),
                new StringDeserializer(),
                new StringDeserializer());
    }

    /** Which of these numbers were acknowledged; they were sent in this order. */
    private static List<String> produce(KafkaProducer<String, String> producer, int partition, int from, int until)
            throws InterruptedException {
        List<Future<RecordMetadata>> sent = IntStream.range(from, until)
                .mapToObj(i -> producer.send(new ProducerRecord<>(TOPIC, partition, null, "" + i)))
                .toList();
        List<String> acknowledged = new ArrayList<>();
        for (int i = 0; i < sent.size(); i++) {
            try {
                sent.get(i).get();
                acknowledged.add("" + (from + i));
            } catch (ExecutionException refused) {
                assertThat(refused.getCause()).isInstanceOf(KafkaException.class);
            }
        }
        return acknowledged;
    }

    /** Everything there is. */
    private static List<String> read(String bootstrap, String topic, int number) {
        TopicPartition partition = new TopicPartition(topic, number);
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(bootstrap)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            await().atMost(LONG).until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    values.add(record.value());
                }
                return consumer.position(partition) >= end;
            });
        }
        return values;
    }
}
