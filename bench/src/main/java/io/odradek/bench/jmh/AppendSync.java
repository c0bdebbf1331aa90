package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Eight submitters append to partitions that are dealt out among them, and each waits until its request is on disk. */
public class AppendSync extends SyncedAppendMeasure {
    @Param("8")
    public int submitters;

    @Param({"1x100B", "16x1KiB", "64x1KiB"})
    public String shape = "";

    @Param({"1", "16", "100", "1000"})
    public int partitions;

    /** For JMH. */
    public AppendSync() {}

    /** By each way to sync a group. */
    @State(Scope.Benchmark)
    public static class ByStrategy extends Opened {
        @Param({"auto", "fdatasync", "syncfs", "journal"})
        public String strategy = "";

        /** {@code odradek.append.ahead.bytes}. */
        @Param("0")
        public int appendAhead;

        /** For JMH. */
        public ByStrategy() {}

        @Override
        SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException {
            LogConfig config =
                    LogConfig.defaults().withDurability(new Durability.Sync()).withAppendAheadBytes(appendAhead);
            return new ConnectedShard(load, path, config, strategy, 1);
        }
    }

    @Benchmark
    public void odradek(ByStrategy odradek) throws IOException {
        odradek.run();
    }
}
