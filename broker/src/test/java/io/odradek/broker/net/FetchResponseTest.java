package io.odradek.broker.net;

import static io.odradek.broker.net.ServerFixture.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.net.NetworkOptions.Transport;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.FetchResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Records that leave by file region and from memory. */
class FetchResponseTest {

    /** {@code KafkaConnection}'s bound. */
    private static final int MAX_OPEN_SENDS = 8;

    /** The largest send buffer that Linux gives a connection by itself (tcp_wmem). */
    private static final int KERNEL_BUFFER_BYTES = 4 << 20;

    @TempDir
    Path directory = Path.of("set by JUnit");

    /** A file to read from. */
    private static final class ReadOnlyFile implements StoreFile {
        private final Path path;
        private final FileChannel channel;
        private final boolean transferable;

        ReadOnlyFile(Path path, boolean transferable) throws IOException {
            this.path = path;
            this.channel = FileChannel.open(path, StandardOpenOption.READ);
            this.transferable = transferable;
        }

        @Override
        public long fileSystemId() {
            return 0;
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            int total = 0;
            while (target.hasRemaining()) {
                int read = channel.read(target, position + total);
                if (read < 0) {
                    break;
                }
                total += read;
            }
            return total;
        }

        @Override
        public void preallocate(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void append(ByteBuffer[] sources, int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void write(ByteBuffer source, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void truncate(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sync() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ByteBuffer map(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable FileChannel transferChannel() {
            return transferable ? channel : null;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Counts how often it is closed. */
    private static final class Slices implements FetchedSlices {
        private final List<Slice> slices;
        private final AtomicInteger closes = new AtomicInteger();

        Slices(List<Slice> slices) {
            this.slices = slices;
        }

        @Override
        public List<Slice> slices() {
            return slices;
        }

        @Override
        public int sizeBytes() {
            return slices.stream().mapToInt(Slice::lengthBytes).sum();
        }

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }

    private final Queue<Slices> made = new ConcurrentLinkedQueue<>();

    private void everySliceWasClosedOnce() {
        await().untilAsserted(() ->
                assertThat(made).isNotEmpty().allMatch(slices -> slices.closes.get() == 1, "closed once"));
    }

    private ReadOnlyFile file(byte[] content, boolean transferable) throws IOException {
        Path path = Files.createTempFile(directory, "log", null);
        Files.write(path, content);
        return new ReadOnlyFile(path, transferable);
    }

    private static byte[] batch(Random random, int valueBytes) {
        byte[] value = new byte[valueBytes];
        random.nextBytes(value);
        ByteBuffer buffer = MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(1, value))
                .buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static FetchResponseData response(List<FetchedSlices> partitions) {
        List<PartitionData> data = new ArrayList<>();
        for (int i = 0; i < partitions.size(); i++) {
            data.add(new PartitionData()
                    .setPartitionIndex(i)
                    .setHighWatermark(100 + i)
                    .setRecords(new SlicedRecords(partitions.get(i), FetchResponseTest::unreadable)));
        }
        return new FetchResponseData()
                .setResponses(List.of(new FetchableTopicResponse().setTopic("t").setPartitions(data)));
    }

    static Stream<Transport> transports() {
        return KafkaServerTest.transports();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void recordsFromFilesAndMemoryArriveByteForByte(Transport transport) throws Exception {
        Random random = new Random(7);
        List<List<byte[]>> expected = new ArrayList<>();
        List<ReadOnlyFile> files = new ArrayList<>();
        ApiHandler fetch = (request, reply) -> {
            try {
                List<FetchedSlices> partitions = new ArrayList<>();
                List<byte[]> bytes = new ArrayList<>();
                int count = random.nextInt(5);
                for (int p = 0; p < count; p++) {
                    List<FetchedSlices.Slice> slices = new ArrayList<>();
                    java.io.ByteArrayOutputStream whole = new java.io.ByteArrayOutputStream();
                    int parts = random.nextInt(4);
                    for (int s = 0; s < parts; s++) {
                        byte[] batch = batch(random, random.nextInt(random.nextInt(10) == 0 ? 3_000_000 : 5_000));
                        whole.write(batch);
                        switch (random.nextInt(4)) {
                            case 0 -> {
                                byte[] padded = new byte[batch.length + 20];
                                System.arraycopy(batch, 0, padded, 10, batch.length);
                                ReadOnlyFile file = file(padded, random.nextBoolean());
                                files.add(file);
                                slices.add(new FetchedSlices.FileSlice(file, 10, batch.length));
                            }
                            case 1 ->
                                slices.add(new FetchedSlices.MemorySlice(
                                        ByteBuffer.wrap(batch).asReadOnlyBuffer()));
                            case 2 -> {
                                ByteBuffer direct = ByteBuffer.allocateDirect(batch.length + 9);
                                direct.position(9).put(batch).position(9);
                                slices.add(new FetchedSlices.MemorySlice(direct.asReadOnlyBuffer()));
                            }
                            default -> {
                                ReadOnlyFile file = file(batch, true);
                                files.add(file);
                                int cut = random.nextInt(batch.length);
                                slices.add(new FetchedSlices.FileSlice(file, 0, cut));
                                slices.add(new FetchedSlices.FileSlice(file, cut, batch.length - cut));
                            }
                        }
                    }
                    Slices fetched = new Slices(slices);
                    made.add(fetched);
                    partitions.add(fetched);
                    bytes.add(whole.toByteArray());
                }
                expected.add(bytes);
                reply.send(response(partitions));
            } catch (IOException failure) {
                throw new AssertionError(failure);
            }
        };
        try (ServerFixture fixture =
                new ServerFixture(options().withTransport(transport), Map.of(ApiKeys.FETCH, fetch))) {
            try (WireClient client = fixture.connect()) {
                for (int i = 0; i < 60; i++) {
                    client.write(WireClient.frame(ApiKeys.FETCH, 12, i, new FetchRequestData()));
                    ByteBuffer response = client.read();
                    assertThat(response.getInt()).isEqualTo(i);
                    response.get();
                    FetchResponse parsed = FetchResponse.parse(new ByteBufferAccessor(response), (short) 12);
                    assertThat(response.remaining()).isZero();
                    List<PartitionData> got =
                            parsed.data().responses().getFirst().partitions();
                    List<byte[]> want = expected.get(i);
                    assertThat(got).hasSize(want.size());
                    for (int p = 0; p < want.size(); p++) {
                        assertThat(got.get(p).highWatermark()).isEqualTo(100 + p);
                        MemoryRecords records = (MemoryRecords) got.get(p).records();
                        assertThat(records.buffer()).isEqualTo(ByteBuffer.wrap(want.get(p)));
                        records.batches().forEach(batch -> batch.ensureValid());
                    }
                }
            }
            everySliceWasClosedOnce();
            for (ReadOnlyFile file : files) {
                assertThat(file.channel.isOpen())
                        .as("the log's file stays open")
                        .isTrue();
                file.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aClientThatLeavesInTheMiddleCostsNothing(Transport transport) throws Exception {
        byte[] content = new byte[4_000_000];
        try (ReadOnlyFile file = file(content, true);
                ServerFixture fixture = new ServerFixture(
                        options().withTransport(transport), Map.of(ApiKeys.FETCH, (request, reply) -> {
                            Slices slices = new Slices(List.of(
                                    new FetchedSlices.FileSlice(file, 0, content.length),
                                    new FetchedSlices.MemorySlice(ByteBuffer.allocateDirect(1_000_000))));
                            made.add(slices);
                            reply.send(response(List.of(slices)));
                        }))) {
            for (int i = 0; i < 20; i++) {
                WireClient client = new WireClient(fixture.server.port("PLAINTEXT"), 4096);
                for (int j = 0; j < 12; j++) {
                    client.write(WireClient.frame(ApiKeys.FETCH, 12, j, new FetchRequestData()));
                }
                int before = i;
                await().until(() -> made.size() > before);
                if (i % 2 == 0) {
                    client.abort();
                } else {
                    client.close();
                }
            }
            await().until(() -> fixture.server.connections() == 0);
            everySliceWasClosedOnce();
            fixture.roundTrip();
            assertThat(file.channel.isOpen()).isTrue();
        }
    }

    @Test
    void aSlowReaderHoldsAFewResponsesNotAll() throws Exception {
        byte[] content = new byte[200_000];
        try (ReadOnlyFile file = file(content, true);
                ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.FETCH, (request, reply) -> {
                    Slices slices = new Slices(List.of(new FetchedSlices.FileSlice(file, 0, content.length)));
                    made.add(slices);
                    reply.send(response(List.of(slices)));
                }));
                WireClient client = new WireClient(fixture.server.port("PLAINTEXT"), 4096)) {
            int requests = 200;
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < requests; i++) {
                        client.write(WireClient.frame(ApiKeys.FETCH, 12, i, new FetchRequestData()));
                    }
                } catch (IOException cut) {
                    throw new AssertionError(cut);
                }
            });
            await().until(() -> !made.isEmpty());
            fixture.roundTrip();
            // those without an answer, those being sent, and what the kernel has already taken for the client
            int taken = KERNEL_BUFFER_BYTES / content.length + 1;
            assertThat(made.size())
                    .isLessThanOrEqualTo(options().limits().maxPipelinedRequests() + MAX_OPEN_SENDS + taken)
                    .isLessThan(requests / 2);
            for (int i = 0; i < requests; i++) {
                assertThat(client.read().getInt()).isEqualTo(i);
            }
            writer.join();
            assertThat(made).hasSize(requests);
            everySliceWasClosedOnce();
        }
    }

    /** A fault of ours, told once, and nothing is left open. */
    @Test
    void aResponseThatCannotBeWrittenClosesTheConnectionAndItsSlices() throws Exception {
        try (ReadOnlyFile file = file(new byte[100], true);
                ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.FETCH, (request, reply) -> {
                    Slices slices = new Slices(List.of(new FetchedSlices.FileSlice(file, 0, 100)));
                    made.add(slices);
                    FetchResponseData response = response(List.of(slices));
                    response.responses().getFirst().setTopic(null); // no version may
                    reply.send(response);
                }));
                WireClient client = fixture.connect()) {
            client.write(WireClient.frame(ApiKeys.FETCH, 4, 1, new FetchRequestData()));
            client.readToEnd();
            everySliceWasClosedOnce();
            assertThat(fixture.lines()).hasSizeLessThanOrEqualTo(1);
        }
    }

    private static void unreadable(IOException cause) {
        throw new AssertionError(cause);
    }
}
