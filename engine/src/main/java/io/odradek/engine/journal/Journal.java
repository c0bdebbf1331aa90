package io.odradek.engine.journal;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalFormat.Label;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.SegmentFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes groups of one shard durable by one write and one {@code fdatasync} of a file whose blocks were all written before, in
 * place of a sync of every file of the group. Two halves: while the files behind a full one are synced, groups go to the other.
 *
 * <p>Physical redo: a record is the bytes of segments' files at their positions. After {@link JournalReplay} the files are what
 * they would be had they been synced, so recovery knows nothing of it. An entry must never be replayed over bytes that came
 * later under the same name and position. Therefore {@link #retire} precedes whatever gives them another meaning (a cut, a
 * swap, a deletion), and a group that was collected before and comes after is not taken.
 *
 * <p>The sync thread calls {@link #write}, whoever cuts, swaps or deletes {@link #retire}, a thread of its own or a simulator
 * {@link #work}. A failed write or sync is final: it is told to {@code onFault}, and the journal takes nothing any more.
 */
public final class Journal {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /** A longer record is better written once, to the files. */
    static final long MOST_RECORD_BYTES = 4 << 20;

    private static final int FIRST_BUFFER_BYTES = 64 << 10;

    /** Below it there is no room for a label and a record in each half. */
    public static final long LEAST_HALF_BYTES = 2 * JournalFormat.BLOCK_BYTES;

    /**
     * @param halfBytes of each of the two files; whole blocks of 4 KiB
     * @param drainAfterNanos after its first record a half is drained, full or not, so that recovery points move
     */
    public record Limits(long halfBytes, long drainAfterNanos) {
        public Limits {
            if (halfBytes < LEAST_HALF_BYTES
                    || halfBytes > Integer.MAX_VALUE
                    || halfBytes % JournalFormat.BLOCK_BYTES != 0) {
                throw new IllegalArgumentException("a journal's half of " + halfBytes + " bytes");
            }
        }

        /** Drained every 5 s at the latest. */
        public static Limits of(long halfBytes) {
            return new Limits(halfBytes, TimeUnit.SECONDS.toNanos(5));
        }
    }

    private enum Stage {
        /** No group has wanted it yet. */
        ABSENT,
        WANTED,
        READY,
        /** It can't be made, has failed, or is closed. */
        OVER
    }

    private final FileStore store;
    private final Path directory;
    private final String name;
    private final Limits limits;
    private final LongSupplier nanoClock;
    private final Consumer<IOException> onFault;

    /** Held while a record is written, so that who retires finds a group either in the journal or too late for it. */
    private final Object lock = new Object();

    /** Held while the files behind a half are synced; never while waiting for {@link #lock}. */
    private final Object draining = new Object();

    private final GroupSync files; // guarded by draining

    private volatile Stage stage = Stage.ABSENT;

    // Guarded by lock.
    private JournalHalf[] halves = new JournalHalf[0];
    private int current;
    private long journalId;
    private long nextGeneration = 1;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    private long records;
    private long entryBytes;
    private long writtenBytes;
    private long drains;
    private long drainNanos;
    private long drainedBytes;
    private long retirements;

    private final LongAdder refusals = new LongAdder();
    private volatile double drainNanosPerByte;
    private volatile @Nullable Thread keeper;
    private volatile boolean closing;

    /** @param name tells it from others in the same directory */
    public Journal(
            FileStore store,
            Path directory,
            String name,
            Limits limits,
            LongSupplier nanoClock,
            Consumer<IOException> onFault) {
        this.store = store;
        this.directory = directory;
        this.name = name;
        this.limits = limits;
        this.nanoClock = nanoClock;
        this.onFault = onFault;
        this.files = new GroupSync(store, directory, GroupSync.Strategy.AUTO);
    }

    /** Makes the files here and now, before a group wants them. Before {@link #start}. */
    public void prepare() {
        stage = Stage.WANTED;
        work();
    }

    /** Has {@link #work} done by a thread of its own. */
    public void start() {
        Thread thread = Thread.ofPlatform().name("journal-" + name).daemon(true).unstarted(this::keep);
        keeper = thread;
        thread.start();
    }

    private void keep() {
        while (!closing && stage != Stage.OVER) {
            if (!work()) {
                if (stage == Stage.READY) {
                    LockSupport.parkNanos(this, limits.drainAfterNanos / 4);
                } else {
                    LockSupport.park(this);
                }
                Thread.interrupted(); // nothing here is stopped by interruption
            }
        }
    }

    private void wakeKeeper() {
        LockSupport.unpark(keeper);
    }

    /** Bytes {@link #write} would write for the group; -1 when no journal of this size ever takes it. */
    public long recordBytes(JournalGroup group) {
        long bytes = group.recordBytes();
        return bytes < 0 || bytes > Math.min(MOST_RECORD_BYTES, limits.halfBytes - JournalFormat.BLOCK_BYTES)
                ? -1
                : JournalFormat.wholeBlocks(bytes);
    }

    /** What syncing the files behind a byte of the journal has taken so far, in the long run. */
    public double drainNanosPerByte() {
        return drainNanosPerByte;
    }

    /**
     * Makes the group durable, and tells its logs so. Sync thread.
     *
     * @return false when it can't be taken now, and nothing was done: its files have to be synced
     * @throws IOException nothing of the group may be claimed, nor of any later one
     */
    public boolean write(JournalGroup group) throws IOException {
        if (stage == Stage.ABSENT) {
            synchronized (lock) {
                if (stage == Stage.ABSENT) {
                    stage = Stage.WANTED;
                }
            }
            wakeKeeper();
        }
        if (stage != Stage.READY) {
            refusals.increment();
            return false;
        }
        synchronized (lock) {
            long bytes = group.recordBytes();
            if (stage != Stage.READY || bytes < 0 || group.isStale() || !hasRoomFor(bytes)) {
                refusals.increment();
                return false;
            }
            JournalHalf half = halves[current];
            try {
                fill(group, half, (int) bytes);
                half.file.write(buffer, half.end);
                half.file.sync();
            } catch (IOException | RuntimeException | Error e) {
                stage = Stage.OVER;
                throw e;
            }
            if (half.records == 0) {
                half.sinceNanos = nanoClock.getAsLong();
            }
            half.records++;
            half.end += buffer.limit();
            records++;
            entryBytes += group.entryBytes();
            writtenBytes += buffer.limit();
            for (int i = 0; i < group.logCount(); i++) {
                JournaledLog log = group.log(i);
                log.journaled(group.end(i), half.partOf(log));
            }
        }
        return true;
    }

    private boolean hasRoomFor(long recordBytes) {
        return halves[current].fits(recordBytes) || turnOver();
    }

    /** Closes the current half and begins the other, if that is free. Under the lock. */
    private boolean turnOver() {
        JournalHalf full = halves[current];
        JournalHalf other = halves[1 - current];
        if (other.stage != JournalHalf.Stage.FREE) {
            return false;
        }
        full.stage = JournalHalf.Stage.CLOSED;
        other.begin(nextGeneration++, full.records);
        current = 1 - current;
        wakeKeeper();
        return true;
    }

    private void fill(JournalGroup group, JournalHalf half, int bytes) throws IOException {
        int padded = (int) JournalFormat.wholeBlocks(bytes);
        if (buffer.capacity() < padded) {
            buffer = ByteBuffer.allocateDirect(
                    Math.max(padded, Math.max(FIRST_BUFFER_BYTES, Integer.highestOneBit(padded) * 2)));
        }
        buffer.clear().position(JournalFormat.HEADER_BYTES);
        for (int i = 0; i < group.count(); i++) {
            int length = group.to(i) - group.from(i);
            JournalFormat.putEntry(buffer, group.name(i), group.segment(i).baseOffset(), group.from(i), length);
            if (group.isKept(i)) {
                group.putKept(i, buffer);
            } else {
                readBack(group.segment(i).log(), group.from(i), length);
            }
        }
        JournalFormat.seal(buffer, journalId, half.generation, half.records, half.recordsBefore, group.count());
        while (buffer.position() < padded) {
            buffer.put((byte) 0);
        }
        buffer.flip();
    }

    private void readBack(StoreFile file, int position, int length) throws IOException {
        int begin = buffer.position();
        buffer.limit(begin + length);
        if (file.read(buffer, position) != length) {
            throw new IOException(
                    file.path() + " ends before byte " + (position + length) + ", which was written to it: it was cut");
        }
        requireWhatWasWritten(file, position, begin);
        buffer.limit(buffer.capacity());
    }

    /**
     * What was read back, up to the buffer's limit, is whole batches. When the kernel could not write a page it calls it clean, and
     * may drop it: then the file shows zeros, or what lay there before. A sync of the file would tell; one of the journal does not.
     */
    private void requireWhatWasWritten(StoreFile file, int position, int begin) throws IOException {
        for (int at = begin; at < buffer.limit(); at += RecordBatch.sizeInBytes(buffer, at)) {
            if (!RecordBatch.isWhole(buffer, at, buffer.limit()) || !RecordBatch.crcMatches(buffer, at)) {
                throw new IOException(file.path() + " does not hold at byte " + (position + at - begin)
                        + " the batch that was written there: its disk has lost it");
            }
        }
    }

    /**
     * Voids what the journal holds of {@code log}, when it holds any: the files behind it are synced, and no crash will replay
     * it. Before the log is cut, before its segments are swapped, before its directory is renamed away; and what makes a group
     * that is on its way stale has to be done first. Any thread.
     *
     * @throws IOException nobody knows what a crash would replay: the directory has to go offline
     */
    public void retire(JournaledLog log) throws IOException {
        synchronized (lock) {
            for (JournalHalf half : halves) {
                if (half.holds(log)) {
                    retireAll();
                    retirements++;
                    return;
                }
            }
        }
    }

    /** Under the lock. */
    private void retireAll() throws IOException {
        if (stage == Stage.OVER) {
            throw new IOException("the journal " + name + " in " + directory + " has failed, and can't be emptied");
        }
        try {
            List<SegmentFiles> behind = new ArrayList<>();
            for (JournalHalf half : halves) {
                half.addFiles(behind);
            }
            sync(behind);
            writeLabel(nextGeneration);
        } catch (IOException | RuntimeException | Error e) {
            stage = Stage.OVER;
            throw e;
        }
        for (JournalHalf half : halves) {
            half.settle();
            half.stage = JournalHalf.Stage.FREE;
        }
        halves[current].begin(nextGeneration++, 0);
    }

    /**
     * Makes the journal when a group has wanted it; syncs the files behind a closed half and frees it; closes a half that is
     * old. Returns whether anything was done. One thread.
     */
    public boolean work() {
        return switch (stage) {
            case WANTED -> {
                make();
                yield true;
            }
            case READY -> {
                try {
                    yield drain();
                } catch (IOException e) {
                    stage = Stage.OVER;
                    onFault.accept(e);
                    yield true;
                } catch (RuntimeException | Error e) {
                    stage = Stage.OVER;
                    onFault.accept(
                            new IOException("the journal " + name + " in " + directory + " has stopped: " + e, e));
                    throw e;
                }
            }
            case ABSENT, OVER -> false;
        };
    }

    private void make() {
        long id = UUID.randomUUID().getMostSignificantBits();
        StoreFile first = null;
        try {
            JournalFiles.make(store, directory, name, new Label(id, 1, limits.halfBytes));
            first = store.open(JournalFiles.path(directory, name, 0), FileStore.OpenMode.READ_WRITE);
            StoreFile second = store.open(JournalFiles.path(directory, name, 1), FileStore.OpenMode.READ_WRITE);
            synchronized (lock) {
                halves = new JournalHalf[] {
                    new JournalHalf(first, limits.halfBytes), new JournalHalf(second, limits.halfBytes)
                };
                journalId = id;
                current = 0;
                halves[0].begin(nextGeneration++, 0);
                stage = Stage.READY;
            }
        } catch (IOException e) {
            stage = Stage.OVER;
            if (first != null) {
                closeQuietly(first);
            }
            if (store.syncFailure(directory) != null) {
                onFault.accept(e);
            } else {
                LOG.warn("Groups in {} are synced without a journal: it can't be made: {}", directory, e.getMessage());
                removeWhatWasMade(); // a full disk has better use for it
            }
        }
    }

    private void removeWhatWasMade() {
        try {
            JournalFiles.remove(store, directory, name);
        } catch (IOException e) {
            LOG.warn("What there is of the journal {} in {} can't be removed", name, directory, e);
        }
    }

    private static void closeQuietly(StoreFile file) {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("{} did not close cleanly", file.path(), e);
        }
    }

    private boolean drain() throws IOException {
        JournalHalf closed;
        long generation;
        List<SegmentFiles> behind;
        synchronized (lock) {
            JournalHalf now = halves[current];
            boolean old = now.records > 0 && nanoClock.getAsLong() - now.sinceNanos >= limits.drainAfterNanos;
            if (halves[1 - current].stage != JournalHalf.Stage.CLOSED && !(old && turnOver())) {
                return false;
            }
            closed = halves[1 - current];
            generation = closed.generation;
            // Held here, too: who retires meanwhile lets go of them.
            behind = closed.retainFiles();
        }
        long began = nanoClock.getAsLong();
        try {
            sync(behind);
        } finally {
            behind.forEach(SegmentFiles::release);
        }
        long took = nanoClock.getAsLong() - began;
        synchronized (lock) {
            if (stage == Stage.READY && closed.stage == JournalHalf.Stage.CLOSED && closed.generation == generation) {
                writeLabel(generation + 1);
                closed.settle();
                closed.stage = JournalHalf.Stage.FREE;
                drains++;
                drainNanos += took;
                drainedBytes += closed.journaledBytes();
                drainNanosPerByte = (double) drainNanos / drainedBytes;
            }
        }
        return true;
    }

    private void sync(List<SegmentFiles> behind) throws IOException {
        StoreFile[] all = behind.stream().map(SegmentFiles::log).toArray(StoreFile[]::new);
        synchronized (draining) {
            files.sync(all, all.length);
        }
    }

    /** Records of generations below {@code liveFrom} are void when it returns. Under the lock. */
    private void writeLabel(long liveFrom) throws IOException {
        JournalFiles.writeLabel(
                new StoreFile[] {halves[0].file, halves[1].file}, new Label(journalId, liveFrom, limits.halfBytes));
    }

    /** What was done so far. Any thread; waits for a write. */
    public JournalCounts counts() {
        synchronized (lock) {
            return new JournalCounts(
                    records, entryBytes, writtenBytes, drains, drainNanos, retirements, refusals.sum());
        }
    }

    /**
     * Ends it, when no group comes any more.
     *
     * @param cleanly syncs the files behind it, and removes its own; else they stay, for the next start to replay
     */
    public void close(boolean cleanly) throws IOException {
        closing = true;
        Thread thread = keeper;
        if (thread != null) {
            LockSupport.unpark(thread);
            joinUninterruptibly(thread);
        }
        synchronized (lock) {
            try {
                if (cleanly && stage == Stage.READY) {
                    retireAll();
                }
                if (cleanly && stage != Stage.ABSENT) { // also what was begun and could not be finished
                    JournalFiles.remove(store, directory, name);
                    store.syncDirectory(directory);
                }
            } finally {
                stage = Stage.OVER;
                for (JournalHalf half : halves) {
                    half.abandon();
                    half.file.close();
                }
                halves = new JournalHalf[0];
                buffer = ByteBuffer.allocateDirect(0);
            }
        }
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // going on would leave a thread behind that syncs closed files
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
