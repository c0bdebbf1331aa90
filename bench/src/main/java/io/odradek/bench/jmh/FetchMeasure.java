package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A fetch at a random offset of {@link ReadableLogs}. What extends this says from where and to where. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public abstract class FetchMeasure {
    @Param({"65536", "1048576"})
    public int fetchBytes;

    ByteBuffer target = ByteBuffer.allocate(0);

    /** For JMH. */
    protected FetchMeasure() {}

    /** A fetch ends at a batch: a little less than it asked for. */
    static Amount perRun(Params params) {
        return new Amount(1, "fetches", params.number("fetchBytes"));
    }

    @Setup(Level.Trial)
    public void prepare() throws IOException {
        target = ReadableLogs.target(fetchBytes);
    }
}
