package io.odradek.engine;

import io.odradek.engine.segment.Segment;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps what recovery would have to read of a log directory below a bound, whatever the load: when more than that lies above the
 * recovery points that are written down, they are brought forward by a checkpoint ({@code max_wal_size} and checkpoints are
 * PostgreSQL's form of it). At the bound nobody waits: while a checkpoint runs, appends go on, and what they write comes on top.
 *
 * <p>Logs that sync what they acknowledge are durable almost to their end; for them a checkpoint writes down what is so. What
 * the others left to the page cache is written to the disk first, file by file, largest part first, with a rest after each as long as
 * its sync took: at most half of the disk's time is taken from the syncs that somebody waits for, in pieces no longer than what one
 * log has. The checkpoint then finds little to sync. When twice the bound has been reached all the same, it is done at once, and
 * writes what is left.
 *
 * <p>One thread per directory, not one that appends or syncs for producers.
 */
public final class RecoveryBound {
    /** What a disk reads in about a second, unless told otherwise. */
    public static final long DEFAULT_BYTES = 256L << 20;

    /** What is less is left to the checkpoint itself. */
    private static final long WORTH_A_SYNC_BYTES = 1 << 20;

    private static final long LONGEST_REST_NS = TimeUnit.SECONDS.toNanos(1);

    private final LogDirectory directory;
    private final long bytes;
    private volatile boolean hurry;

    /** @param bytes the bound */
    public RecoveryBound(LogDirectory directory, long bytes) {
        this.directory = directory;
        this.bytes = bytes;
    }

    /**
     * Looks, and does a checkpoint when one is due; returns whether it was. To be called again and again: a look costs some reads
     * of memory for each log.
     *
     * @throws IOException the directory is offline, by this or before
     */
    public boolean checkpointIfDue() throws IOException {
        if (directory.bytesToRecover() <= bytes) {
            return false;
        }
        writeBack();
        directory.checkpointRecoveryPoints();
        return true;
    }

    /** A checkpoint that is under way ends without rests. Any thread. */
    public void hurry() {
        hurry = true;
    }

    private void writeBack() throws IOException {
        Map<PartitionLog, Long> unwritten = new HashMap<>();
        for (PartitionLog log : logsInPageCache(directory.logs())) {
            long above = log.bytesToRecover();
            if (above >= WORTH_A_SYNC_BYTES) {
                unwritten.put(log, above);
            }
        }
        List<PartitionLog> largestFirst = unwritten.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .map(Map.Entry::getKey)
                .toList();
        for (PartitionLog log : largestFirst) {
            if (isFarBehind()) {
                return;
            }
            long began = System.nanoTime();
            try {
                writeBack(log);
            } catch (IOException e) {
                directory.takeOffline(e);
                throw e;
            }
            rest(System.nanoTime() - began);
        }
    }

    private static List<PartitionLog> logsInPageCache(Collection<PartitionLog> logs) {
        return logs.stream()
                .filter(log -> !(log.config().durability() instanceof Durability.Sync))
                .toList();
    }

    /** Claims nothing: the checkpoint that follows asks the disk again, and finds it done. */
    private static void writeBack(PartitionLog log) throws IOException {
        LogView seen = log.view();
        for (int n = seen.segmentFor(log.writtenRecoveryPoint()); n < seen.segmentCount(); n++) {
            Segment segment = seen.segment(n);
            if (segment.tryRetain()) { // else it was removed
                try {
                    segment.log().sync();
                } finally {
                    segment.release();
                }
            }
        }
    }

    private boolean isFarBehind() {
        return directory.bytesToRecover() > 2 * bytes;
    }

    private void rest(long tookNanos) {
        long until = System.nanoTime() + Math.min(tookNanos, LONGEST_REST_NS);
        for (long left = until - System.nanoTime();
                left > 0 && !hurry && !isFarBehind();
                left = until - System.nanoTime()) {
            LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(10)));
        }
    }
}
