package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One log of 16 x 1 KiB batches, a millisecond apart, and the same as Kafka writes it; all of it is in the page cache. Where to
 * read is drawn from the same seed.
 */
public final class ReadableLogs {
    private static final Shape SHAPE = new Shape(16, 1024);
    private static final long FIRST_MS = 1_700_000_000_000L;
    static final long SEED = 42;

    /** Same for both. */
    @State(Scope.Benchmark)
    public static class Load {
        @Param("256")
        public int volumeMiB;

        /** For JMH. */
        public Load() {}

        long batches() {
            return Math.max(1, ((long) volumeMiB << 20) / SHAPE.payloadBytes());
        }

        /** Offsets in the log. */
        long offsets() {
            return batches() * SHAPE.records();
        }
    }

    /** Odradek's. */
    @State(Scope.Benchmark)
    public static class Odradek {
        private final SplittableRandom random = new SplittableRandom(SEED);
        private Workplace place;
        private OdradekLogs logs;
        LogView view;
        private long offsets;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Odradek() {}

        @Setup(Level.Trial)
        public void open(Load load) throws IOException {
            place = Workplace.create();
            logs = new OdradekLogs(
                    place.path(),
                    1,
                    LogConfig.defaults()
                            .withDurability(new Durability.PageCache())
                            .withTimestampAfterMaxMs(Long.MAX_VALUE));
            PartitionLog log = logs.log(0);
            logs.fill(log, SHAPE.batch(), load.batches(), FIRST_MS, 1);
            view = log.view();
            offsets = load.offsets();
        }

        Path path() {
            return place.path();
        }

        FetchedSlices read(int maxBytes) throws IOException {
            try {
                return LogReader.read(view, random.nextLong(offsets), view.end(), maxBytes, true);
            } catch (OffsetOutOfRangeException e) {
                throw new IllegalStateException("the log has all offsets below its end", e);
            }
        }

        /** Copies what was read; returns how much. */
        int readInto(ByteBuffer target, int maxBytes) throws IOException {
            target.clear();
            try (FetchedSlices slices = read(maxBytes)) {
                for (FetchedSlices.Slice slice : slices.slices()) {
                    switch (slice) {
                        case FileSlice(var file, long position, int length) ->
                            file.read(target.limit(target.position() + length), position);
                        case MemorySlice(ByteBuffer bytes) -> target.put(bytes.duplicate());
                    }
                }
                return target.position();
            }
        }

        long timestamp() {
            return FIRST_MS + random.nextLong(offsets / SHAPE.records());
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            logs.close();
            place.close();
        }
    }

    /** Kafka's. */
    @State(Scope.Benchmark)
    public static class Kafka {
        private final SplittableRandom random = new SplittableRandom(SEED);
        private Workplace place;
        private KafkaLogs logs;
        UnifiedLog log;
        private long offsets;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Kafka() {}

        @Setup(Level.Trial)
        public void open(Load load) throws IOException {
            place = Workplace.create();
            logs = new KafkaLogs(KafkaLogs.directories(place.path(), 1), Map.of(), true, 1);
            log = logs.log(0);
            KafkaLogs.fill(log, SHAPE.batch(), load.batches(), FIRST_MS, 1);
            offsets = load.offsets();
        }

        Path path() {
            return place.path();
        }

        FileRecords read(int maxBytes) throws IOException {
            FetchDataInfo read = log.read(random.nextLong(offsets), maxBytes, FetchIsolation.LOG_END, true);
            if (read.records instanceof FileRecords records) {
                return records;
            }
            throw new IllegalStateException("the log has all offsets below its end");
        }

        int readInto(ByteBuffer target, int maxBytes) throws IOException {
            target.clear();
            read(maxBytes).readInto(target, 0);
            return target.limit();
        }

        long timestamp() {
            return FIRST_MS + random.nextLong(offsets / SHAPE.records());
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            logs.close();
            place.close();
        }
    }

    /** Largest run of bytes that a reader asks for here, and room for the one batch it gets at least. */
    static ByteBuffer target(int maxBytes) {
        return ByteBuffer.allocateDirect(Math.max(maxBytes, 2 * (int) SHAPE.payloadBytes()));
    }

    private ReadableLogs() {}
}
