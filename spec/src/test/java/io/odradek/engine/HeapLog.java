package io.odradek.engine;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.LeasedBatches;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.spec.stress.HeapStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A log on the heap with two batches to a segment, an index entry for nearly each, one record in each batch. */
class HeapLog {
    static final int SIZE_BYTES = LeasedBatches.SIZE_BYTES;

    /** What a reader found: nothing, or how many whole batches. */
    static final int REFUSED = 0;

    static final int ENDED_EARLY = -1;
    static final int CLOSED_UNDER_IT = -2;
    static final int WRONG_BYTES = -3;
    static final int DAMAGED = -4;

    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(7, 11), 0);
    private static final Path DIRECTORY = Path.of("/orders-0");
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withDurability(new Durability.PageCache())
            .withSegmentBytes(2 * SIZE_BYTES)
            .withIndexIntervalBytes(1);

    final HeapStore store = new HeapStore();
    final RecentMemory recentMemory = new RecentMemory(0);
    final PartitionLog log;
    /** Where its groups may go; null where nobody asks. */
    @Nullable
    Journal journal;

    HeapLog(int batches) {
        try {
            RecoveredLog empty = new RecoveredLog(
                    List.of(),
                    ActiveSegment.create(store, DIRECTORY, 0),
                    0,
                    0,
                    LeaderEpochs.NONE,
                    LeaderEpochs.NONE,
                    new ProducerStates(),
                    0,
                    0);
            log = PartitionLog.of(PARTITION, DIRECTORY, CONFIG, new Home(), empty, 0);
            log.beginEpoch(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        append(batches);
        sync(); // files that wait for a sync are kept open by that
    }

    /** Nothing is deleted, nothing fails. */
    private final class Home implements LogHome {
        @Override
        public FileStore store() {
            return store;
        }

        @Override
        public RecentMemory recentMemory() {
            return recentMemory;
        }

        @Override
        public long snapshotBytes() {
            return Long.MAX_VALUE;
        }

        @Override
        public long nowMs() {
            return 0;
        }

        @Override
        public @Nullable String offlineReason() {
            return null;
        }

        @Override
        public void takeOffline(IOException cause) {
            throw new UncheckedIOException(cause);
        }

        @Override
        public void deleteLater(List<Path> files, long delayMs) {}

        @Override
        public void retireLater(PartitionLog log, List<Path> files, long delayMs) {}

        @Override
        public void retireJournals(PartitionLog log) throws IOException {
            if (journal != null) {
                journal.retire(log);
            }
        }

        @Override
        public void noteGaps(PartitionLog log, long offset) {}

        @Override
        public void lowerOffsets(PartitionLog log, long endOffset) {}
    }

    /** Append thread. */
    final void append(int batches) {
        try {
            for (int i = 0; i < batches; i++) {
                AppendOutcome outcome = log.stage(LeasedBatches.one(BufferLease.UNPOOLED), 0, 0);
                if (!(outcome instanceof AppendOutcome.Appended)) {
                    throw new AssertionError(outcome.toString());
                }
                log.writeStaged();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Append and sync thread. */
    final void sync() {
        log.takeDirtyFiles();
        log.synced(log.view().logEndOffset());
    }

    /** Everybody lets go. 0: what was open is closed, nothing was used or closed after that. */
    final int leftOpen() {
        sync();
        log.releaseFiles();
        return store.openFiles() + store.wronglyUsed();
    }

    /** What {@link LogReader} gives of {@code view} from {@code from} on: the number of whole, right batches, or what is wrong. */
    final int read(LogView view, long from, LogPosition upTo) {
        try (FetchedSlices slices = LogReader.read(view, from, upTo, 1 << 20, true)) {
            int batches = 0;
            for (Slice slice : slices.slices()) {
                ByteBuffer bytes = switch (slice) {
                    case MemorySlice memory -> memory.bytes();
                    case FileSlice file -> {
                        ByteBuffer read = ByteBuffer.allocate(file.lengthBytes());
                        file.file().read(read, file.position());
                        yield read.flip();
                    }
                };
                if (bytes.limit() < slice.lengthBytes()) {
                    return ENDED_EARLY;
                }
                for (int at = 0; at < bytes.limit(); at += SIZE_BYTES) {
                    if (!RecordBatch.isWhole(bytes, at, bytes.limit())
                            || !RecordBatch.crcMatches(bytes, at)
                            || RecordBatch.baseOffset(bytes, at) != from + batches) {
                        return WRONG_BYTES;
                    }
                    batches++;
                }
            }
            return batches;
        } catch (OffsetOutOfRangeException refused) {
            return REFUSED;
        } catch (ClosedChannelException e) {
            return CLOSED_UNDER_IT;
        } catch (IOException e) {
            return DAMAGED;
        }
    }

    /** The batches that a view claims, if its parts agree with each other and the files hold what it says; else what is wrong. */
    final int whole(LogView view) {
        int batches = (int) view.logEndOffset();
        int bytes = 0;
        long next = view.logStartOffset();
        for (int n = 0; n < view.segmentCount(); n++) {
            if (view.segment(n).baseOffset() != next) {
                return WRONG_BYTES;
            }
            bytes += view.segmentBytes(n);
            next = view.segmentEndOffset(n);
        }
        if (next != batches
                || bytes != batches * SIZE_BYTES
                || view.sizeBytes() != bytes
                || view.end().segmentBaseOffset()
                        != view.segment(view.segmentCount() - 1).baseOffset()) {
            return WRONG_BYTES;
        }
        for (long at = 0; at < batches; ) {
            int read = read(view, at, view.end());
            if (read <= 0) {
                return read == REFUSED ? DAMAGED : read;
            }
            at += read;
        }
        return batches;
    }
}
