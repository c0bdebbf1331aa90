package io.odradek.spec.simulation;

/**
 * What syncs cost in simulated time.
 *
 * @param fileNanos one file's or one directory's sync
 * @param fileSystemNanos one file system's sync, before any file
 * @param perDirtyFileNanos what each dirty file adds to a file system's sync
 */
public record SyncLatency(long fileNanos, long fileSystemNanos, long perDirtyFileNanos) {
    public static final SyncLatency NONE = new SyncLatency(0, 0, 0);
}
