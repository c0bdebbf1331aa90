package io.odradek.engine.writepath;

import com.lmax.disruptor.Sequence;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.GroupJournal;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.journal.JournalGroup;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Second stage: makes what was appended durable, one group per pass, so that the next group is whatever arrived meanwhile.
 * No timers. It sees no entry of the ring that needs no sync: a shard of page-cache topics never wakes it.
 *
 * <p>A failed sync is never retried: the kernel may have dropped the pages and call them clean (the "fsyncgate" of
 * PostgreSQL, 2018). The log directory goes offline and whoever waited is told so. One thread, whichever: it starts
 * none and waits for none.
 */
final class Syncer {
    private final LogDirectory directory;
    private final GroupSync groupSync;
    private final GroupJournal groupJournal;
    private final ShardFault fault;
    private final SyncHandover handover;
    private final Doorbell settleBell;
    private final ShardObserver observer;

    /** Entries up to here need no further sync. */
    private final Sequence synced = new Sequence(LogSlot.NEVER_SYNCED);

    private volatile @Nullable String failure;

    private volatile boolean journals;

    /** Of the group at hand. Sync thread. */
    private JournalGroup ranges = new JournalGroup();

    final Counter groups = new Counter();
    final Counter files = new Counter();
    final Counter batches = new Counter();
    final Counter nanos = new Counter();

    Syncer(
            LogDirectory directory,
            GroupSync groupSync,
            @Nullable Journal journal,
            ShardFault fault,
            SyncHandover handover,
            Doorbell settleBell,
            ShardObserver observer) {
        this.directory = directory;
        this.groupSync = groupSync;
        this.groupJournal = journal == null ? GroupJournal.NONE : new Journaling(journal);
        this.fault = fault;
        this.handover = handover;
        this.settleBell = settleBell;
        this.observer = observer;
    }

    /** Syncs one group, if there is one. Returns whether there was. */
    boolean sync() {
        SyncGroup group = handover.take();
        if (group == null) {
            return false;
        }
        if (failure == null) {
            try {
                if (!syncGroup(group)) {
                    publishEnds(group);
                }
                synced.set(group.throughSequence);
            } catch (IOException | RuntimeException | Error e) {
                // in this order: who sees the failure finds the directory offline
                fault.broken("syncing " + group.fileCount + " files", e);
                failure = "sync failed: " + e;
            }
        }
        handover.giveBack(group);
        settleBell.ring();
        return true;
    }

    /** Any thread. */
    long through() {
        return synced.get();
    }

    /** Whether the last group went to the journal, so that the next one may, too. Any thread. */
    boolean journals() {
        return journals;
    }

    /**
     * Why nothing beyond {@link #through()} will ever be durable; null while all is well. Read this before {@code through()}:
     * the last good group is published before the failure.
     */
    @Nullable
    String failure() {
        return failure;
    }

    /** Returns whether a journal has the group: then it has told the logs, and their recovery points stay. */
    private boolean syncGroup(SyncGroup group) throws IOException {
        if (directory.isOffline()) {
            throw new IOException("log directory " + directory.path() + " is offline");
        }
        long begin = System.nanoTime();
        ranges = group.ranges;
        boolean journaled = groupSync.sync(group.files, group.fileCount, groupJournal);
        long took = System.nanoTime() - begin;
        groups.add(1);
        files.add(group.fileCount);
        batches.add(group.batches);
        nanos.add(took);
        journals = journaled;
        observer.synced(group.fileCount, group.batches, took);
        return journaled;
    }

    /** The group at hand, as its journal would have it. */
    private final class Journaling implements GroupJournal {
        private final Journal journal;

        Journaling(Journal journal) {
            this.journal = journal;
        }

        @Override
        public long bytes() {
            return journal.recordBytes(ranges);
        }

        @Override
        public double laterNanosPerByte() {
            return journal.drainNanosPerByte();
        }

        @Override
        public boolean write() throws IOException {
            return journal.write(ranges);
        }
    }

    /** Moves the recovery points. The logs know which of these ends were cut off since. */
    private static void publishEnds(SyncGroup group) {
        for (int i = 0; i < group.logCount; i++) {
            group.logs[i].synced(group.ends[i]);
        }
    }
}
