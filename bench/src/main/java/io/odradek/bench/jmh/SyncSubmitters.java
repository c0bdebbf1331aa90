package io.odradek.bench.jmh;

import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What a group makes of more submitters: one partition, each submitter waits until its batch is on disk. */
public class SyncSubmitters extends SyncedAppendMeasure {
    @Param({"1x1KiB"})
    public String shape = "";

    @Param({"1", "2", "4", "8", "16", "32", "64"})
    public int submitters;

    /** For JMH. */
    public SyncSubmitters() {}

    @Benchmark
    public void odradek(Odradek odradek) throws IOException {
        odradek.run();
    }
}
