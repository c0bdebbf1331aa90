package io.odradek.bench.jmh;

import io.odradek.engine.record.Varints;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.ByteUtils;
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

/** 64 Ki varints one behind the other, from a direct buffer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class VarintWalk {
    private static final int COUNT = 1 << 16;

    /** How many bytes each takes; mixed: mostly one, as in small records. */
    @Param({"1", "2", "3", "5", "mixed"})
    public String width = "";

    private ByteBuffer varints = ByteBuffer.allocate(0);

    /** For JMH. */
    public VarintWalk() {}

    static Amount perRun(Params params) {
        return new Amount(COUNT, "varints", 0);
    }

    @Setup
    public void prepare() {
        varints = ByteBuffer.allocateDirect(COUNT * Varints.MAX_INT_BYTES);
        Random random = new Random(COUNT);
        int at = 0;
        for (int i = 0; i < COUNT; i++) {
            int bytes = width.equals("mixed") ? 1 + Math.max(0, random.nextInt(8) - 5) : Integer.parseInt(width);
            at = Varints.writeInt(varints, at, ofWidth(bytes, random));
        }
        varints.limit(at);
    }

    /** One that takes so many bytes: zigzag doubles, so a byte holds six bits besides the sign. */
    private static int ofWidth(int bytes, Random random) {
        int bits = Math.min(31, 7 * bytes - 1);
        int top = 1 << (bits - 1);
        int value = bits == 31 ? Integer.MAX_VALUE - random.nextInt(top) / 2 : top + random.nextInt(top);
        return random.nextBoolean() ? value : -value;
    }

    @Benchmark
    public long odradek() {
        int limit = varints.limit();
        int at = 0;
        long sum = 0;
        while (at < limit) {
            long read = Varints.readInt(varints, at, limit);
            sum += Varints.value(read);
            at = Varints.end(read);
        }
        return sum;
    }

    /** What Kafka reads records with. */
    @Benchmark
    public long kafkaByteUtils() {
        varints.position(0);
        long sum = 0;
        while (varints.hasRemaining()) {
            sum += ByteUtils.readVarint(varints);
        }
        return sum;
    }
}
