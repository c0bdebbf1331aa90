package io.odradek.engine.record;

import io.odradek.engine.LogConfig.TimestampType;
import io.odradek.engine.record.BatchVerdict.Accepted;
import io.odradek.engine.record.BatchVerdict.Refused;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a producer's bytes may enter a log: as strict as the produce path of Kafka 4.3.1, in its order, so that of
 * several faults the same one is named.
 *
 * <ol>
 *   <li>exactly one whole batch, magic 2, no zstd in an old request; a torn second batch behind it is cut off, as Kafka does
 *   <li>base offset 0, size, checksum, a codec we know
 *   <li>offsets and count agree, no control records, a producer id comes with epoch and sequence
 *   <li>every record: structure, key where the topic is compacted, timestamp
 * </ol>
 *
 * Where we differ, always towards strictness: a negative producer id or epoch, transactional records without a producer id,
 * compressed records whose size field lies, and a claim of LogAppendTime on a CreateTime topic are refused. Where Kafka fails with an unexpected exception, and answers
 * UNKNOWN_SERVER_ERROR, we name the fault. Offset deltas other than 0, 1, 2... are refused: Kafka stores them when nothing is
 * compressed, repairs them when it changes the codec, and fails otherwise.
 *
 * <p>The time index, in Kafka, has the <em>last</em> offset of the batch that raised the largest timestamp; ListOffsets with
 * MAX_TIMESTAMP (KIP-734) then opens that batch and answers the <em>first</em> record that has it. {@link
 * ValidatedBatch#maxTimestampOffsetDelta} names that first record; for LogAppendTime it is the first of the batch.
 */
public final class BatchCheck {

    /** What a length field may at least say: the smallest record of message format v0, as in Kafka. */
    private static final int LEAST_LENGTH = 14;

    private static final int WINDOW_BYTES = 16 << 10;

    /** Decompressed bytes pass through here, so that checking allocates nothing that outlives the batch. */
    private static final ThreadLocal<byte[]> WINDOW = ThreadLocal.withInitial(() -> new byte[WINDOW_BYTES]);

    /**
     * Any thread, which owns the buffer; touches nothing but its arguments. The maximum timestamp, the timestamp type and then the checksum may be
     * corrected in place; position and limit stay as they are.
     *
     * @param records the whole records field of one partition, from index 0 to its limit; big-endian and writable
     * @param lease taken over: the accepted batch owns it, or it is released here (refused, rewritten, or thrown)
     * @param nowMs the broker's clock: the append time under LogAppendTime, and what limits are measured from
     */
    public static BatchVerdict check(ByteBuffer records, BufferLease lease, BatchRules rules, long nowMs) {
        var examination = new BatchCheck(records, lease, rules, nowMs);
        try {
            return examination.verdict();
        } finally {
            if (!examination.leaseMovedOn) {
                lease.release();
            }
        }
    }

    private final ByteBuffer records;
    private final BufferLease lease;
    private final BatchRules rules;
    private final long nowMs;
    private boolean leaseMovedOn;

    private BatchCheck(ByteBuffer records, BufferLease lease, BatchRules rules, long nowMs) {
        this.records = records;
        this.lease = lease;
        this.rules = rules;
        this.nowMs = nowMs;
    }

    private BatchVerdict verdict() {
        Refused refused = checkFrame();
        if (refused != null) {
            return refused;
        }
        int size = RecordBatch.sizeInBytes(records, 0);
        refused = checkIntegrity(size);
        if (refused != null) {
            return refused;
        }
        Codec sent = Codec.ofId(RecordBatch.codecId(records, 0));
        if (sent == null) {
            return refuse(Refusal.UNSUPPORTED_COMPRESSION, "codec " + RecordBatch.codecId(records, 0) + " is unknown");
        }
        refused = checkHeader();
        return refused != null ? refused : checkRecords(size, sent);
    }

    private @Nullable Refused checkFrame() {
        int limit = records.limit();
        Refused refused = checkPrefix(0, limit);
        if (refused != null) {
            return refused;
        }
        if (!holdsBatch(0, limit)) {
            return refuse(Refusal.INVALID_RECORD, "no whole record batch in " + limit + " bytes");
        }
        if (RecordBatch.magic(records, 0) != BatchLayout.MAGIC) {
            return refuse(
                    Refusal.INVALID_RECORD,
                    "magic " + RecordBatch.magic(records, 0) + ": only record batch v2 is allowed");
        }
        if (!rules.zstdAllowed() && RecordBatch.codecId(records, 0) == Codec.ZSTD.id()) {
            return refuse(Refusal.UNSUPPORTED_COMPRESSION, "zstd needs a Produce request of version 7 or later");
        }
        int size = RecordBatch.sizeInBytes(records, 0);
        refused = checkPrefix(size, limit);
        if (refused != null) {
            return refused;
        }
        return holdsBatch(size, limit)
                ? refuse(Refusal.INVALID_RECORD, "more than one record batch for a partition")
                : null;
    }

    /** What can be said of a batch that begins at {@code at} before all of it is there. */
    private @Nullable Refused checkPrefix(int at, int limit) {
        if (limit - at < BatchLayout.PREFIX_BYTES) {
            return null;
        }
        int length = records.getInt(at + BatchLayout.LENGTH_AT);
        if (length < LEAST_LENGTH || length > Integer.MAX_VALUE - BatchLayout.PREFIX_BYTES) {
            return refuse(Refusal.CORRUPT, "batch length " + length);
        }
        if (limit - at <= BatchLayout.MAGIC_AT) {
            return null;
        }
        byte magic = RecordBatch.magic(records, at);
        return magic < 0 || magic > BatchLayout.MAGIC ? refuse(Refusal.CORRUPT, "magic " + magic) : null;
    }

    private boolean holdsBatch(int at, int limit) {
        return limit - at > BatchLayout.MAGIC_AT && RecordBatch.sizeInBytes(records, at) <= limit - at;
    }

    private @Nullable Refused checkIntegrity(int size) {
        long baseOffset = RecordBatch.baseOffset(records, 0);
        if (baseOffset != 0) {
            return refuse(Refusal.INVALID_RECORD, "base offset " + baseOffset + ": a producer's batch begins at 0");
        }
        if (size > rules.maxMessageBytes()) {
            return refuse(
                    Refusal.TOO_LARGE, "batch of " + size + " bytes; max.message.bytes is " + rules.maxMessageBytes());
        }
        if (size < BatchLayout.HEADER_BYTES) {
            return refuse(Refusal.CORRUPT, "batch of " + size + " bytes is smaller than its header");
        }
        int computed = Crc32c.ofOwned(records, BatchLayout.ATTRIBUTES_AT, size - BatchLayout.ATTRIBUTES_AT);
        int claimed = RecordBatch.crc(records, 0);
        return computed == claimed
                ? null
                : refuse(
                        Refusal.CORRUPT,
                        "batch has CRC " + Integer.toHexString(computed) + ", its header says "
                                + Integer.toHexString(claimed));
    }

    private @Nullable Refused checkHeader() {
        int lastOffsetDelta = RecordBatch.lastOffsetDelta(records, 0);
        int count = RecordBatch.recordCount(records, 0);
        if (lastOffsetDelta < 0 || count <= 0 || lastOffsetDelta != count - 1) {
            return refuse(
                    Refusal.INVALID_RECORD, "record count " + count + " with last offset delta " + lastOffsetDelta);
        }
        if (RecordBatch.isControl(records, 0)) {
            return refuse(Refusal.INVALID_RECORD, "clients are not allowed to write control records");
        }
        long producerId = RecordBatch.producerId(records, 0);
        if (producerId != BatchLayout.NO_PRODUCER_ID) {
            int sequence = RecordBatch.baseSequence(records, 0);
            short epoch = RecordBatch.producerEpoch(records, 0);
            if (producerId < 0 || sequence < 0 || epoch < 0) {
                return refuse(
                        Refusal.INVALID_RECORD,
                        "producer " + producerId + " with epoch " + epoch + " and sequence " + sequence);
            }
        } else if (RecordBatch.isTransactional(records, 0)) {
            return refuse(Refusal.INVALID_RECORD, "transactional records without a producer id");
        }
        return null;
    }

    private BatchVerdict checkRecords(int size, Codec sent) {
        Codec stored = rules.storedCodec(sent);
        int count = RecordBatch.recordCount(records, 0);
        var walk = new RecordWalk(
                rules, nowMs, RecordBatch.baseTimestamp(records, 0), RecordBatch.hasLogAppendTime(records, 0));
        try {
            String fault;
            if (sent == Codec.NONE) {
                fault = walk.inPlace(records, BatchLayout.RECORDS_AT, size, count);
            } else if (rules.inspectCompressed() || rules.compacted() || stored != sent) {
                fault = walkCompressed(walk, sent, size, count);
            } else {
                fault = null;
                walk.trustHeader(RecordBatch.maxTimestamp(records, 0), count - 1);
            }
            if (fault != null) {
                return refuse(Refusal.INVALID_RECORD, fault);
            }
            Refused refused = walk.refusal();
            if (refused != null) {
                return refused;
            }
            return stored == sent ? acceptInPlace(size, walk) : acceptRewritten(size, sent, stored, walk);
        } catch (BatchRewrite.TooLargeException e) {
            return refuse(
                    Refusal.TOO_LARGE,
                    "stored as " + stored + ", the batch exceeds max.message.bytes of " + rules.maxMessageBytes());
        } catch (IOException e) {
            return refuse(Refusal.INVALID_RECORD, sent + " records cannot be read: " + e.getMessage());
        }
    }

    private @Nullable String walkCompressed(RecordWalk walk, Codec codec, int size, int count) throws IOException {
        try (var stream = new RecordStream(
                codec.decompress(records, BatchLayout.RECORDS_AT, size), WINDOW.get(), rules.maxUnpackedBytes())) {
            return walk.unpacked(stream, count);
        }
    }

    private Accepted acceptInPlace(int size, RecordWalk walk) {
        ByteBuffer batch = size == records.limit() ? records : records.slice(0, size);
        ValidatedBatch validated = stamped(batch, lease, walk);
        leaseMovedOn = true;
        return new Accepted(validated);
    }

    private Accepted acceptRewritten(int size, Codec sent, Codec stored, RecordWalk walk) throws IOException {
        ByteBuffer batch =
                BatchRewrite.rewrite(records, size, sent, stored, rules.storedLevel(stored), rules.maxMessageBytes());
        ValidatedBatch validated = stamped(batch, BufferLease.UNPOOLED, walk);
        RecordBatch.sealCrc(batch, 0);
        return new Accepted(validated);
    }

    /** Makes timestamp type and maximum timestamp true, and the checksum with them when anything changed. */
    private ValidatedBatch stamped(ByteBuffer batch, BufferLease owner, RecordWalk walk) {
        boolean appendTime = rules.timestampType() == TimestampType.LOG_APPEND_TIME;
        long maxTimestamp = appendTime ? nowMs : walk.maxTimestamp();
        if (appendTime || RecordBatch.maxTimestamp(batch, 0) != maxTimestamp) {
            // Unused attribute bits go, as in Kafka, once the attributes are written anyway.
            int kept = RecordBatch.attributes(batch, 0)
                    & (BatchLayout.COMPRESSION_MASK | BatchLayout.TRANSACTIONAL_BIT | BatchLayout.DELETE_HORIZON_BIT);
            batch.putShort(
                    BatchLayout.ATTRIBUTES_AT, (short) (appendTime ? kept | BatchLayout.LOG_APPEND_TIME_BIT : kept));
            batch.putLong(BatchLayout.MAX_TIMESTAMP_AT, maxTimestamp);
            RecordBatch.sealCrc(batch, 0);
        }
        return new ValidatedBatch(
                batch,
                owner,
                RecordBatch.recordCount(batch, 0),
                RecordBatch.baseTimestamp(batch, 0),
                maxTimestamp,
                appendTime ? 0 : walk.maxTimestampIndex());
    }

    private static Refused refuse(Refusal reason, String message) {
        return new Refused(reason, message, List.of());
    }
}
