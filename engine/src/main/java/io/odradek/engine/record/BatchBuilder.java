package io.odradek.engine.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds batches for the topics the broker itself writes, and for tests. One thread; once. */
public final class BatchBuilder {
    private final Codec codec;
    private ByteBuffer records = ByteBuffer.allocate(512);
    private int count;
    private long baseTimestamp = BatchLayout.NO_TIMESTAMP;
    private long maxTimestamp = BatchLayout.NO_TIMESTAMP;
    private int maxTimestampOffsetDelta;
    private long producerId = BatchLayout.NO_PRODUCER_ID;
    private short producerEpoch = -1;
    private int baseSequence = -1;
    private int flags;

    public BatchBuilder() {
        this(Codec.NONE);
    }

    public BatchBuilder(Codec codec) {
        this.codec = codec;
    }

    /** An idempotent producer's batch. */
    public BatchBuilder producer(long id, short epoch, int firstSequence) {
        producerId = id;
        producerEpoch = epoch;
        baseSequence = firstSequence;
        return this;
    }

    public BatchBuilder transactional() {
        flags |= BatchLayout.TRANSACTIONAL_BIT;
        return this;
    }

    public BatchBuilder control() {
        flags |= BatchLayout.CONTROL_BIT;
        return this;
    }

    public BatchBuilder add(long timestamp, byte @Nullable [] key, byte @Nullable [] value) {
        return add(timestamp, key, value, List.of());
    }

    public BatchBuilder add(long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers) {
        if (count == 0) {
            baseTimestamp = timestamp;
        }
        if (count == 0 || timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
            maxTimestampOffsetDelta = count;
        }
        byte[][] names = new byte[headers.size()][];
        int size = 1
                + Varints.sizeOf(timestamp - baseTimestamp)
                + Varints.sizeOf(count)
                + sizeOf(key)
                + sizeOf(value)
                + Varints.sizeOf(names.length);
        for (int i = 0; i < names.length; i++) {
            names[i] = headers.get(i).key().getBytes(StandardCharsets.UTF_8);
            size += sizeOf(names[i]) + sizeOf(headers.get(i).value());
        }
        reserve(size + 5);
        Varints.writeInt(records, size);
        records.put((byte) 0);
        Varints.writeLong(records, timestamp - baseTimestamp);
        Varints.writeInt(records, count);
        put(key);
        put(value);
        Varints.writeInt(records, names.length);
        for (int i = 0; i < names.length; i++) {
            put(names[i]);
            put(headers.get(i).value());
        }
        count++;
        return this;
    }

    /** Bytes of the records so far, uncompressed. */
    public int sizeBytes() {
        return BatchLayout.RECORDS_AT + records.position();
    }

    public int count() {
        return count;
    }

    /** The batch, on the heap; at least one record must have been added. */
    public ValidatedBatch build() {
        if (count == 0) {
            throw new IllegalStateException("a batch holds at least one record");
        }
        byte[] body = compressed();
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.RECORDS_AT + body.length);
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.put(BatchLayout.MAGIC_AT, BatchLayout.MAGIC);
        batch.putInt(BatchLayout.LEADER_EPOCH_AT, -1);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) (flags | codec.id()));
        batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, count - 1);
        batch.putLong(BatchLayout.BASE_TIMESTAMP_AT, baseTimestamp);
        batch.putLong(BatchLayout.MAX_TIMESTAMP_AT, maxTimestamp);
        batch.putLong(BatchLayout.PRODUCER_ID_AT, producerId);
        batch.putShort(BatchLayout.PRODUCER_EPOCH_AT, producerEpoch);
        batch.putInt(BatchLayout.BASE_SEQUENCE_AT, baseSequence);
        batch.putInt(BatchLayout.RECORD_COUNT_AT, count);
        batch.put(BatchLayout.RECORDS_AT, body);
        RecordBatch.sealCrc(batch, 0, batch.limit());
        return new ValidatedBatch(
                batch, BufferLease.UNPOOLED, count, baseTimestamp, maxTimestamp, maxTimestampOffsetDelta);
    }

    private byte[] compressed() {
        ByteArrayOutputStream target = new ByteArrayOutputStream(records.position());
        try (OutputStream packed = codec.compressing(target, codec == Codec.LZ4 ? 9 : codec == Codec.ZSTD ? 3 : 0)) {
            packed.write(records.array(), 0, records.position());
        } catch (IOException e) {
            throw new UncheckedIOException("compressing in memory failed", e);
        }
        return target.toByteArray();
    }

    private void reserve(int bytes) {
        if (records.remaining() < bytes) {
            ByteBuffer larger = ByteBuffer.allocate(Math.max(records.capacity() * 2, records.position() + bytes));
            larger.put(records.flip());
            records = larger;
        }
    }

    private static int sizeOf(byte @Nullable [] bytes) {
        return bytes == null ? 1 : Varints.sizeOf(bytes.length) + bytes.length;
    }

    private void put(byte @Nullable [] bytes) {
        if (bytes == null) {
            Varints.writeInt(records, -1);
        } else {
            Varints.writeInt(records, bytes.length);
            records.put(bytes);
        }
    }
}
