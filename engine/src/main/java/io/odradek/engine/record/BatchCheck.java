package io.odradek.engine.record;

import io.odradek.engine.LogConfig.TimestampType;
import io.odradek.engine.record.BatchVerdict.Accepted;
import io.odradek.engine.record.BatchVerdict.Refused;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a producer's bytes may enter a log: what Kafka checks in {@code ProduceRequest}, {@code UnifiedLog} and {@code
 * LogValidator}, in one pass and without an object per record. Stateless; any thread.
 */
public final class BatchCheck {

    private BatchCheck() {}

    /**
     * Checks the records field of one partition in a Produce request, which has to hold exactly one batch.
     *
     * <p>The maximal timestamp and, under LogAppendTime, the timestamp type are put right in place, as Kafka does. When the topic
     * wants another codec the batch is rewritten into memory of its own and {@code lease} is released.
     *
     * @param records index 0 to limit; position and limit are left alone
     * @param lease handed over: released when the batch is refused or rewritten
     */
    public static BatchVerdict check(ByteBuffer records, BufferLease lease, BatchRules rules, long nowMs) {
        BatchVerdict verdict;
        try {
            verdict = decide(records, lease, rules, nowMs);
        } catch (RuntimeException | Error e) {
            lease.release();
            throw e;
        }
        // A rewritten batch lies in memory of its own.
        if (!(verdict instanceof Accepted accepted && isSame(accepted.batch().bytes(), records))) {
            lease.release();
        }
        return verdict;
    }

    @SuppressWarnings("ReferenceEquality") // equal contents are not the same memory
    private static boolean isSame(ByteBuffer one, ByteBuffer other) {
        return one == other;
    }

    private static BatchVerdict decide(ByteBuffer records, BufferLease lease, BatchRules rules, long nowMs) {
        int limit = records.limit();
        if (limit < BatchLayout.HEADER_BYTES) {
            return limit == 0
                    ? invalid("the records field is empty; it has to hold one batch")
                    : corrupt(limit + " bytes are less than the header of a batch");
        }
        byte magic = RecordBatch.magic(records, 0);
        if (magic != BatchLayout.MAGIC) {
            return magic == 0 || magic == 1
                    ? invalid("magic " + magic + ": only record batches with magic version 2 are allowed")
                    : corrupt("magic " + magic + " is none that ever was");
        }
        long size = (long) records.getInt(BatchLayout.LENGTH_AT) + BatchLayout.PREFIX_BYTES;
        if (size < BatchLayout.HEADER_BYTES || size > limit) {
            return corrupt("the batch says it has " + size + " bytes, " + limit + " arrived");
        }
        if (size < limit) {
            return invalid((limit - size) + " bytes follow the batch; exactly one batch is allowed");
        }
        if (RecordBatch.baseOffset(records, 0) != 0) {
            return invalid("the base offset of a batch in a produce request has to be 0, it is "
                    + RecordBatch.baseOffset(records, 0));
        }
        if (size > rules.maxBytes()) {
            return new Refused(
                    Refusal.TOO_LARGE,
                    "The record batch size is " + size + " bytes which exceeds the maximum configured value of "
                            + rules.maxBytes() + " (max.message.bytes)",
                    List.of());
        }
        if (!RecordBatch.hasValidCrc(records, 0)) {
            return corrupt("the CRC does not match the bytes");
        }
        Codec codec = Codec.of(RecordBatch.compressionId(records, 0));
        if (codec == null) {
            return invalid("no codec has the number " + RecordBatch.compressionId(records, 0));
        }
        if (codec == Codec.ZSTD && !rules.zstdAllowed()) {
            return new Refused(
                    Refusal.UNSUPPORTED_COMPRESSION, "Produce requests before version 7 may not use zstd", List.of());
        }
        @Nullable Refused header = checkHeader(records);
        return header != null ? header : checkRecords(records, lease, codec, rules, nowMs);
    }

    private static @Nullable Refused checkHeader(ByteBuffer records) {
        int count = RecordBatch.recordCount(records, 0);
        int lastOffsetDelta = RecordBatch.lastOffsetDelta(records, 0);
        if (count <= 0) {
            return invalid("the batch declares " + count + " records");
        }
        if (lastOffsetDelta != count - 1) {
            return invalid("the batch spans " + (lastOffsetDelta + 1L) + " offsets and declares " + count + " records");
        }
        if (RecordBatch.isControl(records, 0)) {
            return invalid("Clients are not allowed to write control records");
        }
        if (RecordBatch.producerId(records, 0) != BatchLayout.NO_PRODUCER_ID
                && RecordBatch.baseSequence(records, 0) < 0) {
            return invalid("sequence " + RecordBatch.baseSequence(records, 0) + " with producer id "
                    + RecordBatch.producerId(records, 0));
        }
        if (RecordBatch.isLogAppendTime(records, 0)) {
            return new Refused(
                    Refusal.INVALID_TIMESTAMP,
                    "Producer should not set timestamp type to LogAppendTime.",
                    List.of(new RecordError(0, "Producer should not set timestamp type to LogAppendTime.")));
        }
        return null;
    }

    private static BatchVerdict checkRecords(
            ByteBuffer records, BufferLease lease, Codec codec, BatchRules rules, long nowMs) {
        int size = records.limit();
        int count = RecordBatch.recordCount(records, 0);
        long baseTimestamp = RecordBatch.baseTimestamp(records, 0);
        Codec wanted = Codec.wanted(rules.compression());
        @Nullable Codec target = wanted == codec ? null : wanted;
        RecordWalk walk = RecordWalk.ofThread();
        @Nullable ByteBuffer rewritten = null;
        if (codec == Codec.NONE) {
            walk.walk(records, BatchLayout.RECORDS_AT, size, count, baseTimestamp, rules, nowMs);
        } else if (rules.inspectCompressed() || rules.keysRequired() || target != null) {
            try (InputStream plain = codec.decompressing(body(records))) {
                walk.walk(plain, count, baseTimestamp, rules, nowMs);
            } catch (IOException | RuntimeException e) {
                // the codecs' libraries throw either for bytes they can't make sense of
                return invalid("the records can't be decompressed as " + codec + ": " + e.getMessage());
            }
        } else {
            walk.believe(RecordBatch.maxTimestamp(records, 0), count);
        }
        if (walk.malformed != null) {
            return invalid(walk.malformed);
        }
        if (!walk.faults.isEmpty()) {
            return walk.faults.refused();
        }
        long maxTimestamp = walk.maxTimestamp;
        int maxTimestampOffsetDelta = walk.maxTimestampOffsetDelta;
        if (target != null) {
            try {
                rewritten = rewritten(records, codec, target, rules);
            } catch (IOException e) {
                return invalid("the records can't be recompressed as " + target + ": " + e.getMessage());
            }
            if (rewritten == null) {
                return new Refused(
                        Refusal.TOO_LARGE,
                        "The batch exceeds max.message.bytes=" + rules.maxBytes()
                                + " once it has the codec of the topic, " + wanted,
                        List.of());
            }
        }
        ByteBuffer result = rewritten == null ? records : rewritten;
        boolean appendTime = rules.timestampType() == TimestampType.LOG_APPEND_TIME;
        if (appendTime) {
            maxTimestamp = nowMs;
            maxTimestampOffsetDelta = count - 1;
        }
        putTimestampRight(result, appendTime, maxTimestamp, rewritten != null);
        return new Accepted(new ValidatedBatch(
                result,
                rewritten == null ? lease : BufferLease.UNPOOLED,
                count,
                baseTimestamp,
                maxTimestamp,
                maxTimestampOffsetDelta));
    }

    /** The only fields inside the CRC that a broker changes; the CRC is computed anew only when one did. */
    private static void putTimestampRight(ByteBuffer batch, boolean appendTime, long maxTimestamp, boolean changed) {
        boolean stale = changed;
        if (appendTime) {
            batch.putShort(BatchLayout.ATTRIBUTES_AT, (short)
                    (RecordBatch.attributes(batch, 0) | BatchLayout.LOG_APPEND_TIME_BIT));
            stale = true;
        }
        if (RecordBatch.maxTimestamp(batch, 0) != maxTimestamp) {
            batch.putLong(BatchLayout.MAX_TIMESTAMP_AT, maxTimestamp);
            stale = true;
        }
        if (stale) {
            RecordBatch.sealCrc(batch, 0, batch.limit());
        }
    }

    /**
     * The same records under another codec. Their bytes stay as they are: deltas count from the header, which only changes its
     * codec and length.
     *
     * @return null when the result is larger than the topic allows
     */
    private static @Nullable ByteBuffer rewritten(ByteBuffer records, Codec from, Codec to, BatchRules rules)
            throws IOException {
        Bounded target = new Bounded(records.limit(), rules.maxBytes());
        byte[] header = new byte[BatchLayout.RECORDS_AT];
        records.get(0, header);
        target.write(header);
        try (InputStream plain = from.decompressing(body(records));
                OutputStream packed = to.compressing(target, rules.compression().level())) {
            plain.transferTo(packed);
        } catch (TooLargeException e) {
            return null;
        }
        ByteBuffer batch = ByteBuffer.wrap(target.toByteArray());
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short)
                ((RecordBatch.attributes(records, 0) & ~BatchLayout.COMPRESSION_MASK) | to.id()));
        return batch;
    }

    private static ByteBuffer body(ByteBuffer records) {
        return records.slice(BatchLayout.RECORDS_AT, records.limit() - BatchLayout.RECORDS_AT);
    }

    private static Refused invalid(String message) {
        return new Refused(Refusal.INVALID_RECORD, message, List.of());
    }

    private static Refused corrupt(String message) {
        return new Refused(Refusal.CORRUPT, message, List.of());
    }

    /** A small batch can unfold without end: what it becomes stops growing at the topic's limit. */
    private static final class Bounded extends ByteArrayOutputStream {
        private final int maxBytes;

        Bounded(int expectedBytes, int maxBytes) {
            super(expectedBytes);
            this.maxBytes = maxBytes;
        }

        @Override
        public synchronized void write(int b) {
            expect(1);
            super.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            expect(length);
            super.write(bytes, offset, length);
        }

        private void expect(int more) {
            if (count + (long) more > maxBytes) {
                throw new TooLargeException();
            }
        }
    }

    private static final class TooLargeException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLargeException() {
            super("larger than the topic allows", null, false, false);
        }
    }
}
