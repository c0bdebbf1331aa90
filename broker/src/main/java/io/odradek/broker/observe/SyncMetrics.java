package io.odradek.broker.observe;

import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.SyncObserver;
import io.odradek.engine.writepath.ShardObserver;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/** How long syncs of one log directory take and how much each makes durable. Sync threads of its shards. */
public final class SyncMetrics implements ShardObserver, SyncObserver {
    private static final String DIRECTORY = "logDirectory";

    private final Histogram time;
    private final Histogram files;
    private final Histogram batches;
    private final LongAdder byFdatasync;
    private final LongAdder bySyncfs;
    private final LongAdder byJournal;

    /** @param directory its path, as Kafka's label has it */
    public SyncMetrics(Metrics metrics, String directory) {
        time = metrics.latency(
                "kafka_log_logflushstats_logflushrateandtimems", "Time to make a group durable", DIRECTORY, directory);
        files = metrics.sizes(
                "odradek_sync_group_files", "Files made durable together, directories included", DIRECTORY, directory);
        batches = metrics.sizes(
                "odradek_sync_group_batches",
                "Batches that waited for one sync; 0 when it was for flush.ms or an interval alone",
                DIRECTORY,
                directory);
        byFdatasync = groups(metrics, directory, GroupSync.Strategy.FDATASYNC);
        bySyncfs = groups(metrics, directory, GroupSync.Strategy.SYNCFS);
        byJournal = groups(metrics, directory, GroupSync.Strategy.JOURNAL);
    }

    private static LongAdder groups(Metrics metrics, String directory, GroupSync.Strategy how) {
        return metrics.counter(
                "odradek_sync_groups_total",
                "Groups made durable, by what was called: fdatasync, syncfs, or a write to the journal",
                DIRECTORY,
                directory,
                "how",
                how.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void synced(int fileCount, int batchCount, long nanos) {
        time.record(nanos);
        files.record(fileCount);
        batches.record(batchCount);
    }

    @Override
    public void groupSynced(GroupSync.Strategy how, int fileCount, long durationNanos) {
        LongAdder groups = switch (how) {
            case SYNCFS -> bySyncfs;
            case JOURNAL -> byJournal;
            case FDATASYNC, AUTO -> byFdatasync;
        };
        groups.increment();
    }
}
