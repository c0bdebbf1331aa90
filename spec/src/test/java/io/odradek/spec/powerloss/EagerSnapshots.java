package io.odradek.spec.powerloss;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/** Log directories in which every checkpoint snapshots the producers of every log that was appended to: lives are short here. */
final class EagerSnapshots {

    static LogDirectory open(FileStore store, Path directory) throws IOException {
        return LogDirectory.open(
                store,
                directory,
                "cluster",
                1,
                LogDirectory.Options.defaults().withClock(() -> Instant.EPOCH).withSnapshotBytes(1));
    }

    private EagerSnapshots() {}
}
