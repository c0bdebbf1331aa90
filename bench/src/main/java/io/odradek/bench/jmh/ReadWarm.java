package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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

/** A fetch at a random offset, copied from the page cache into memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class ReadWarm {
    @Param({"65536", "1048576"})
    public int fetchBytes;

    private ByteBuffer target = ByteBuffer.allocate(0);

    /** For JMH. */
    public ReadWarm() {}

    /** A fetch ends at a batch: a little less than it asked for. */
    static Amount perRun(Map<String, String> params) {
        return new Amount(1, "fetches", Integer.parseInt(params.getOrDefault("fetchBytes", "0")));
    }

    @Setup
    public void prepare() {
        target = ReadableLogs.target(fetchBytes);
    }

    @Benchmark
    public int odradek(ReadableLogs.Odradek logs) throws IOException {
        return logs.readInto(target, fetchBytes);
    }

    @Benchmark
    public int unifiedLog(ReadableLogs.Kafka logs) throws IOException {
        return logs.readInto(target, fetchBytes);
    }
}
