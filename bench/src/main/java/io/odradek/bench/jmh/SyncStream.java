package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * One submitter, one partition, a batch a request: what the write path adds to write and {@code fdatasync}. A stream has a depth,
 * the requests under way at once; write and {@code fdatasync} have none.
 */
public class SyncStream extends SyncedAppendMeasure {
    @Param({"1x100B", "16x1KiB", "64x1KiB"})
    public String shape = "";

    /** For JMH. */
    public SyncStream() {}

    /** By depth. */
    @State(Scope.Benchmark)
    public static class ByDepth extends Odradek {
        /** 1: a lone caller that waits; 5: a Kafka producer, {@code max.in.flight.requests.per.connection} by default. */
        @Param({"1", "5"})
        public int inFlight;

        /** For JMH. */
        public ByDepth() {}

        @Override
        SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException {
            return new ConnectedShard(
                    load, path, LogConfig.defaults().withDurability(new Durability.Sync()), strategy, inFlight);
        }
    }

    @Benchmark
    public void odradek(ByDepth odradek) throws IOException {
        odradek.run();
    }
}
