package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Makes new logs: for each a directory, {@code partition.metadata} and an empty first segment, durable for all of them by two
 * syncs of the file system, or file by file. A log that can't be made goes no further, and keeps no other from being made. Confined
 * to the creating thread.
 */
final class LogCreation {
    private final FileStore store;
    private final Path path;
    private final DirectoryFault fault;
    private final boolean together;
    private final Map<TopicPartition, IOException> failures;
    private final Set<TopicPartition> going;

    /** One step for one log. */
    interface Step {
        void take(TopicPartition partition) throws IOException;
    }

    /**
     * @param path the log directory
     * @param together sync the file system in place of each file
     * @param failures where those that fail are noted
     */
    LogCreation(
            FileStore store,
            Path path,
            DirectoryFault fault,
            boolean together,
            Collection<TopicPartition> wanted,
            Map<TopicPartition, IOException> failures) {
        this.store = store;
        this.path = path;
        this.fault = fault;
        this.together = together;
        this.failures = failures;
        this.going = new LinkedHashSet<>(wanted);
    }

    /** Those that have not failed so far. */
    Set<TopicPartition> going() {
        return going;
    }

    /** Those that fail go no further. */
    void each(Step step) {
        going.removeIf(partition -> {
            try {
                step.take(partition);
                return false;
            } catch (IOException e) {
                failures.put(partition, e);
                return true;
            }
        });
    }

    /** A crash in the middle of a creation leaves an empty log or none; anything more is somebody's data. */
    void refuseRecordsWithoutMetadata() {
        each(partition -> refuseRecordsWithoutMetadata(directory(partition)));
    }

    private void refuseRecordsWithoutMetadata(Path directory) throws IOException {
        if (!store.isDirectory(directory)) {
            return;
        }
        for (Path file : store.list(directory)) {
            if (file.getFileName().toString().endsWith(".log")) {
                try (var opened = store.open(file, FileStore.OpenMode.READ_ONLY)) {
                    if (opened.size() > 0) {
                        throw new CorruptLogException(
                                file,
                                -1,
                                -1,
                                "there are records, but no readable " + PartitionMetadata.FILE_NAME
                                        + " that says whose; restore it or move the directory away");
                    }
                }
                store.delete(file);
            }
        }
    }

    /**
     * Returns when what could be made is durable.
     *
     * @throws IOException a sync that is not one log's alone has failed: none may be claimed
     */
    void make() throws IOException {
        each(partition -> {
            store.createDirectories(directory(partition));
            PartitionMetadata.prepare(store, directory(partition), partition, !together);
        });
        if (together) {
            fault.guard(() -> store.syncFileSystem(path)); // a renamed file has to have its content first
        }
        each(partition -> {
            Path directory = directory(partition);
            PartitionMetadata.publish(store, directory);
            Path firstLog = SegmentFiles.logPath(directory, 0);
            store.open(firstLog, FileStore.OpenMode.READ_WRITE).close();
            if (!together) {
                fault.guard(() -> store.syncDirectory(directory));
            }
        });
        fault.guard(() -> {
            if (together) {
                store.syncFileSystem(path);
            } else {
                store.syncDirectory(path);
            }
        });
    }

    private Path directory(TopicPartition partition) {
        return path.resolve(partition.directoryName());
    }
}
