package io.odradek.spec.compatibility;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever one client sends, it is answered or closed, and a well-behaved producer and consumer go on undisturbed. */
final class BadInputTest {
    private static final short PRODUCE_VERSION = 11;
    private static final TopicPartition GOOD = new TopicPartition("good", 0);

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static RunningBroker broker;

    @SuppressWarnings("NullAway.Init") // by start()
    private static KafkaProducer<String, String> producer;

    @SuppressWarnings("NullAway.Init") // by start()
    private static KafkaConsumer<String, String> consumer;

    private static int produced;

    @BeforeAll
    static void start() throws IOException {
        broker = RunningBroker.on(data);
        producer = broker.producer(Map.of("delivery.timeout.ms", "10000", "request.timeout.ms", "5000"));
        consumer = broker.consumer(Map.of());
        consumer.assign(List.of(GOOD));
    }

    @AfterAll
    static void stop() {
        producer.close();
        consumer.close();
        broker.close();
    }

    /** On connections of their own, open all the time: each record sent is read, and nothing else is. */
    @AfterEach
    void othersAreServed() throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(producer.send(new ProducerRecord<>("good", "" + produced))
                            .get()
                            .offset())
                    .isEqualTo(produced);
            produced++;
        }
        List<String> read = new ArrayList<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (read.size() < 10 && System.nanoTime() < deadline) {
            consumer.poll(Duration.ofSeconds(1)).forEach(record -> read.add(record.value()));
        }
        assertThat(read).hasSize(10).last().isEqualTo("" + (produced - 1));
    }

    @Test
    void randomBytesAreClosed() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            if (i % 2 == 0) { // as a frame of the right length
                bytes = ByteBuffer.allocate(4 + bytes.length)
                        .putInt(bytes.length)
                        .put(bytes)
                        .array();
            }
            answeredOrClosed(bytes, "seed " + seed + " round " + i);
        }
    }

    @Test
    void framesThatLieAboutTheirSizeAreClosed() throws IOException {
        for (int claimed : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 0, 3, 104857601, 1000}) {
            answeredOrClosed(ByteBuffer.allocate(14).putInt(claimed).array(), "claimed " + claimed);
        }
    }

    @Test
    void unknownKeysAndVersionsAreClosed() throws IOException {
        for (int key : new int[] {-1, 4, 93, 1000, ApiKeys.PRODUCE.id, ApiKeys.FETCH.id}) {
            for (int version : new int[] {-1, 99, Short.MAX_VALUE}) {
                answeredOrClosed(
                        ByteBuffer.allocate(14)
                                .putInt(10)
                                .putShort((short) key)
                                .putShort((short) version)
                                .putInt(9)
                                .putShort((short) -1)
                                .array(),
                        "key " + key + " version " + version);
            }
        }
    }

    /** Byte positions within a batch: KIP-98's layout. */
    @Test
    void aBatchThatLiesIsRefusedAndNotStored() throws Exception {
        try (Admin admin = broker.admin()) {
            admin.createTopics(List.of(new NewTopic("lied-to", 1, (short) 1)))
                    .all()
                    .get();
        }
        assertThat(produce("lied-to", batch())).isEqualTo(Errors.NONE);
        assertThat(produce("lied-to", batch().putInt(17, 12345))).isEqualTo(Errors.CORRUPT_MESSAGE); // CRC
        assertThat(produce("lied-to", batch().putInt(57, 7))).isEqualTo(Errors.CORRUPT_MESSAGE); // count, under the CRC
        assertThat(produce("lied-to", batch().putInt(8, 5))).isEqualTo(Errors.CORRUPT_MESSAGE); // length too small
        assertThat(produce("lied-to", batch().putInt(8, 1 << 20))).isNotEqualTo(Errors.NONE); // length past the end
        assertThat(produce("lied-to", batch().put(16, (byte) 1))).isNotEqualTo(Errors.NONE); // magic
        assertThat(produce("lied-to", batch())).isEqualTo(Errors.NONE);
        try (KafkaConsumer<String, String> reader = broker.consumer(Map.of())) {
            TopicPartition partition = new TopicPartition("lied-to", 0);
            assertThat(reader.endOffsets(List.of(partition))).containsEntry(partition, 4L); // two good batches of two
        }
        assertThat(produce("not a topic's name", batch())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    @Test
    void aMillionPartitionsAreRefusedAtOnce() {
        try (Admin admin = broker.admin()) {
            long begun = System.nanoTime();
            assertThatThrownBy(() -> admin.createTopics(List.of(new NewTopic("million", 1_000_000, (short) 1)))
                            .all()
                            .get())
                    .hasCauseInstanceOf(PolicyViolationException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    void hundredsOfIdleConnectionsAreHeldAndDisturbNobody() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 500; i++) {
                Socket socket = connect();
                idle.add(socket);
                if (i % 2 == 0) { // half a frame, and then nothing
                    socket.getOutputStream().write(new byte[] {0, 0, 1, 0, 0});
                }
            }
            othersAreServed();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private static ByteBuffer batch() {
        return MemoryRecords.withRecords(
                        Compression.NONE,
                        new SimpleRecord("a".getBytes(US_ASCII)),
                        new SimpleRecord("b".getBytes(US_ASCII)))
                .buffer();
    }

    private static Errors produce(String topic, ByteBuffer records) throws IOException {
        ProduceRequestData request =
                new ProduceRequestData().setAcks((short) -1).setTimeoutMs(5000);
        request.topicData()
                .add(new ProduceRequestData.TopicProduceData()
                        .setName(topic)
                        .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData()
                                .setIndex(0)
                                .setRecords(MemoryRecords.readableRecords(records)))));
        RequestHeader header = new RequestHeader(ApiKeys.PRODUCE, PRODUCE_VERSION, "liar", 1);
        ByteBuffer body = RequestUtils.serialize(header.data(), header.headerVersion(), request, PRODUCE_VERSION);
        ByteBuffer frame = ByteBuffer.allocate(4 + body.remaining())
                .putInt(body.remaining())
                .put(body);
        try (Socket socket = connect()) {
            socket.getOutputStream().write(frame.array());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            ByteBuffer response = ByteBuffer.wrap(in.readNBytes(in.readInt()));
            assertThat(response.getInt()).isEqualTo(1);
            response.get(); // no tagged fields
            ProduceResponseData answer = new ProduceResponseData(new ByteBufferAccessor(response), PRODUCE_VERSION);
            return Errors.forCode(answer.responses().stream()
                    .findFirst()
                    .orElseThrow()
                    .partitionResponses()
                    .getFirst()
                    .errorCode());
        }
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void answeredOrClosed(byte[] bytes, String what) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                int size = in.readInt();
                assertThat(size).as(what).isBetween(4, 1 << 20);
                in.readFully(new byte[size]);
            }
        } catch (EOFException | SocketException closed) {
            assertThat(closed).as(what).isNotNull(); // a timeout would have come out
        }
    }
}
