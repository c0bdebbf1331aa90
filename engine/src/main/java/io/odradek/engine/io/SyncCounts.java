package io.odradek.engine.io;

/**
 * What a {@link GroupSync} has done since it was made; one consistent snapshot.
 *
 * @param groups made durable
 * @param files in those groups
 * @param fdatasyncGroups groups synced file by file
 * @param syncfsGroups groups synced with the whole file system
 * @param journalGroups groups written to a journal, their files not synced
 * @param explorations groups for which the strategy believed to be dearer was tried, to keep the belief fresh
 * @param nanos spent in all
 * @param explorationNanos spent in explorations beyond what the other strategy was expected to take
 * @param lastFdatasyncNanos duration of the last group synced file by file; 0 before the first
 * @param lastSyncfsNanos duration of the last group synced with the file system; 0 before the first
 * @param lastJournalNanos duration of the last group written to a journal; 0 before the first
 */
public record SyncCounts(
        long groups,
        long files,
        long fdatasyncGroups,
        long syncfsGroups,
        long journalGroups,
        long explorations,
        long nanos,
        long explorationNanos,
        long lastFdatasyncNanos,
        long lastSyncfsNanos,
        long lastJournalNanos) {

    static final SyncCounts ZERO = new SyncCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
