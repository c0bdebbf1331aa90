package io.odradek.engine.writepath;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.PartitionLog;
import org.jspecify.annotations.Nullable;

/**
 * What a shard remembers of one log. Stamps say "already listed in the current group" without a set: a slot whose stamp is
 * the group's number is in it.
 */
final class LogSlot {
    /** Below every sequence of the ring. */
    static final long NEVER_SYNCED = -1;

    final PartitionLog log;

    // append thread
    long appendGroup;
    boolean staged;
    boolean syncWanted;
    /** Why nothing of this group is in the log; null while all is well. */
    @Nullable
    String writeFailure;
    /** Entries of this log settle when the sync has passed this sequence. Never goes back: so later ones can't overtake. */
    long settleAfter = NEVER_SYNCED;
    /** The last group of files that holds files of this log, whoever asked for it. */
    long lastHandedOver = NEVER_SYNCED;
    // settle thread
    long settleGroup;
    /** The last pass in which it was listed as grown. */
    long growthPass;

    /** While a group is settled: its last batch of this log. */
    @Nullable
    Appended settledLast;

    LogSlot(PartitionLog log) {
        this.log = log;
    }
}
