package io.odradek.engine.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builds one batch for the topics the broker itself writes, and for tests. Memory is the heap's; nobody has to release it.
 * Not for several threads at once.
 *
 * {@snippet :
 * ValidatedBatch batch = new BatchBuilder().compressed(Codec.LZ4).add(nowMs, key, value).build();
 * }
 */
public final class BatchBuilder {
    private static final int FIRST_BYTES = 512;

    private Codec codec = Codec.NONE;
    private int level;
    private long producerId = BatchLayout.NO_PRODUCER_ID;
    private short producerEpoch = BatchLayout.NO_PRODUCER_EPOCH;
    private int baseSequence = BatchLayout.NO_SEQUENCE;
    private int attributes;

    /** Header space, then uncompressed records. */
    private ByteBuffer plain = ByteBuffer.allocate(FIRST_BYTES);

    private int end = BatchLayout.RECORDS_AT;
    private int recordCount;
    private long baseTimestamp = BatchLayout.NO_TIMESTAMP;
    private long maxTimestamp = BatchLayout.NO_TIMESTAMP;
    private int maxTimestampOffsetDelta;

    /** With the codec's default level. */
    public BatchBuilder compressed(Codec codec) {
        return compressed(codec, codec.defaultLevel());
    }

    public BatchBuilder compressed(Codec codec, int level) {
        if (!codec.hasLevel(level)) {
            throw new IllegalArgumentException(codec + " has no level " + level);
        }
        this.codec = codec;
        this.level = level;
        return this;
    }

    /** @param baseSequence sequence of the first record; {@link BatchLayout#NO_SEQUENCE} for control batches */
    public BatchBuilder producer(long producerId, short producerEpoch, int baseSequence) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        return this;
    }

    public BatchBuilder transactional() {
        attributes |= BatchLayout.TRANSACTIONAL_BIT;
        return this;
    }

    /** The records are control records: only the broker and the quorum write them. */
    public BatchBuilder control() {
        attributes |= BatchLayout.CONTROL_BIT;
        return this;
    }

    public BatchBuilder add(long timestamp, byte @Nullable [] key, byte @Nullable [] value) {
        return add(
                timestamp,
                key == null ? null : ByteBuffer.wrap(key),
                value == null ? null : ByteBuffer.wrap(value),
                List.of());
    }

    /**
     * @param timestamp ms since 1970, or {@link BatchLayout#NO_TIMESTAMP}
     * @param key from position to limit, left untouched
     * @param value from position to limit, left untouched
     */
    public BatchBuilder add(
            long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        if (timestamp < BatchLayout.NO_TIMESTAMP) {
            throw new IllegalArgumentException("timestamp " + timestamp);
        }
        if (recordCount == 0) {
            baseTimestamp = timestamp;
        }
        if (timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
            maxTimestampOffsetDelta = recordCount;
        }
        byte[][] headerKeys = new byte[headers.size()][];
        for (int i = 0; i < headerKeys.length; i++) {
            headerKeys[i] = headers.get(i).key().getBytes(StandardCharsets.UTF_8);
        }
        long timestampDelta = timestamp - baseTimestamp;
        int body = 1
                + Varints.sizeOf(timestampDelta)
                + Varints.sizeOf(recordCount)
                + sizeOf(key)
                + sizeOf(value)
                + sizeOf(headers, headerKeys);
        makeRoom(Math.addExact(Varints.sizeOf(body), body));
        end = Varints.writeInt(plain, end, body);
        plain.put(end++, (byte) 0); // record attributes: none are defined
        end = Varints.writeLong(plain, end, timestampDelta);
        end = Varints.writeInt(plain, end, recordCount);
        write(key);
        write(value);
        end = Varints.writeInt(plain, end, headerKeys.length);
        for (int i = 0; i < headerKeys.length; i++) {
            write(ByteBuffer.wrap(headerKeys[i]));
            write(headers.get(i).value());
        }
        recordCount++;
        return this;
    }

    private static int sizeOf(@Nullable ByteBuffer bytes) {
        return bytes == null ? 1 : Math.addExact(Varints.sizeOf(bytes.remaining()), bytes.remaining());
    }

    private static int sizeOf(List<RecordHeader> headers, byte[][] keys) {
        int size = Varints.sizeOf(keys.length);
        for (int i = 0; i < keys.length; i++) {
            size += Varints.sizeOf(keys[i].length) + keys[i].length;
            size = Math.addExact(size, sizeOf(headers.get(i).value()));
        }
        return size;
    }

    private void write(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            end = Varints.writeInt(plain, end, -1);
            return;
        }
        int size = bytes.remaining();
        end = Varints.writeInt(plain, end, size);
        plain.put(end, bytes, bytes.position(), size);
        end += size;
    }

    private void makeRoom(int bytes) {
        int needed = Math.addExact(end, bytes);
        if (needed > plain.capacity()) {
            int doubled = (int) Math.min(Integer.MAX_VALUE - 8L, 2L * plain.capacity());
            plain = ByteBuffer.wrap(Arrays.copyOf(plain.array(), Math.max(needed, doubled)));
        }
    }

    public int recordCount() {
        return recordCount;
    }

    /** Size of the batch if it is not compressed. */
    public int sizeInBytes() {
        return end;
    }

    /** The batch, with base offset 0 and no leader epoch. The builder is spent: do not add to it or build again. */
    public ValidatedBatch build() {
        if (recordCount == 0) {
            throw new IllegalStateException("a batch has at least one record");
        }
        ByteBuffer bytes = codec == Codec.NONE ? plain.limit(end) : packed();
        bytes.putLong(BatchLayout.BASE_OFFSET_AT, 0);
        bytes.putInt(BatchLayout.LENGTH_AT, bytes.limit() - BatchLayout.PREFIX_BYTES);
        bytes.putInt(BatchLayout.LEADER_EPOCH_AT, BatchLayout.NO_LEADER_EPOCH);
        bytes.put(BatchLayout.MAGIC_AT, BatchLayout.MAGIC);
        bytes.putShort(BatchLayout.ATTRIBUTES_AT, (short) (attributes | codec.id()));
        bytes.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, recordCount - 1);
        bytes.putLong(BatchLayout.BASE_TIMESTAMP_AT, baseTimestamp);
        bytes.putLong(BatchLayout.MAX_TIMESTAMP_AT, maxTimestamp);
        bytes.putLong(BatchLayout.PRODUCER_ID_AT, producerId);
        bytes.putShort(BatchLayout.PRODUCER_EPOCH_AT, producerEpoch);
        bytes.putInt(BatchLayout.BASE_SEQUENCE_AT, baseSequence);
        bytes.putInt(BatchLayout.RECORD_COUNT_AT, recordCount);
        RecordBatch.sealCrc(bytes, 0);
        return new ValidatedBatch(
                bytes, BufferLease.UNPOOLED, recordCount, baseTimestamp, maxTimestamp, maxTimestampOffsetDelta);
    }

    private ByteBuffer packed() {
        var packed = new ByteArrayOutputStream(Math.max(FIRST_BYTES, end / 2));
        packed.write(plain.array(), 0, BatchLayout.RECORDS_AT);
        try (OutputStream out = codec.compress(packed, level)) {
            out.write(plain.array(), BatchLayout.RECORDS_AT, end - BatchLayout.RECORDS_AT);
        } catch (IOException e) {
            throw new UncheckedIOException("into memory", e);
        }
        return ByteBuffer.wrap(packed.toByteArray());
    }
}
