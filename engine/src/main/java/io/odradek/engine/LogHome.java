package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a log needs of the directory it lives in. Any thread. */
interface LogHome {

    FileStore store();

    RecentMemory recentMemory();

    /** Why nothing is written here any more, or null. */
    @Nullable
    String offlineReason();

    void takeOffline(IOException cause);

    /** Removes files of that were renamed away, some time after {@code delayMs}. */
    void deleteLater(List<Path> files, long delayMs);

    /** The log is about to be cut: no recovery point that is on disk may stay above its own. Returns when that is durable. */
    void lowerRecoveryPoint(PartitionLog log) throws IOException;
}
