package io.odradek.bench.jmh;

import io.odradek.engine.FetchedSlices;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** From an offset to the place of its batch in the file; no record is read. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class OffsetLookup {
    /** For JMH. */
    public OffsetLookup() {}

    @Benchmark
    public int odradek(ReadableLogs.Odradek logs) throws IOException {
        try (FetchedSlices found = logs.read(1)) {
            return found.sizeBytes();
        }
    }

    @Benchmark
    public int unifiedLog(ReadableLogs.Kafka logs) throws IOException {
        return logs.read(1).sizeInBytes();
    }
}
