package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A fetch at a random offset, copied into memory from a segment none of which is in the page cache: before each, outside of what is
 * timed, its pages are dropped. {@code rawFile} reads as many bytes at a random position of our segment with one system
 * call; what is more is for finding where.
 */
public class ReadCold extends FetchMeasure {
    /** For JMH. */
    public ReadCold() {}

    /** Forgets the segments again and again. */
    @State(Scope.Benchmark)
    public static class Forgetting {
        private @Nullable DroppedPages pages;

        /** For JMH. */
        public Forgetting() {}

        DroppedPages forget(Path directory) throws IOException {
            DroppedPages known = pages;
            if (known == null) {
                known = new DroppedPages(directory);
                pages = known;
            }
            known.drop();
            return known;
        }

        @TearDown(Level.Trial)
        public void close() {
            DroppedPages known = pages;
            if (known != null) {
                known.close();
            }
        }
    }

    /** Odradek's log. */
    @State(Scope.Benchmark)
    public static class Odradek extends Forgetting {
        /** For JMH. */
        public Odradek() {}

        @Setup(Level.Invocation)
        public void forget(ReadableLogs.Odradek logs) throws IOException {
            forget(logs.path());
        }
    }

    @Benchmark
    public int odradek(ReadableLogs.Odradek logs, Odradek cold) throws IOException {
        return logs.readInto(target, fetchBytes);
    }

    /** Kafka's log. */
    @State(Scope.Benchmark)
    public static class Kafka extends Forgetting {
        /** For JMH. */
        public Kafka() {}

        @Setup(Level.Invocation)
        public void forget(ReadableLogs.Kafka logs) throws IOException {
            forget(logs.path());
        }
    }

    @Benchmark
    public int unifiedLog(ReadableLogs.Kafka logs, Kafka cold) throws IOException {
        return logs.readInto(target, fetchBytes);
    }

    /** Odradek's segment as a file. */
    @State(Scope.Benchmark)
    public static class Raw extends Forgetting {
        private final SplittableRandom random = new SplittableRandom(ReadableLogs.SEED);
        private @Nullable FileChannel segment;

        /** For JMH. */
        public Raw() {}

        @Setup(Level.Invocation)
        public void forget(ReadableLogs.Odradek logs) throws IOException {
            DroppedPages pages = forget(logs.path());
            if (segment == null) {
                segment = FileChannel.open(pages.files().getFirst());
            }
        }

        @TearDown(Level.Trial)
        public void closeSegment() throws IOException {
            FileChannel open = segment;
            if (open != null) {
                open.close();
            }
        }
    }

    @Benchmark
    public int rawFile(Raw cold) throws IOException {
        FileChannel segment = cold.segment;
        if (segment == null) {
            throw new IllegalStateException("JMH has not called the set-up");
        }
        long last = Math.max(1, segment.size() - fetchBytes);
        return segment.read(target.clear().limit(fetchBytes), cold.random.nextLong(last));
    }
}
