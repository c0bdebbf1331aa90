package io.odradek.broker.partition;

import io.odradek.engine.PartitionLog;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a replica's log begins for good: what lies below stays deleted, whatever crash follows. It comes behind the start that the log shows, by
 * as long as that takes to be written down.
 */
final class DurableLogStart {
    private final HostedShard home;
    private final PartitionLog log;
    private final LogStartWrites writes;
    /** Settle thread writes. */
    private volatile long offset;
    /** Counts when the log begins elsewhere: what was written down before says nothing of it. Settle thread writes. */
    private volatile int beginnings;

    private boolean advancing; // settle thread's

    /** @param log begins where it was found to, or was made to */
    DurableLogStart(HostedShard home, PartitionLog log, LogStartWrites writes) {
        this.home = home;
        this.log = log;
        this.writes = writes;
        this.offset = log.view().logStartOffset();
    }

    /** Any thread. */
    long offset() {
        return Math.min(offset, log.view().logStartOffset());
    }

    /** The log is about to begin there, perhaps before where it did; durably when that is done, and until then nobody is to be told. Settle thread. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // of one thread
    void beginsAgainAt(long newOffset) {
        offset = newOffset;
        beginnings++;
    }

    /** What the leader has deleted goes here, too. Not while that is done already: it is wanted again. Settle thread. */
    void advance(long to) {
        if (!advancing) {
            advancing = true;
            delete(to, _ -> advancing = false);
        }
    }

    /**
     * May wait for room in the shard's ring, but on its settle thread.
     *
     * @param then on the settle thread, or here when the shard is closed; null when the records before {@code end} are gone for good
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // of one thread
    void delete(long end, Consumer<@Nullable Throwable> then) {
        int beginning = beginnings;
        try {
            home.shard().run(log, () -> log.deleteRecordsBefore(end), failure -> {
                if (failure != null) {
                    then.accept(failure);
                    return;
                }
                long start = log.view().logStartOffset();
                writes.write(
                        home.directory(),
                        log,
                        unwritten -> home.shard().settle(() -> {
                            if (unwritten == null && beginning == beginnings) {
                                offset = Math.max(offset, start);
                            }
                            then.accept(unwritten);
                        }));
            });
        } catch (RejectedExecutionException stopping) {
            then.accept(stopping);
        }
    }
}
