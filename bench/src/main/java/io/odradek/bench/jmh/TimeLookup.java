package io.odradek.bench.jmh;

import io.odradek.engine.LogReader;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.storage.internals.log.OffsetResultHolder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** From a timestamp to the first record that is as late: ListOffsets. Reads one batch. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class TimeLookup {
    /** For JMH. */
    public TimeLookup() {}

    @Benchmark
    public long odradek(ReadableLogs.Odradek logs) throws IOException {
        return LogReader.offsetForTimestamp(logs.view, logs.timestamp(), logs.view.end())
                .orElseThrow()
                .offset();
    }

    @Benchmark
    public long unifiedLog(ReadableLogs.Kafka logs) {
        OffsetResultHolder found = logs.log.fetchOffsetByTimestamp(logs.timestamp(), Optional.empty());
        return found.timestampAndOffsetOpt().orElseThrow().offset;
    }
}
