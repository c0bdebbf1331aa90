package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.log.EpochEntry;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;
import org.apache.kafka.tools.DumpLogSegments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's own {@code kafka-dump-log} reads every file the broker leaves, and complains about none. */
final class DumpLogTest {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final int RECORDS_PER_CODEC = 500;

    /** What the tool prints about a file it does not like, in any of its modes. */
    private static final Pattern COMPLAINT = Pattern.compile("(?im)^.*(mismatch|non-consecutive|invalid bytes"
            + "|isvalid: false|not found|out of order|corrupt|could not|error|exception|is not correct).*$");

    /**
     * Kafka 4.3.1's tool takes the offset before a file's first record to be -1, so it complains once about each segment but the
     * first, Kafka's own as well: {@link #kafkasOwnLaterSegmentsAreComplainedAboutInTheSameWords}. A gap within a file is another
     * pair, and remains a complaint.
     */
    private static final Pattern EVERY_LATER_SEGMENT =
            Pattern.compile("(?m)^Non-consecutive offsets in .*/0*(\\d+)\\.log\\R"
                    + "^ +-1 is followed by \\1\\R(?! +\\d+ is followed)");

    private static final Pattern RECORD = Pattern.compile("(?m)^\\| offset: (\\d+) ");

    @Test
    void everyFileOfACleanStopIsReadWithoutComplaint(@TempDir Path data) throws Exception {
        try (RunningBroker broker = RunningBroker.on(data)) {
            fill(broker.bootstrap(), "codecs", Map.of());
            try (Admin admin = broker.admin()) {
                changeMetadata(admin);
            }
        }
        expectNoComplaint(data);
        assertThat(decoded(data, "__cluster_metadata-"))
                .contains(
                        "REGISTER_BROKER_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "TOPIC_RECORD",
                        "PARTITION_RECORD",
                        "CONFIG_RECORD",
                        "REMOVE_TOPIC_RECORD",
                        "PRODUCER_IDS_RECORD");
        assertThat(decoded(data, "__consumer_offsets-")).contains("\"group\":\"readers\"", "\"topic\":\"codecs\"");
        assertThat(logs(data.resolve("codecs-0"))).hasSizeGreaterThan(1);
        assertThat(offsets(data.resolve("codecs-0")).size()
                        + offsets(data.resolve("codecs-1")).size())
                .isEqualTo(CODECS.size() * RECORDS_PER_CODEC);
    }

    @Test
    void everyFileIsReadWithoutComplaintAfterAKillAndARestart(@TempDir Path data) throws Exception {
        Map<String, String> overrides = Map.of("group.initial.rebalance.delay.ms", "0", "odradek.metrics.port", "-1");
        try (BrokerProcess broker = BrokerProcess.start(data, 0, overrides)) {
            fill(broker.bootstrap(), "killed", Map.of("preallocate", "true"));
            broker.kill();
        }
        try (BrokerProcess broker = BrokerProcess.start(data, 0, overrides)) {
            produce(broker.bootstrap(), "killed", "lz4");
            assertThat(broker.stop()).as(broker.output()).isTrue();
        }
        expectNoComplaint(data);
        assertThat(offsets(data.resolve("killed-0")).size()
                        + offsets(data.resolve("killed-1")).size())
                .isEqualTo((CODECS.size() + 1) * RECORDS_PER_CODEC);
    }

    /**
     * Why {@link #EVERY_LATER_SEGMENT} is forgiven: the tool says it of each segment behind the first that Kafka itself has
     * written, once and in these words, and nothing else.
     */
    @Test
    void kafkasOwnLaterSegmentsAreComplainedAboutInTheSameWords(@TempDir Path data) throws Exception {
        Path partition = Files.createDirectory(data.resolve("kafkas-0"));
        KafkaScheduler scheduler = new KafkaScheduler(1);
        scheduler.startup();
        try (UnifiedLog log = UnifiedLog.create(
                partition.toFile(),
                new LogConfig(Map.of()),
                0,
                0,
                scheduler,
                new BrokerTopicStats(),
                Time.SYSTEM,
                900_000,
                new ProducerStateManagerConfig(86_400_000, false),
                600_000,
                new LogDirFailureChannel(1),
                true,
                Optional.empty())) {
            for (int segment = 0; segment < 3; segment++) {
                for (int i = 0; i < 5; i++) {
                    log.appendAsLeader(
                            MemoryRecords.withRecords(
                                    Compression.NONE,
                                    new SimpleRecord("one".getBytes(StandardCharsets.US_ASCII)),
                                    new SimpleRecord("two".getBytes(StandardCharsets.US_ASCII))),
                            0);
                }
                log.roll();
            }
            log.flush(true);
        } finally {
            scheduler.shutdown();
        }
        List<Path> written = logs(partition);
        assertThat(written)
                .extracting(file -> String.valueOf(file.getFileName()))
                .containsExactly(
                        "00000000000000000000.log",
                        "00000000000000000010.log",
                        "00000000000000000020.log",
                        "00000000000000000030.log");
        for (Path file : written) {
            String dumped = dump(file);
            boolean complains = Files.size(file) > 0 && !file.equals(written.getFirst());
            assertThat(EVERY_LATER_SEGMENT.matcher(dumped).results()).as(dumped).hasSize(complains ? 1 : 0);
            assertThat(dumped.contains("Non-consecutive")).isEqualTo(complains);
            assertThat(complaints(dumped)).as(dumped).isEmpty();
        }
    }

    /** The tests above would say nothing if the tool said nothing. */
    @Test
    void aDamagedFileIsComplainedAbout(@TempDir Path data) throws Exception {
        try (RunningBroker broker = RunningBroker.on(data)) {
            produceTo(broker.bootstrap(), "damaged", "none");
        }
        Path log = logs(data.resolve("damaged-0")).getFirst();
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length / 2] ^= 1;
        Files.write(log, bytes);
        assertThat(dump(log)).containsPattern(COMPLAINT);

        Path index = Path.of(log.toString().replace(".log", ".index"));
        byte[] entries = Files.readAllBytes(index);
        Arrays.fill(entries, 4, 8, (byte) 0); // the first entry's position
        Files.write(index, entries);
        assertThat(dump(index)).containsPattern(COMPLAINT);
    }

    /** Two partitions of several segments, written by one idempotent producer per codec, keyed and not; and a group's commits. */
    private static void fill(String bootstrap, String topic, Map<String, String> more) throws Exception {
        Map<String, String> configs = new TreeMap<>(more);
        configs.put("segment.bytes", "1048576");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1).configs(configs)))
                    .all()
                    .get();
        }
        for (String codec : CODECS) {
            produce(bootstrap, topic, codec);
        }
        commit(bootstrap, topic);
    }

    private static void produceTo(String bootstrap, String topic, String codec) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
        }
        produce(bootstrap, topic, codec);
    }

    private static void produce(String bootstrap, String topic, String codec) throws Exception {
        Random random = new Random(codec.hashCode());
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "compression.type", codec,
                        "enable.idempotence", "true",
                        "linger.ms", "1",
                        "batch.size", "32768"),
                new StringSerializer(),
                new StringSerializer())) {
            for (int i = 0; i < RECORDS_PER_CODEC; i++) {
                byte[] letters = new byte[2000];
                for (int at = 0; at < letters.length; at++) {
                    letters[at] = (byte) ('0' + random.nextInt(70));
                }
                String value = new String(letters, StandardCharsets.US_ASCII);
                sent.add(producer.send(new ProducerRecord<>(topic, i % 2, i % 3 == 0 ? "key-" + i : null, value)));
            }
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    private static void commit(String bootstrap, String topic) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "group.id", "readers",
                        "enable.auto.commit", "false",
                        "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            int read = 0;
            while (read < CODECS.size() * RECORDS_PER_CODEC) {
                read += consumer.poll(Duration.ofSeconds(10)).count();
                consumer.commitSync();
            }
        }
    }

    private static void changeMetadata(Admin admin) throws Exception {
        ConfigResource codecs = new ConfigResource(ConfigResource.Type.TOPIC, "codecs");
        for (AlterConfigOp.OpType op : List.of(AlterConfigOp.OpType.SET, AlterConfigOp.OpType.DELETE)) {
            admin.incrementalAlterConfigs(Map.of(
                            codecs, List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "100000000"), op))))
                    .all()
                    .get();
        }
        admin.createTopics(List.of(new NewTopic("gone", 3, (short) 1))).all().get();
        admin.deleteTopics(List.of("gone")).all().get();
        admin.deleteRecords(Map.of(new TopicPartition("codecs", 1), RecordsToDelete.beforeOffset(10)))
                .all()
                .get();
        admin.deleteConsumerGroups(List.of("readers")).all().get();
    }

    private static void expectNoComplaint(Path data) throws IOException {
        Map<String, Integer> kinds = new TreeMap<>();
        for (Path file : files(data)) {
            String name = file.getFileName().toString();
            kinds.merge(name.substring(name.lastIndexOf('.')), 1, Integer::sum);
            assertThat(complaints(dump(file))).as("%s", file).isEmpty();
            if (name.endsWith("index")) {
                assertThat(complaints(dump(file, "--verify-index-only")))
                        .as("%s", file)
                        .isEmpty();
                assertThat(dump(file, "--index-sanity-check")).containsPattern("passed sanity check|is empty");
            }
        }
        assertThat(kinds).containsKeys(".log", ".index", ".timeindex", ".snapshot");
        assertThat(kinds).as("no transactions yet").doesNotContainKey(".txnindex");
        expectNoOtherKinds(data);
        try (var directories = Files.list(data)) {
            for (Path directory : directories.filter(Files::isDirectory).toList()) {
                List<Long> offsets = offsets(directory);
                for (int i = 0; i < offsets.size(); i++) {
                    assertThat(offsets.get(i)).as("%s", directory).isEqualTo(offsets.getFirst() + i);
                }
            }
        }
        assertThat(offsets(data.resolve("__cluster_metadata-0"))).isNotEmpty();
    }

    /** What the tool does not read, Kafka's own classes do; a file of another kind has no reader, and is a mistake. */
    private static void expectNoOtherKinds(Path data) throws IOException {
        try (var all = Files.walk(data)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                switch (String.valueOf(file.getFileName())) {
                    case "leader-epoch-checkpoint" ->
                        assertThat(new LeaderEpochCheckpointFile(file.toFile(), new LogDirFailureChannel(1)).read())
                                .as("%s", file)
                                .isSortedAccordingTo(Comparator.comparingInt(EpochEntry::epoch));
                    case "recovery-point-offset-checkpoint",
                            "log-start-offset-checkpoint",
                            "replication-offset-checkpoint" ->
                        assertThat(new OffsetCheckpointFile(file.toFile(), new LogDirFailureChannel(1)).read())
                                .as("%s", file)
                                .isNotNull();
                    case "partition.metadata" ->
                        assertThat(new PartitionMetadataFile(file.toFile(), new LogDirFailureChannel(1))
                                        .read()
                                        .topicId())
                                .as("%s", file)
                                .isNotEqualTo(Uuid.ZERO_UUID);
                    case ".kafka_cleanshutdown" ->
                        assertThat(new CleanShutdownFileHandler(String.valueOf(file.getParent()))
                                        .read()
                                        .orElse(-1))
                                .as("the epoch in %s", Files.readString(file))
                                .isNotNegative();
                    case "meta.properties" ->
                        assertThat(Files.readString(file)).contains("version=1", "cluster.id=", "node.id=1");
                    case ".odradek-clean-stop" ->
                        assertThat(file.resolveSibling(".kafka_cleanshutdown")).exists();
                    case ".lock" -> assertThat(file).isEmptyFile();
                    case "quorum-state" -> // KafkaReadsQuorumFilesTest has Kafka's class read it
                        assertThat(Files.readString(file)).contains("\"leaderId\":1,", "\"data_version\":1}");
                    case "00000000000000000000-0000000000.checkpoint" ->
                        assertThat(dump(file)).as("who votes first").contains("KRaftVoters", "SnapshotFooter");
                    default ->
                        assertThat(file.toString()).matches(".*/\\d{20}\\.(log|index|timeindex|snapshot)(\\.deleted)?");
                }
            }
        }
    }

    /** What the tool makes of all records of a topic of the broker's own. */
    private static String decoded(Path data, String prefix) throws IOException {
        StringBuilder printed = new StringBuilder();
        for (Path file : files(data)) {
            if (file.toString().contains(prefix) && file.toString().endsWith(".log")) {
                printed.append(dump(file));
            }
        }
        return printed.toString();
    }

    private static List<String> complaints(String dumped) {
        String genuine = EVERY_LATER_SEGMENT.matcher(dumped).replaceAll("");
        return COMPLAINT.matcher(genuine).results().map(MatchResult::group).toList();
    }

    private static List<Path> files(Path below) throws IOException {
        try (var all = Files.walk(below)) {
            return all.filter(file -> file.toString().matches(".*\\.(log|index|timeindex|txnindex|snapshot)"))
                    .sorted()
                    .toList();
        }
    }

    private static List<Path> logs(Path partition) throws IOException {
        return files(partition).stream()
                .filter(file -> file.toString().endsWith(".log"))
                .toList();
    }

    /** Of all records of a partition, in the order of its files. */
    private static List<Long> offsets(Path partition) throws IOException {
        List<Long> offsets = new ArrayList<>();
        for (Path log : logs(partition)) {
            Matcher record = RECORD.matcher(dump(log));
            while (record.find()) {
                offsets.add(Long.parseLong(record.group(1)));
            }
        }
        return offsets;
    }

    /** What the tool prints about a file. Values are not printed where they are ours: they could look like a complaint. */
    private static String dump(Path file, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--files", file.toString(), "--deep-iteration"));
        arguments.addAll(List.of(options));
        String path = file.toString();
        if (path.contains("__consumer_offsets-")) {
            arguments.add("--offsets-decoder");
        } else if (path.contains("__cluster_metadata-")) {
            arguments.add("--cluster-metadata-decoder");
        } else {
            arguments.add("--print-data-log");
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err; // where it lists mismatches
        try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(capture);
            System.setErr(capture);
            DumpLogSegments.main(arguments.toArray(String[]::new));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return printed.toString(StandardCharsets.UTF_8).replaceAll("payload: [0-u]*", "payload");
    }
}
