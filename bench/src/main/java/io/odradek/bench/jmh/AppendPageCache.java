package io.odradek.bench.jmh;

import io.aeron.ExclusivePublication;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.writepath.Shard;
import io.odradek.engine.writepath.ShardObserver;
import io.odradek.engine.writepath.WritePath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import org.agrona.concurrent.UnsafeBuffer;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * One thread appends a fixed number of batches to empty logs in turn, page-cache durability. The work is fixed, not the time: a
 * faster log would otherwise have to write more, until the kernel holds it up. Each run has fresh files.
 *
 * <p>{@code odradek}, in groups of one, and {@code unifiedLog} do the same on the calling thread for one batch after the other:
 * check every record, assign the offset, write, index, publish. In a group of 16, batches are handed over before they are written, as
 * a request of a producer has them. Odradek has its batches outside the heap and Kafka on it, where each receives them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
public class AppendPageCache {
    /** Batches of the largest group; a run writes whole ones. */
    private static final int GROUP = 16;

    private static final int MOST_BATCHES = 160_000;

    @Param({"1x100B", "16x1KiB", "64x1KiB"})
    public String shape = "";

    @Param({"1", "16", "100", "1000"})
    public int partitions;

    /** Written in one run, at most. */
    @Param("256")
    public int volumeMiB;

    private int count;

    /** For JMH. */
    public AppendPageCache() {}

    /** What one run writes: whole groups, at least one batch for each partition. */
    static Amount perRun(Params params) {
        Shape shape = params.shape();
        long volume = (long) params.number("volumeMiB") << 20;
        long groups =
                Math.min(MOST_BATCHES, Math.max(params.number("partitions"), volume / shape.payloadBytes())) / GROUP;
        long batches = Math.max(1, groups) * GROUP;
        return new Amount(batches, "batches", batches * shape.payloadBytes());
    }

    @Setup
    public void prepare(BenchmarkParams params) {
        count = (int) perRun(Params.of(params)).operations();
    }

    /** Odradek's write path, all stages on one thread. */
    @State(Scope.Benchmark)
    public static class Odradek extends OpenedPerRun {
        /** {@code odradek.append.ahead.bytes}. */
        @Param("0")
        public int appendAhead;

        private final ByteBuffer[] buffers = new ByteBuffer[GROUP];
        private OdradekLogs logs;
        private WritePath writePath;
        private int settled;
        private long groupNowMs;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Odradek() {}

        @Override
        void start(Params params, Path path) throws IOException {
            Arrays.setAll(buffers, _ -> Shape.direct(params.shape().batch()));
            logs = new OdradekLogs(
                    path,
                    params.number("partitions"),
                    LogConfig.defaults()
                            .withDurability(new Durability.PageCache())
                            .withAppendAheadBytes(appendAhead));
            writePath = new WritePath(
                    new Shard.Options("measured", 1024, 64 << 20, "block"),
                    logs.directory,
                    new GroupSync(logs.store, path, GroupSync.Strategy.AUTO),
                    (_, _) -> {},
                    InstantSource.system(),
                    ShardObserver.NONE);
            settled = 0;
        }

        /** The next batch of a group, the one in the buffer of this number. */
        void handOver(int buffer, int partition) {
            if (buffer == 0) {
                groupNowMs = System.currentTimeMillis();
            }
            Shape.asSent(buffers[buffer]);
            boolean taken = writePath.tryWriteUnannounced(
                    logs.log(partition),
                    logs.checked(buffers[buffer], BufferLease.UNPOOLED, groupNowMs),
                    OdradekLogs.EPOCH,
                    outcome -> {
                        OdradekLogs.appended(outcome);
                        settled++;
                    });
            if (!taken) {
                throw new IllegalStateException("the ring is full with one group in it");
            }
        }

        void writeAndSettle() {
            writePath.append(Integer.MAX_VALUE);
            writePath.settle();
        }

        @Override
        void stop() throws IOException {
            writePath.close();
            logs.close();
        }
    }

    /** Only of those that can write several batches at a time. */
    @State(Scope.Benchmark)
    public static class Grouping {
        @Param({"1", "16"})
        public int group;

        /** For JMH. */
        public Grouping() {}
    }

    @Benchmark
    public int odradek(Odradek to, Grouping by) {
        for (int i = 0; i < count; i++) {
            int inGroup = i % by.group;
            to.handOver(inGroup, i % partitions);
            if (inGroup == by.group - 1) {
                to.writeAndSettle();
            }
        }
        return all(to.settled);
    }

    private int all(int appended) {
        if (appended != count) {
            throw new IllegalStateException(appended + " of " + count + " batches were appended");
        }
        return appended;
    }

    /** Kafka's logs. */
    @State(Scope.Benchmark)
    public static class Kafka extends OpenedPerRun {
        private ByteBuffer batch;
        private KafkaLogs logs;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Kafka() {}

        @Override
        void start(Params params, Path path) throws IOException {
            batch = ByteBuffer.wrap(params.shape().batch());
            logs = new KafkaLogs(path, params.number("partitions"), Map.of());
        }

        @Override
        void stop() throws IOException {
            logs.close();
        }
    }

    @Benchmark
    public int unifiedLog(Kafka to) throws IOException {
        for (int i = 0; i < count; i++) {
            UnifiedLog log = to.logs.log(i % partitions);
            KafkaLogs.append(log, to.batch);
        }
        return count;
    }

    /** Plain files, one for each partition. */
    @State(Scope.Benchmark)
    public static class Raw extends OpenedPerRun {
        private final CRC32C crc = new CRC32C();
        private final ByteBuffer[] copies = new ByteBuffer[GROUP];
        private ByteBuffer batch;
        private RawFiles files;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Raw() {}

        @Override
        void start(Params params, Path path) throws IOException {
            batch = Shape.direct(params.shape().batch());
            Arrays.setAll(copies, _ -> Shape.direct(params.shape().batch()));
            files = new RawFiles(path, params.number("partitions"));
        }

        @Override
        void stop() throws IOException {
            files.close();
        }
    }

    @Benchmark
    public int rawFile(Raw to) throws IOException {
        for (int i = 0; i < count; i++) {
            to.files.write(i % partitions, to.batch);
        }
        return count;
    }

    /** Copy, checksum, and one write for a group, all of one file: more than a log of several partitions can do. */
    @Benchmark
    public long ceiling(Raw to, Grouping by) throws IOException {
        ByteBuffer[] copies = Arrays.copyOf(to.copies, by.group);
        long checksums = 0;
        for (int i = 0; i < count; i += by.group) {
            for (ByteBuffer copy : copies) {
                checksums += RawFiles.copyAndCheck(to.batch, copy, to.crc);
            }
            to.files.write(i / by.group % partitions, copies);
        }
        return checksums;
    }

    /** A queue for each partition, its default configuration; a batch is one excerpt, which is mapped memory. */
    @State(Scope.Benchmark)
    public static class Chronicle extends OpenedPerRun {
        private Bytes<ByteBuffer> batch;
        private ChronicleQueue[] queues;
        private ExcerptAppender[] appenders;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Chronicle() {}

        @Override
        void start(Params params, Path path) throws IOException {
            batch = Bytes.wrapForRead(Shape.direct(params.shape().batch()));
            queues = new ChronicleQueue[params.number("partitions")];
            appenders = new ExcerptAppender[params.number("partitions")];
            for (int i = 0; i < queues.length; i++) {
                queues[i] = ChronicleQueue.singleBuilder(path.resolve("q" + i).toFile())
                        .build();
                appenders[i] = queues[i].createAppender();
            }
        }

        @Override
        void stop() throws IOException {
            for (int i = 0; i < queues.length; i++) {
                appenders[i].close();
                queues[i].close();
            }
            batch.releaseLast();
        }
    }

    @Benchmark
    public int chronicleQueue(Chronicle to) {
        for (int i = 0; i < count; i++) {
            to.batch.readPosition(0);
            to.appenders[i % partitions].writeBytes(to.batch);
        }
        return count;
    }

    /** One recorded publication, whatever the number of partitions: an archive is one stream's recording. */
    @State(Scope.Benchmark)
    public static class Aeron extends OpenedPerRun {
        private UnsafeBuffer batch;
        private AeronRecording recording;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Aeron() {}

        @Override
        void start(Params params, Path path) throws IOException {
            batch = new UnsafeBuffer(Shape.direct(params.shape().batch()));
            recording = new AeronRecording(path);
        }

        @Override
        void stop() throws IOException {
            recording.close();
        }
    }

    /** Ends when the archive has written the last batch. */
    @Benchmark
    public long aeronArchive(Aeron to) {
        ExclusivePublication publication = to.recording.publication();
        for (int i = 0; i < count; i++) {
            AeronRecording.offer(publication, to.batch);
        }
        to.recording.awaitRecorded(publication.position());
        return publication.position();
    }
}
