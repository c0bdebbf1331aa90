package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes durable what logs of one directory keep, file by file for a few, with their file system for many. Whoever calls holds
 * the directory's lock for it.
 */
final class JointPersist {
    /** More than this are synced together with their file system. */
    static final int SYNC_EACH_UP_TO = 4;

    /** How far it goes. */
    enum Extent {
        /** What a log start needs to be written down. */
        LOG_START,
        /** That, and the records written so far. */
        RECORDS,
        /** All that a start without recovery needs: the log was stopped. */
        STOPPED
    }

    private final FileStore store;
    private final Path directory;
    private final long fileSystemId;

    JointPersist(FileStore store, Path directory) throws IOException {
        this.store = store;
        this.directory = directory;
        this.fileSystemId = store.fileSystemId(directory);
    }

    /** Whether {@code count} logs are better synced with their file system. Asked of the store only then: the first answer takes long. */
    boolean syncsTogether(int count) {
        return count > SYNC_EACH_UP_TO && store.canSyncFileSystem(directory);
    }

    /** Returns when it is durable, and the logs know. */
    void persist(Collection<PartitionLog> logs, Extent extent) throws IOException {
        boolean together = syncsTogether(logs.size());
        Map<PartitionLog, LogCheckpointer.Persisted> waiting = new LinkedHashMap<>();
        for (PartitionLog log : logs) {
            if (!together || log.fileSystemId() != fileSystemId) { // a link, or a mount
                persist(log, extent, true);
            } else {
                waiting.put(log, persist(log, extent, false));
            }
        }
        if (waiting.isEmpty()) {
            return;
        }
        store.syncFileSystem(directory);
        boolean published = false;
        for (Map.Entry<PartitionLog, LogCheckpointer.Persisted> persisted : waiting.entrySet()) {
            persisted.getKey().publish(persisted.getValue());
            published |= persisted.getValue().epochsWait();
        }
        if (published) {
            store.syncFileSystem(directory);
        }
    }

    private static LogCheckpointer.Persisted persist(PartitionLog log, Extent extent, boolean each) throws IOException {
        return switch (extent) {
            case LOG_START -> log.persist(each, false);
            case RECORDS -> log.persist(each, true);
            case STOPPED -> log.finish(each);
        };
    }
}
