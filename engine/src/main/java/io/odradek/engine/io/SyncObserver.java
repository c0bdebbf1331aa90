package io.odradek.engine.io;

/** Told about each group that was made durable. Called on the sync thread, after the sync: be quick. */
@FunctionalInterface
public interface SyncObserver {

    /** Observes nothing. */
    SyncObserver NONE = (how, files, durationNanos) -> {};

    /**
     * A group became durable. Not called for a group that failed.
     *
     * @param how what was called: never {@link GroupSync.Strategy#AUTO}
     * @param files in the group
     * @param durationNanos from the first system call to the last
     */
    void groupSynced(GroupSync.Strategy how, int files, long durationNanos);
}
