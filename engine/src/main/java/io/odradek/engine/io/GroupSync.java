package io.odradek.engine.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a group of files durable, by {@code fdatasync} each, one {@code syncfs}, or a record in a journal that others keep,
 * whichever is cheapest. Confined to one sync thread, but for {@link #counts()}.
 *
 * <p>Content and lengths of the files in the group, and no entries of directories: who creates a file puts its directory into
 * the group too, as a {@link StoreFile} whose {@code sync} is {@link FileStore#syncDirectory}.
 *
 * <p>Stops at the first failure, its own or any other's under the data directory ({@link FileStore#syncFailure}): from then
 * on {@link #sync} only throws.
 */
public final class GroupSync {
    private static final Logger LOG = LoggerFactory.getLogger(GroupSync.class);

    /** How groups are synced. */
    public enum Strategy {
        /** By measured cost: few files each by {@code fdatasync}, many by one {@code syncfs} or in a journal. */
        AUTO,
        /** Each file by {@code fdatasync}. */
        FDATASYNC,
        /** The file system by {@code syncfs}; {@link #FDATASYNC} where there is none. */
        SYNCFS,
        /** Their bytes by one write to a journal; what a journal does not take as with {@link #AUTO}. */
        JOURNAL
    }

    private static final SyncCosts.Choice BY_FDATASYNC = new SyncCosts.Choice(Strategy.FDATASYNC, false, 0);

    private final FileStore store;
    private final Path dataDirectory;
    private final SyncObserver observer;
    private final LongSupplier nanoClock;

    /** What was asked for, as far as the file system can do it. */
    private final Strategy strategy;

    private final boolean mayJournal;
    private final boolean canSyncFileSystem;

    private final long fileSystemId;
    private final SyncCosts costs = new SyncCosts();

    private @Nullable IOException failure;
    private volatile SyncCounts counts = SyncCounts.ZERO;

    public GroupSync(FileStore store, Path dataDirectory, Strategy strategy) {
        this(store, dataDirectory, strategy, SyncObserver.NONE, System::nanoTime);
    }

    /**
     * Observed, and with a clock of one's own.
     *
     * @param dataDirectory exists; on a file system of its own, best: {@code syncfs} writes whatever is dirty there
     * @param nanoClock durations are differences of it
     * @throws UncheckedIOException when the directory is not there
     */
    public GroupSync(
            FileStore store, Path dataDirectory, Strategy strategy, SyncObserver observer, LongSupplier nanoClock) {
        this.store = store;
        this.dataDirectory = dataDirectory;
        this.observer = observer;
        this.nanoClock = nanoClock;
        try {
            this.fileSystemId = store.fileSystemId(dataDirectory);
        } catch (IOException e) {
            throw new UncheckedIOException("no data directory " + dataDirectory, e);
        }
        this.mayJournal = strategy == Strategy.AUTO || strategy == Strategy.JOURNAL;
        this.canSyncFileSystem = strategy != Strategy.FDATASYNC && store.canSyncFileSystem(dataDirectory);
        if (strategy == Strategy.SYNCFS && !canSyncFileSystem) { // AUTO promised nothing; the store has said why
            LOG.warn("Groups of files in {} are synced by fdatasync each: syncfs cannot be used here", dataDirectory);
            this.strategy = Strategy.FDATASYNC;
        } else {
            this.strategy = strategy;
        }
    }

    /**
     * Returns when all that was written to the first {@code count} files before the call is durable. A file may occur twice.
     * The files stay open until it returns.
     *
     * @throws IOException a sync failed, now or earlier: the log directory has to go offline, nothing may be claimed
     */
    public void sync(StoreFile[] files, int count) throws IOException {
        sync(files, count, GroupJournal.NONE);
    }

    /**
     * The same for a group that {@code journal} may make durable instead.
     *
     * @return whether it did: then the files are not synced
     */
    public boolean sync(StoreFile[] files, int count, GroupJournal journal) throws IOException {
        throwIfFailed();
        if (count == 0) {
            return false;
        }
        long bytes = journal.bytes();
        if (bytes >= 0 && mayJournal) {
            SyncCosts.Choice choice = strategy == Strategy.JOURNAL
                    ? new SyncCosts.Choice(Strategy.JOURNAL, false, 0)
                    : costs.choose(count, canSyncFileSystem, bytes, journal.laterNanosPerByte());
            if (choice.strategy() != Strategy.JOURNAL) {
                syncFiles(files, count, choice);
                return false;
            }
            if (journaled(count, bytes, choice, journal)) {
                return true;
            }
        }
        syncFiles(
                files,
                count,
                switch (strategy) {
                    case AUTO, JOURNAL -> canSyncFileSystem ? costs.choose(count) : BY_FDATASYNC;
                    case FDATASYNC, SYNCFS -> new SyncCosts.Choice(strategy, false, 0);
                });
        return false;
    }

    private boolean journaled(int count, long bytes, SyncCosts.Choice choice, GroupJournal journal) throws IOException {
        long began = nanoClock.getAsLong();
        boolean written;
        try {
            written = journal.write();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
        if (!written) {
            return false;
        }
        done(choice, count, bytes, began);
        return true;
    }

    private void syncFiles(StoreFile[] files, int count, SyncCosts.Choice choice) throws IOException {
        long began = nanoClock.getAsLong();
        try {
            if (choice.strategy() == Strategy.SYNCFS) {
                store.syncFileSystem(dataDirectory);
                for (int i = 0; i < count; i++) {
                    if (files[i].fileSystemId() != fileSystemId) {
                        files[i].sync(); // a partition's directory is a link or a mount that leads elsewhere
                    }
                }
            } else {
                for (int i = 0; i < count; i++) {
                    files[i].sync();
                }
            }
        } catch (IOException e) {
            failure = e;
            throw e;
        }
        done(choice, count, -1, began);
    }

    private void done(SyncCosts.Choice choice, int count, long bytes, long began) throws IOException {
        long nanos = nanoClock.getAsLong() - began;
        // A file of this group may have failed in another thread's hands, after which our syncfs succeeds and means
        // nothing.
        throwIfFailed();
        costs.measured(choice, count, bytes, nanos);
        count(choice, count, nanos);
        observer.groupSynced(choice.strategy(), count, nanos);
    }

    private void throwIfFailed() throws IOException {
        if (failure == null) {
            failure = store.syncFailure(dataDirectory);
        }
        if (failure != null) {
            throw new IOException(
                    "nothing in " + dataDirectory + " can be synced any more, an earlier sync failed: "
                            + failure.getMessage(),
                    failure);
        }
    }

    /** What was done so far. Any thread. */
    public SyncCounts counts() {
        return counts;
    }

    private void count(SyncCosts.Choice choice, int files, long nanos) {
        SyncCounts before = counts;
        boolean fdatasync = choice.strategy() == Strategy.FDATASYNC;
        boolean syncfs = choice.strategy() == Strategy.SYNCFS;
        boolean journal = choice.strategy() == Strategy.JOURNAL;
        counts = new SyncCounts(
                before.groups() + 1,
                before.files() + files,
                before.fdatasyncGroups() + (fdatasync ? 1 : 0),
                before.syncfsGroups() + (syncfs ? 1 : 0),
                before.journalGroups() + (journal ? 1 : 0),
                before.explorations() + (choice.exploring() ? 1 : 0),
                before.nanos() + nanos,
                (long) costs.excessNanos(),
                fdatasync ? nanos : before.lastFdatasyncNanos(),
                syncfs ? nanos : before.lastSyncfsNanos(),
                journal ? nanos : before.lastJournalNanos());
    }
}
