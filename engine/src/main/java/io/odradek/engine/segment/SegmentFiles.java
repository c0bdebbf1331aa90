package io.odradek.engine.segment;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of one segment, shared by the log and its readers: the last to let go closes them. The log holds one share
 * until the segment is removed from it. Any thread.
 */
public final class SegmentFiles {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentFiles.class);

    private final FileStore store;
    private final Path directory;
    private final long baseOffset;
    /** Added to the names of files that are not part of the log yet; else empty. */
    private final String added;

    private final StoreFile log;
    private final AtomicInteger shares = new AtomicInteger(1);
    private volatile boolean removed;
    private final List<StoreFile> mapped = new ArrayList<>(); // guarded by itself
    private final AtomicBoolean passedOver = new AtomicBoolean();
    /** The name is about to be another segment's. */
    private volatile boolean givesNameAway;

    /** Below it, everything was handed out to be synced or is durable; -1 while that is not known. Append thread. */
    private long handedOutBytes = -1;

    private SegmentFiles(FileStore store, Path directory, long baseOffset, String added, StoreFile log) {
        this.store = store;
        this.directory = directory;
        this.baseOffset = baseOffset;
        this.added = added;
        this.log = log;
    }

    /** Opens the segment's log file; with {@link OpenMode#CREATE_NEW}, its directory entry still has to be synced. */
    public static SegmentFiles open(FileStore store, Path directory, long baseOffset, OpenMode mode)
            throws IOException {
        StoreFile log = store.open(SegmentNames.in(directory, baseOffset, SegmentNames.LOG), mode);
        return new SegmentFiles(store, directory, baseOffset, "", log);
    }

    /** Files of a segment that compaction writes and that nobody else knows of, under names that recovery removes. */
    public static SegmentFiles createCleaned(FileStore store, Path directory, long baseOffset) throws IOException {
        Path path = SegmentNames.in(directory, baseOffset, SegmentNames.LOG + SegmentNames.CLEANED);
        StoreFile log = store.open(path, OpenMode.CREATE_NEW);
        return new SegmentFiles(store, directory, baseOffset, SegmentNames.CLEANED, log);
    }

    /** Where the log file of the segment that begins at {@code baseOffset} is. */
    public static Path logPath(Path directory, long baseOffset) {
        return SegmentNames.in(directory, baseOffset, SegmentNames.LOG);
    }

    public long baseOffset() {
        return baseOffset;
    }

    public StoreFile log() {
        return log;
    }

    public FileStore store() {
        return store;
    }

    public Path path(String suffix) {
        return SegmentNames.in(directory, baseOffset, suffix + added);
    }

    /** Takes a share; false when the segment is no longer part of its log. */
    public boolean tryRetain() {
        int seen = shares.get();
        while (seen > 0 && !removed) {
            if (shares.compareAndSet(seen, seen + 1)) {
                return true;
            }
            seen = shares.get();
        }
        return false;
    }

    /** Takes another share, also of a segment that is no longer part of its log: for who holds one. */
    public void retainAgain() {
        int before = shares.getAndIncrement();
        assert before > 0 : "segment " + log.path() + " was closed already";
    }

    /** Gives one share back. */
    public void release() {
        int left = shares.decrementAndGet();
        assert left >= 0 : "segment " + log.path() + " was released more often than retained";
        if (left == 0) {
            close();
        }
    }

    /** The log's own share goes: no new reader can begin, and the last of those at work closes the files. */
    public void remove() {
        removed = true;
        release();
    }

    public boolean isRemoved() {
        return removed;
    }

    /** From now on the file is not journaled: another will have its name, and no crash may replay the old bytes over it. Any thread. */
    public void giveNameAway() {
        givesNameAway = true;
    }

    /** Whether what is written to the log file may be found by its name after a crash. */
    public boolean isJournalable() {
        return !givesNameAway;
    }

    /** Bytes that were handed out to be synced, or are durable; -1 while that is not known. Append thread. */
    public long handedOutBytes() {
        return handedOutBytes;
    }

    /** Append thread. */
    public void handedOut(long bytes) {
        handedOutBytes = bytes;
    }

    /** Maps an index file until the segment is closed; empty when the file is. */
    ByteBuffer map(String suffix) throws IOException {
        StoreFile file = store.open(path(suffix), OpenMode.READ_ONLY);
        synchronized (mapped) {
            mapped.add(file);
        }
        long size = file.size();
        return size == 0 ? ByteBuffer.allocate(0) : file.map(size);
    }

    /** An index file's content, on the heap; null when the file is missing. */
    public @Nullable ByteBuffer read(String suffix) throws IOException {
        try (StoreFile file = store.open(path(suffix), OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(content, 0);
            return content.flip();
        } catch (NoSuchFileException missing) {
            return null;
        }
    }

    /**
     * Makes the index file {@code content} from byte {@code from} on, and that long. From byte 0 on it becomes a new file:
     * a reader may have mapped the old one, and must not see it shrink under him (SIGBUS). What takes the place of an old one is
     * synced in any case: a crash may keep the new name without the content, and entries below the recovery point are believed.
     *
     * @return whether the file is new, so that its directory has to be synced
     */
    boolean write(String suffix, long from, ByteBuffer[] content, boolean durably) throws IOException {
        Path file = path(suffix);
        Path written = from == 0 ? file.resolveSibling(file.getFileName() + SegmentNames.TEMPORARY) : file;
        try (StoreFile opened = store.open(written, OpenMode.READ_WRITE)) {
            opened.truncate(from);
            long at = from;
            for (ByteBuffer part : content) {
                int sizeBytes = part.remaining();
                if (sizeBytes > 0) {
                    opened.write(part, at);
                }
                at += sizeBytes;
            }
            if (durably || (from == 0 && store.exists(file))) {
                opened.sync();
            }
        }
        if (from == 0) {
            store.rename(written, file);
        }
        return from == 0;
    }

    /** An index entry was found not to be what its batch says. Said once for a segment. */
    void reportPassedOver(String suffix, int entry) {
        if (passedOver.compareAndSet(false, true)) {
            LOG.warn(
                    "Entry {} of {} is not what the batch it points to says: it is passed over, and searches there take"
                            + " longer. To have the index rebuilt, delete the file while the broker is stopped",
                    entry,
                    path(suffix));
        }
    }

    private void close() {
        closeOne(log);
        synchronized (mapped) {
            mapped.forEach(SegmentFiles::closeOne);
        }
    }

    private static void closeOne(StoreFile file) {
        try {
            file.close();
        } catch (IOException e) {
            // What had to be durable was synced before; nobody is left who could act on this.
            LOG.warn("{} did not close cleanly", file.path(), e);
        }
    }
}
