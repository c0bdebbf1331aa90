package io.odradek.engine.writepath;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogPosition;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.GroupSync;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/** A log directory on a watched store, and logs in it that are ready for leader epoch 0. */
final class TestLogs implements AutoCloseable {
    final WatchedStore store;
    final LogDirectory directory;
    final GroupSync groupSync;

    TestLogs(Path path) throws IOException {
        store = new WatchedStore(new DiskFileStore());
        directory = LogDirectory.open(store, path, null, 1);
        groupSync = new GroupSync(store, path, GroupSync.Strategy.FDATASYNC);
    }

    PartitionLog log(String topic, Durability durability) throws IOException {
        PartitionLog log = directory.openOrCreate(
                new TopicPartition(topic, UUID.nameUUIDFromBytes(topic.getBytes(StandardCharsets.UTF_8)), 0),
                config(durability));
        log.beginEpoch(0);
        store.syncsBegun.drainPermits(); // those of its creation
        return log;
    }

    static LogConfig config(Durability durability) {
        return LogConfig.defaults().withDurability(durability);
    }

    /** Whether a sync that began after the batch was written has ended. */
    boolean isDurable(PartitionLog log, AppendOutcome.Appended appended) {
        LogPosition end = appended.end();
        Path file = directory
                .path()
                .resolve(log.partition().directoryName())
                .resolve("%020d.log".formatted(end.segmentBaseOffset()));
        return store.durableBytes(file) >= end.position();
    }

    @Override
    public void close() throws IOException {
        directory.close();
    }
}
