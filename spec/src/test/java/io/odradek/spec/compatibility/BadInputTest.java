package io.odradek.spec.compatibility;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.Crc32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a client sends to a broker as its users run it: it is answered with Kafka's error or closed, costs one line of log at
 * most and no memory, and a stock producer and consumer that work all the time notice nothing.
 */
final class BadInputTest {
    // Where the fields of a record batch are, and those of its first record (KIP-98).
    private static final int LENGTH_AT = 8;
    private static final int MAGIC_AT = 16;
    private static final int CRC_AT = 17;
    private static final int ATTRIBUTES_AT = 21;
    private static final int LAST_OFFSET_DELTA_AT = 23;
    private static final int COUNT_AT = 57;
    private static final int RECORD_LENGTH_AT = 61;
    private static final int OFFSET_DELTA_AT = 64;
    private static final int KEY_LENGTH_AT = 65;
    private static final int VALUE_LENGTH_AT = 66;

    /** What a refused client may cost: this line, and never a stack trace. */
    private static final Pattern REFUSAL = Pattern.compile("^\\S+ \\S+ WARN .*KafkaConnection: closing .*");

    private static final Pattern INFORMATION = Pattern.compile("^\\S+ \\S+ INFO .*");

    private static final TopicPartition LIED_TO = new TopicPartition("lied-to", 0);

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static BrokerProcess broker;

    @SuppressWarnings("NullAway.Init") // by start()
    private static Bystander bystander;

    @SuppressWarnings("NullAway.Init") // by start()
    private static Admin admin;

    private static int linesBefore;
    /** How many clients have misbehaved. */
    private static int offences;

    @BeforeAll
    static void start() throws Exception {
        broker = BrokerProcess.start(data, 0, Map.of("odradek.metrics.port", "-1"));
        bystander = new Bystander(broker.bootstrap(), "good");
        admin = Admin.create(Map.of(
                "bootstrap.servers", broker.bootstrap(),
                "request.timeout.ms", "10000",
                "default.api.timeout.ms", "20000"));
        admin.createTopics(List.of(new NewTopic(LIED_TO.topic(), 1, (short) 1)))
                .all()
                .get();
        linesBefore = lines().size();
    }

    @AfterAll
    static void stop() throws InterruptedException {
        admin.close();
        bystander.close();
        assertThat(bystander.slowest()).isLessThan(Duration.ofSeconds(10));
        assertThat(broker.stop()).as(broker.output()).isTrue();
    }

    @AfterEach
    void othersAreServedAndTheLogIsShort() {
        bystander.expectServed();
        List<String> said = lines().subList(linesBefore, lines().size());
        List<String> refusals =
                said.stream().filter(line -> REFUSAL.matcher(line).matches()).toList();
        assertThat(said)
                .as("nothing but refusals is said")
                .allMatch(line ->
                        refusals.contains(line) || INFORMATION.matcher(line).matches());
        assertThat(refusals).as("a line for each offence at most").hasSizeLessThanOrEqualTo(offences);
    }

    private static List<String> lines() {
        return broker.output().lines().toList();
    }

    private static int offend(byte[] bytes) throws IOException {
        offences++;
        return Wire.answersTo(broker.port(), bytes);
    }

    @Test
    void aRefusalIsOneLine() throws IOException {
        offend(new byte[0]); // no offence, and no line
        long before = refusals().count();
        for (int i = 1; i <= 5; i++) {
            long expected = before + i;
            offend(Wire.sized(ByteBuffer.allocate(3)));
            await().atMost(Duration.ofSeconds(20)).until(() -> refusals().count() >= expected);
        }
        bystander.expectServed();
        assertThat(refusals()).hasSize((int) before + 5);
    }

    private static Stream<String> refusals() {
        return lines().stream().filter(line -> REFUSAL.matcher(line).matches());
    }

    @Test
    void randomBytesAreClosed() throws IOException {
        long seed = System.nanoTime();
        System.out.println("BadInputTest.randomBytesAreClosed: seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            offend(i % 2 == 0 ? Wire.sized(ByteBuffer.wrap(bytes)) : bytes);
        }
    }

    /** At once: whoever waits for what a lie announces could wait for ever. */
    @Test
    void framesThatLieAboutTheirSizeAreClosed() throws IOException {
        for (int claimed : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 0, 3, 104857601}) {
            offences++;
            try (Wire wire = Wire.to(broker.port())) {
                wire.send(ByteBuffer.allocate(14).putInt(claimed).array());
                assertThat(wire.answersUntilClosed()).as("claimed %d", claimed).isZero();
            }
        }
        for (int lawful : new int[] {104857600, 1000}) { // but the client leaves before the rest
            assertThat(offend(ByteBuffer.allocate(14).putInt(lawful).array()))
                    .as("claimed %d", lawful)
                    .isZero();
        }
    }

    /** Cut anywhere, a request is never answered: not even what could be read of it. */
    @Test
    void truncatedFramesAreClosed() throws IOException {
        byte[] whole = Wire.frame(ApiKeys.METADATA, (short) 12, 1, new MetadataRequestData().setTopics(null));
        for (int cut = 0; cut < whole.length; cut++) {
            assertThat(offend(java.util.Arrays.copyOf(whole, cut)))
                    .as("cut at %d", cut)
                    .isZero();
        }
        // and with a size that is true of what is there, so that the body ends too early
        for (int cut = 4; cut < whole.length; cut++) {
            byte[] shortened = java.util.Arrays.copyOf(whole, cut);
            ByteBuffer.wrap(shortened).putInt(0, cut - 4);
            assertThat(offend(shortened)).as("shortened to %d", cut).isZero();
        }
        assertThat(offend(whole)).isEqualTo(1);
    }

    @Test
    void unknownKeysAndVersionsAreClosed() throws IOException {
        for (int key : new int[] {-1, 4, 5, 6, 7, 93, 1000, ApiKeys.PRODUCE.id, ApiKeys.FETCH.id}) {
            for (int version : new int[] {-1, 99, Short.MAX_VALUE}) {
                ByteBuffer header = ByteBuffer.allocate(10)
                        .putShort((short) key)
                        .putShort((short) version)
                        .putInt(9)
                        .putShort((short) -1)
                        .flip();
                assertThat(offend(Wire.sized(header)))
                        .as("key %d version %d", key, version)
                        .isZero();
            }
        }
    }

    /** KIP-511: so that a newer client learns what it may ask. */
    @Test
    void anUnknownVersionOfApiVersionsIsAnsweredInVersionZero() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(11)
                .putShort(ApiKeys.API_VERSIONS.id)
                .putShort((short) 99)
                .putInt(9)
                .putShort((short) -1)
                .put((byte) 0)
                .flip();
        try (Wire wire = Wire.to(broker.port())) {
            wire.send(Wire.sized(header));
            var answer = (ApiVersionsResponseData) wire.answer(ApiKeys.API_VERSIONS, (short) 0, 9);
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.UNSUPPORTED_VERSION);
            assertThat(answer.apiKeys().find(ApiKeys.API_VERSIONS.id)).isNotNull();
        }
    }

    private static ByteBuffer batch() {
        return MemoryRecords.withRecords(
                        Compression.NONE,
                        new SimpleRecord("a".getBytes(US_ASCII)),
                        new SimpleRecord("b".getBytes(US_ASCII)))
                .buffer();
    }

    /** A lie that the checksum does not tell: whoever made the batch believed it. */
    private static ByteBuffer sealed(ByteBuffer batch) {
        return batch.putInt(CRC_AT, (int) Crc32C.compute(batch, ATTRIBUTES_AT, batch.limit() - ATTRIBUTES_AT));
    }

    private static Arguments lie(String what, Errors error, Consumer<ByteBuffer> told) {
        ByteBuffer batch = batch();
        told.accept(batch);
        return Arguments.of(what, error, sealed(batch));
    }

    private static Arguments unsealed(String what, Errors error, Consumer<ByteBuffer> told) {
        ByteBuffer batch = batch();
        told.accept(batch);
        return Arguments.of(what, error, batch);
    }

    private static byte zigZag(int value) {
        return (byte) ((value << 1) ^ (value >> 31));
    }

    static Stream<Arguments> lies() {
        Errors invalid = Errors.INVALID_RECORD;
        Errors corrupt = Errors.CORRUPT_MESSAGE;
        ByteBuffer squeezed = MemoryRecords.withRecords(
                        Compression.gzip().build(),
                        new SimpleRecord("a".getBytes(US_ASCII)),
                        new SimpleRecord("b".getBytes(US_ASCII)))
                .buffer();
        ByteBuffer garbled = MemoryRecords.withRecords(Compression.zstd().build(), new SimpleRecord(new byte[500]))
                .buffer();
        for (int at = RECORD_LENGTH_AT; at < garbled.limit(); at++) {
            garbled.put(at, (byte) ~garbled.get(at));
        }
        ByteBuffer cut = batch();
        cut.limit(cut.limit() - 3);
        return Stream.of(
                unsealed("another checksum", corrupt, b -> b.putInt(CRC_AT, 12345)),
                unsealed("a count under the checksum", corrupt, b -> b.putInt(COUNT_AT, 7)),
                lie("a count too high", invalid, b -> b.putInt(COUNT_AT, 7)),
                lie("a count too low", invalid, b -> b.putInt(COUNT_AT, 1)),
                lie("both counts too high", invalid, b -> b.putInt(COUNT_AT, 7).putInt(LAST_OFFSET_DELTA_AT, 6)),
                lie("both counts too low", invalid, b -> b.putInt(COUNT_AT, 1).putInt(LAST_OFFSET_DELTA_AT, 0)),
                lie("no records", invalid, b -> b.putInt(COUNT_AT, 0)),
                lie("fewer than none", invalid, b -> b.putInt(COUNT_AT, -1).putInt(LAST_OFFSET_DELTA_AT, -2)),
                lie(
                        "two billion records",
                        invalid,
                        b -> b.putInt(COUNT_AT, Integer.MAX_VALUE).putInt(LAST_OFFSET_DELTA_AT, Integer.MAX_VALUE - 1)),
                lie("a last offset beyond the count", invalid, b -> b.putInt(LAST_OFFSET_DELTA_AT, 1000)),
                lie("a length too small to be a batch", corrupt, b -> b.putInt(LENGTH_AT, 5)),
                lie("a length of less than nothing", corrupt, b -> b.putInt(LENGTH_AT, -1)),
                lie("a length past the end", invalid, b -> b.putInt(LENGTH_AT, 1 << 20)),
                lie("a length of two gigabytes", corrupt, b -> b.putInt(LENGTH_AT, Integer.MAX_VALUE)),
                // what is left is no whole batch, and the checksum is of what remains
                Arguments.of("a length that cuts a record", invalid, shortened(batch(), 3)),
                Arguments.of("a record that is cut", invalid, sealed(cut.putInt(LENGTH_AT, cut.limit() - 12))),
                lie("magic 1 around version 2", Errors.INVALID_RECORD, b -> b.put(MAGIC_AT, (byte) 1)),
                lie("magic 9", corrupt, b -> b.put(MAGIC_AT, (byte) 9)),
                lie(
                        "a codec that is none",
                        Errors.UNSUPPORTED_COMPRESSION_TYPE,
                        b -> b.putShort(ATTRIBUTES_AT, (short) 7)),
                lie("gzip that is not", invalid, b -> b.putShort(ATTRIBUTES_AT, (short) 1)),
                lie("a control batch", invalid, b -> b.putShort(ATTRIBUTES_AT, (short) 0x20)),
                lie("a record longer than the batch", invalid, b -> b.put(RECORD_LENGTH_AT, zigZag(60))),
                lie("a record shorter than itself", invalid, b -> b.put(RECORD_LENGTH_AT, zigZag(2))),
                lie("a record of less than nothing", invalid, b -> b.put(RECORD_LENGTH_AT, zigZag(-5))),
                lie("a length without an end", invalid, b -> b.putLong(RECORD_LENGTH_AT, -1)),
                lie("a key longer than the record", invalid, b -> b.put(KEY_LENGTH_AT, zigZag(40))),
                lie("a value longer than the record", invalid, b -> b.put(VALUE_LENGTH_AT, zigZag(40))),
                lie("a value that eats the headers", invalid, b -> b.put(VALUE_LENGTH_AT, zigZag(2))),
                lie("headers that are not there", invalid, b -> b.put(VALUE_LENGTH_AT + 2, zigZag(3))),
                lie("fewer headers than none", invalid, b -> b.put(VALUE_LENGTH_AT + 2, zigZag(-1))),
                lie("offsets that do not rise", invalid, b -> b.put(OFFSET_DELTA_AT, zigZag(1))),
                Arguments.of(
                        "a count that gzip hides",
                        invalid,
                        sealed(squeezed.putInt(COUNT_AT, 3).putInt(LAST_OFFSET_DELTA_AT, 2))),
                Arguments.of("zstd that is garbled", invalid, sealed(garbled)),
                Arguments.of(
                        "two batches where one is allowed",
                        invalid,
                        ByteBuffer.allocate(2 * batch().limit())
                                .put(batch())
                                .put(batch())
                                .flip()));
    }

    private static ByteBuffer shortened(ByteBuffer batch, int bytes) {
        int shorter = batch.limit() - bytes;
        batch.putInt(LENGTH_AT, shorter - 12);
        return batch.putInt(CRC_AT, (int) Crc32C.compute(batch, ATTRIBUTES_AT, shorter - ATTRIBUTES_AT));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void aBatchThatLiesIsRefusedAndNotStored(String what, Errors error, ByteBuffer batch) throws Exception {
        long end = end();
        assertThat(Wire.produce(broker.port(), LIED_TO.topic(), 0, batch)).isEqualTo(error);
        assertThat(end()).isEqualTo(end);
        assertThat(Wire.produce(broker.port(), LIED_TO.topic(), 0, batch()))
                .as("the truth")
                .isEqualTo(Errors.NONE);
        assertThat(end()).isEqualTo(end + 2);
    }

    private static long end() throws Exception {
        return admin.listOffsets(Map.of(LIED_TO, OffsetSpec.latest()))
                .partitionResult(LIED_TO)
                .get()
                .offset();
    }

    @Test
    void topicsWithIllegalNamesAreRefusedByEachWayToMakeThem() throws Exception {
        List<String> before = directories();
        for (String name : List.of(
                "",
                ".",
                "..",
                "../up",
                "a/b",
                "a b",
                "tab\t",
                "nul\0",
                "ümlaut",
                "x".repeat(250),
                "a\\b",
                "new\nline")) {
            short version = 7;
            CreateTopicsRequestData create = new CreateTopicsRequestData().setTimeoutMs(5000);
            create.topics()
                    .add(new CreatableTopic().setName(name).setNumPartitions(1).setReplicationFactor((short) 1));
            MetadataRequestData ask = new MetadataRequestData()
                    .setAllowAutoTopicCreation(true)
                    .setTopics(List.of(new MetadataRequestTopic().setName(name)));
            try (Wire wire = Wire.to(broker.port())) {
                wire.send(Wire.frame(ApiKeys.CREATE_TOPICS, version, 1, create));
                var created = (CreateTopicsResponseData) wire.answer(ApiKeys.CREATE_TOPICS, version, 1);
                assertThat(created.topics())
                        .singleElement()
                        .matches(each -> Errors.forCode(each.errorCode()) == Errors.INVALID_TOPIC_EXCEPTION, name);
                wire.send(Wire.frame(ApiKeys.METADATA, (short) 12, 2, ask));
                var described = (MetadataResponseData) wire.answer(ApiKeys.METADATA, (short) 12, 2);
                assertThat(described.topics())
                        .singleElement()
                        .matches(each -> Errors.forCode(each.errorCode()) == Errors.INVALID_TOPIC_EXCEPTION, name);
            }
            assertThat(Wire.produce(broker.port(), name, 0, batch())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        assertThat(directories()).isEqualTo(before);
    }

    private static List<String> directories() throws IOException {
        try (var all = Files.list(data)) {
            return all.filter(Files::isDirectory)
                    .map(each -> String.valueOf(each.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aMillionPartitionsAreRefusedAtOnceHoweverTheyAreAskedFor() throws Exception {
        List<String> before = directories();
        long begun = System.nanoTime();
        assertThatThrownBy(() -> admin.createTopics(List.of(new NewTopic("million", 1_000_000, (short) 1)))
                        .all()
                        .get())
                .hasCauseInstanceOf(PolicyViolationException.class);
        List<NewTopic> thousandTimesThousand = IntStream.range(0, 1000)
                .mapToObj(i -> new NewTopic("thousand-" + i, 1000, (short) 1))
                .toList();
        assertThatThrownBy(() -> admin.createTopics(thousandTimesThousand).all().get())
                .hasCauseInstanceOf(PolicyViolationException.class);
        assertThatThrownBy(() -> admin.createPartitions(Map.of("good", NewPartitions.increaseTo(1_000_000)))
                        .all()
                        .get())
                .satisfies(refused -> assertThat(refused.getCause())
                        .isInstanceOfAny(PolicyViolationException.class, InvalidPartitionsException.class));
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        assertThat(directories()).isEqualTo(before);
    }

    /** An array of millions fits in the frame that is allowed; the objects it would become do not fit in the heap. */
    @Test
    void anArrayOfMillionsIsRefusedBeforeItIsMade() throws IOException {
        int topics = 20_000_000;
        byte[] body = ByteBuffer.allocate(4 + 2 * topics).putInt(topics).array();
        assertThat(offend(Wire.frame(ApiKeys.METADATA, (short) 1, 1, body))).isZero();
    }

    @Test
    void aClientThatSendsByteByByteIsAnswered() throws IOException {
        byte[] request = Wire.frame(
                ApiKeys.API_VERSIONS,
                (short) 3,
                5,
                new ApiVersionsRequestData().setClientSoftwareName("slow").setClientSoftwareVersion("1"));
        try (Wire wire = Wire.to(broker.port())) {
            for (byte each : request) {
                wire.send(new byte[] {each});
            }
            wire.finish(); // half closed, and still owed an answer
            var answer = (ApiVersionsResponseData) wire.answer(ApiKeys.API_VERSIONS, (short) 3, 5);
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
            assertThat(wire.answersUntilClosed()).isZero();
        }
    }

    /** Their requests would fill the heap with answers, were they read before somebody takes the answers. */
    @Test
    void clientsThatNeverReadTheirAnswersAreNotRead() throws Exception {
        byte[] request = Wire.frame(ApiKeys.METADATA, (short) 12, 1, new MetadataRequestData().setTopics(null));
        ByteBuffer many = ByteBuffer.allocate(1000 * request.length);
        while (many.hasRemaining()) {
            many.put(request);
        }
        List<Wire> deaf = new ArrayList<>();
        List<Thread> writers = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                Wire wire = Wire.to(broker.port());
                deaf.add(wire);
                writers.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int n = 0; n < 1000; n++) {
                            wire.send(many.array()); // stops when the broker stops reading, until closed
                        }
                    } catch (IOException closed) {
                        assertThat(closed).isNotNull();
                    }
                }));
            }
            bystander.expectServed();
            bystander.expectServed();
        } finally {
            for (Wire wire : deaf) {
                wire.close();
            }
        }
        for (Thread writer : writers) {
            writer.join();
        }
    }

    @Test
    void thousandsOfIdleAndHalfOpenConnectionsAreHeldAndDisturbNobody() throws Exception {
        List<Wire> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 2_000; i++) {
                Wire wire = Wire.to(broker.port());
                idle.add(wire);
                switch (i % 4) {
                    case 0 -> wire.send(new byte[] {0, 0, 1, 0, 0}); // half a frame, and then nothing
                    case 1 ->
                        wire.send(ByteBuffer.allocate(9).putInt(100_000_000).array()); // most of one is missing
                    case 2 -> wire.send(Wire.frame(ApiKeys.API_VERSIONS, (short) 0, 1, new ApiVersionsRequestData()));
                    default -> assertThat(wire).isNotNull(); // says nothing at all
                }
            }
            bystander.expectServed();
            for (int i = 2; i < idle.size(); i += 4) {
                assertThat(idle.get(i).answer(ApiKeys.API_VERSIONS, (short) 0, 1))
                        .isNotNull();
            }
            // those that were silent until now are still served
            for (int i = 3; i < idle.size(); i += 40) {
                idle.get(i).send(Wire.frame(ApiKeys.API_VERSIONS, (short) 0, 2, new ApiVersionsRequestData()));
                assertThat(idle.get(i).answer(ApiKeys.API_VERSIONS, (short) 0, 2))
                        .isNotNull();
            }
        } finally {
            for (Wire wire : idle) {
                wire.close();
            }
        }
    }

    /** The same thousands of bad frames a second time leave the process no larger than the first. */
    @Test
    void badFramesAndIdleConnectionsLeaveNoMemoryBehind() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "needs /proc");
        misbehave(0);
        long before = residentBytes();
        misbehave(1);
        long grown = residentBytes() - before;
        System.out.println("resident before " + (before >> 10) + " KiB, grown by " + (grown >> 10) + " KiB");
        assertThat(grown).as("growth of the process").isLessThan(32L << 20);
        assertThat(residentBytes()).as("the process").isLessThan(512L << 20);
    }

    private void misbehave(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] wellFormed = Wire.frame(ApiKeys.METADATA, (short) 12, 1, new MetadataRequestData().setTopics(null));
        for (int i = 0; i < 1500; i++) {
            byte[] bytes = wellFormed.clone();
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                bytes[4 + random.nextInt(bytes.length - 4)] = (byte) random.nextInt();
            }
            offend(bytes);
        }
        byte[] large = new byte[1 << 20];
        random.nextBytes(large);
        for (int i = 0; i < 20; i++) {
            offend(Wire.frame(ApiKeys.PRODUCE, (short) 11, 1, large));
        }
        List<Wire> idle = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Wire wire = Wire.to(broker.port());
            idle.add(wire);
            wire.send(ByteBuffer.allocate(1000).putInt(100_000_000).array());
        }
        bystander.expectServed();
        for (Wire wire : idle) {
            wire.close();
        }
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + broker.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
