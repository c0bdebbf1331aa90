package io.odradek.bench.jmh;

import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;

/** A fetch at a random offset, copied from the page cache into memory. */
public class ReadWarm extends FetchMeasure {
    /** For JMH. */
    public ReadWarm() {}

    @Benchmark
    public int odradek(ReadableLogs.Odradek logs) throws IOException {
        return logs.readInto(target, fetchBytes);
    }

    @Benchmark
    public int unifiedLog(ReadableLogs.Kafka logs) throws IOException {
        return logs.readInto(target, fetchBytes);
    }
}
