package io.odradek.engine.writepath;

import io.odradek.engine.journal.JournalCounts;

/**
 * How a shard is doing: levels, and counts since it was made. Each number is recent, the numbers are not of one instant.
 *
 * @param ringOccupancy slots in use
 * @param inFlightBytes what counts against the byte budget
 * @param refusedWrites times that {@code tryWrite} answered false
 * @param appendGroups passes of the append stage that had something to do
 * @param logWrites gathering writes: appended batches per write is the coalescing reached
 * @param syncs groups made durable
 * @param syncedFiles summed over the groups, directories included
 * @param syncedBatches summed over the groups
 * @param syncNanos time spent in them
 * @param journal what the shard's journal has done; all 0 without one
 * @param settleGroups passes of the settle stage that settled something
 * @param appendSleeps times that the append thread went to sleep; likewise the others
 */
public record ShardGauges(
        int ringSlots,
        long ringOccupancy,
        long inFlightBytes,
        long refusedWrites,
        long appendedBatches,
        long appendedBytes,
        long appendGroups,
        long logWrites,
        long syncs,
        long syncedFiles,
        long syncedBatches,
        long syncNanos,
        JournalCounts journal,
        long settledEntries,
        long settleGroups,
        long appendSleeps,
        long syncSleeps,
        long settleSleeps) {}
