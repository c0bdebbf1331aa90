package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.recovery.ProducerReplay;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Producer snapshots of one log between those that its segments begin with, so that recovery goes through the headers of what
 * was written since about the last checkpoint, not of a whole segment.
 *
 * <pre>
 *  checkpoint k        asks, when enough was appended since the last one
 *  append thread       with its next batch but one: takes the producers as they are in front of it
 *  checkpoint k + 1    writes that down, before the recovery point that covers it
 * </pre>
 *
 * <p>Recovery believes snapshots up to the recovery point that is written down. So pictures are of above it: a crash in the middle of
 * writing one leaves a file that nobody looks at. The last but one is deleted, not the last: until the next recovery point is
 * written down, that is the one to begin with.
 */
final class CheckpointSnapshots {

    /** @param at a batch boundary within a segment, never its beginning: that one is the append thread's to write */
    private record Picture(LogPosition at, ByteBuffer content) {}

    private final FileStore store;
    private final Path directory;
    private final long worthBytes;

    /** A picture above this offset is wanted: from one checkpoint to the next appends. */
    private volatile long wantedAbove = Long.MAX_VALUE;

    /** From those to the next checkpoint. */
    private volatile @Nullable Picture taken;

    // All guarded by the lock of the log's checkpointer.
    private LogPosition newest = LogPosition.ofOffset(-1);
    private long lastButOne = -1;

    /** @param worthBytes so many bytes without a snapshot are worth one */
    CheckpointSnapshots(FileStore store, Path directory, long worthBytes) {
        this.store = store;
        this.directory = directory;
        this.worthBytes = worthBytes;
    }

    /** Append thread, in front of each batch. */
    boolean isWantedAt(long baseOffset) {
        return baseOffset > wantedAbove;
    }

    /**
     * Append thread.
     *
     * @param at in front of a batch that goes into the segment that grows, and is not its first
     * @param producers as they are there
     */
    void take(LogPosition at, ProducerStates producers) {
        taken = new Picture(at, producers.snapshot());
        wantedAbove = Long.MAX_VALUE;
    }

    /**
     * Writes what was taken.
     *
     * @param durably else the caller syncs the file system
     * @return whether a file was made
     */
    boolean write(boolean durably) throws IOException {
        Picture picture = taken;
        if (picture == null) {
            return false;
        }
        taken = null;
        ProducerReplay.write(picture.content(), store, directory, picture.at().offset(), durably);
        deleteLastButOne();
        lastButOne = newest.offset();
        newest = picture.at();
        return true;
    }

    private void deleteLastButOne() throws IOException {
        if (lastButOne >= 0) {
            Path file = SegmentNames.in(directory, lastButOne, SegmentNames.PRODUCER_SNAPSHOT);
            if (store.exists(file)) {
                store.delete(file);
            }
        }
    }

    /**
     * Asks for one when it is worth it.
     *
     * @param end where the log ends; no recovery point above it is written down yet
     */
    void ask(LogPosition end) {
        if (taken == null && bytesBehindNewest(end) >= worthBytes) {
            wantedAbove = end.offset();
        }
    }

    /** Up to the beginning of the segment that grows: it has a snapshot. */
    private long bytesBehindNewest(LogPosition end) {
        boolean sameSegment = newest.segmentBaseOffset() == end.segmentBaseOffset();
        return (long) end.position() - (sameSegment ? newest.position() : 0);
    }

    /** The log is cut: what was written above is deleted with what else lies there. */
    void forget() {
        taken = null;
        newest = LogPosition.ofOffset(-1);
        lastButOne = -1;
    }
}
