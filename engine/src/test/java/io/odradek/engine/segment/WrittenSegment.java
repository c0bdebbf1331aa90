package io.odradek.engine.segment;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.NotedStore;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.PlainBatches;
import io.odradek.engine.record.RecordBatch;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A segment that grows batch by batch, and what was written to it; its files can be damaged. */
public final class WrittenSegment implements AutoCloseable {
    /** A batch: its place in the file and its offsets, last inclusive. */
    public record Placed(int position, int sizeBytes, long baseOffset, long lastOffset, long timestamp) {
        public int endPosition() {
            return position + sizeBytes;
        }
    }

    public final NotedStore store = new NotedStore(new DiskFileStore());
    public final Path directory;
    public final int indexIntervalBytes;
    public final ActiveSegment active;
    public final List<Placed> batches = new ArrayList<>();

    public WrittenSegment(Path directory, long baseOffset, int indexIntervalBytes) throws IOException {
        this.directory = directory;
        this.indexIntervalBytes = indexIntervalBytes;
        this.active = ActiveSegment.create(store, directory, baseOffset);
    }

    public static ByteBuffer batch(long baseOffset, int records, int sizeBytes, long timestamp, int leaderEpoch) {
        ByteBuffer bytes =
                PlainBatches.batch(records, sizeBytes, BufferLease.UNPOOLED).bytes();
        bytes.putLong(BatchLayout.BASE_OFFSET_AT, baseOffset);
        bytes.putInt(BatchLayout.LEADER_EPOCH_AT, leaderEpoch);
        bytes.putLong(BatchLayout.BASE_TIMESTAMP_AT, timestamp);
        bytes.putLong(BatchLayout.MAX_TIMESTAMP_AT, timestamp);
        RecordBatch.sealCrc(bytes, 0);
        return bytes;
    }

    public Placed add(long baseOffset, int records, int sizeBytes, long timestamp) throws IOException {
        return add(batch(baseOffset, records, sizeBytes, timestamp, 4));
    }

    public Placed add(ByteBuffer batch) throws IOException {
        Placed placed = new Placed(
                active.sizeBytes(),
                batch.limit(),
                RecordBatch.baseOffset(batch, 0),
                RecordBatch.lastOffset(batch, 0),
                RecordBatch.maxRecordTimestamp(batch, 0));
        active.append(new ByteBuffer[] {batch.duplicate().rewind()}, 1);
        active.wrote(placed.sizeBytes(), placed.lastOffset(), placed.timestamp(), indexIntervalBytes);
        batches.add(placed);
        return placed;
    }

    /** {@code count} batches of two records and 100 bytes behind each other, timestamps 1000, 1010, 1020 ... */
    public WrittenSegment filled(int count) throws IOException {
        for (int n = 0; n < count; n++) {
            add(active.baseOffset() + 2L * n, 2, 100, 1000 + 10L * n);
        }
        return this;
    }

    public Path path(String suffix) {
        return SegmentNames.in(directory, active.baseOffset(), suffix);
    }

    public void damage(String suffix, long at, int mask) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(suffix).toFile(), "rw")) {
            file.seek(at);
            int found = file.read();
            file.seek(at);
            file.write(found ^ mask);
        }
    }

    public void putLong(String suffix, long at, long value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(suffix).toFile(), "rw")) {
            file.seek(at);
            file.writeLong(value);
        }
    }

    public void putInt(String suffix, long at, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(suffix).toFile(), "rw")) {
            file.seek(at);
            file.writeInt(value);
        }
    }

    public void truncate(String suffix, long sizeBytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(suffix).toFile(), "rw")) {
            file.setLength(sizeBytes); // what is added reads as zeros
        }
    }

    @Override
    public void close() {
        if (!active.files().isRemoved()) {
            active.files().remove();
        }
    }
}
