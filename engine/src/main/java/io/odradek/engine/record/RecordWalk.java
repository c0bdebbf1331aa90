package io.odradek.engine.record;

import io.odradek.engine.LogConfig.TimestampType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One look at every record of a batch: is each built as it says, does it have the key and a timestamp the topic wants, and
 * what is the latest timestamp? Lives for one batch and one thread.
 *
 * <p>{@link #inPlace} and {@link #unpacked} are in the hot style: they run for every record that is produced, the first at a
 * few nanoseconds each. Layout of a record: {@link RecordCursor}. What the record attributes say is ignored, and any negative
 * size of key or value means null: Kafka reads it so.
 */
final class RecordWalk {

    /** Errors that are listed. More are counted: a small compressed batch can hold millions of bad records. */
    static final int MAX_RECORD_ERRORS = 1_000;

    /** Attributes, timestamp, offset, key size, value size, header count: a byte each. */
    private static final int LEAST_BODY_BYTES = 6;

    private final BatchRules rules;
    private final long nowMs;
    private final long baseTimestamp;
    private final boolean claimsAppendTime;

    private long maxTimestamp = BatchLayout.NO_TIMESTAMP;
    private int maxTimestampIndex;
    private int errorCount;
    private boolean hasTimestampError;
    private @Nullable List<RecordError> errors;

    RecordWalk(BatchRules rules, long nowMs, long baseTimestamp, boolean claimsAppendTime) {
        this.rules = rules;
        this.nowMs = nowMs;
        this.baseTimestamp = baseTimestamp;
        this.claimsAppendTime = claimsAppendTime;
    }

    /**
     * Walks uncompressed records that fill {@code [from, limit)}. Returns the first fault of structure, or null.
     *
     * <p>Where the next record begins follows from this one's size alone, not from walking its fields: so the processor works
     * on several records at once. What a record must fulfil is copied to locals, which stay in registers.
     */
    @Nullable
    String inPlace(ByteBuffer buffer, int from, int limit, int count) {
        boolean keysRequired = rules.compacted();
        boolean timesMatter = rules.timestampType() == TimestampType.CREATE_TIME;
        long beforeMaxMs = rules.timestampBeforeMaxMs();
        long afterMaxMs = rules.timestampAfterMaxMs();
        long base = baseTimestamp;
        long max = BatchLayout.NO_TIMESTAMP;
        int maxIndex = 0;

        int start = from;
        for (int index = 0; index < count; index++) {
            long bodySize = Varints.readInt(buffer, start, limit);
            int at = Varints.end(bodySize);
            int size = Varints.value(bodySize);
            if (bodySize < 0 || size < LEAST_BODY_BYTES || size > limit - at) {
                return malformed(index);
            }
            int end = at + size;
            start = end;

            long timestamp;
            byte shortDelta = buffer.get(++at); // behind the attributes; there are at least six bytes
            if (shortDelta >= 0) {
                timestamp = base + ((shortDelta >>> 1) ^ -(shortDelta & 1));
                at++;
            } else {
                int deltaAt = at;
                at = Varints.longEnd(buffer, at, end);
                if (at < 0) {
                    return malformed(index);
                }
                timestamp = base + Varints.readLong(buffer, deltaAt);
            }

            long offsetDelta = Varints.readInt(buffer, at, end);
            if (offsetDelta < 0 || Varints.value(offsetDelta) != index) {
                return malformed(index);
            }
            long keySize = Varints.readInt(buffer, Varints.end(offsetDelta), end);
            at = behind(keySize, end);
            if (at < 0) {
                return malformed(index);
            }
            at = behind(Varints.readInt(buffer, at, end), end);
            if (at < 0) {
                return malformed(index);
            }
            long headerCount = Varints.readInt(buffer, at, end);
            if (headerCount < 0) {
                return malformed(index);
            }
            at = Varints.end(headerCount);
            if (Varints.value(headerCount) != 0) {
                at = headersEnd(buffer, at, end, Varints.value(headerCount));
            }
            if (at != end) {
                return malformed(index);
            }

            if (timestamp > max) {
                max = timestamp;
                maxIndex = index;
            }
            long age = nowMs - timestamp;
            if ((keysRequired && Varints.value(keySize) < 0)
                    || claimsAppendTime
                    || (timesMatter && (age > beforeMaxMs || -age > afterMaxMs))) {
                examine(index, Varints.value(keySize), timestamp);
            }
        }
        maxTimestamp = max;
        maxTimestampIndex = maxIndex;
        return start == limit ? null : (limit - start) + " bytes are left behind the last record";
    }

    /** Position behind a field of which the size was read; negative when it does not fit. */
    private static int behind(long packedSize, int limit) {
        if (packedSize < 0) {
            return -1;
        }
        int at = Varints.end(packedSize);
        int size = Varints.value(packedSize);
        if (size <= 0) {
            return at;
        }
        return size <= limit - at ? at + size : -1;
    }

    private static int headersEnd(ByteBuffer buffer, int from, int limit, int count) {
        if (count < 0) {
            return -1;
        }
        int at = from;
        for (int i = 0; i < count; i++) {
            long keySize = Varints.readInt(buffer, at, limit);
            if (keySize < 0 || Varints.value(keySize) < 0) {
                return -1;
            }
            at = behind(keySize, limit);
            if (at < 0) {
                return -1;
            }
            at = behind(Varints.readInt(buffer, at, limit), limit);
            if (at < 0) {
                return -1;
            }
        }
        return at;
    }

    private static String malformed(int index) {
        return "record " + index + " is malformed, or its offset delta is not " + index;
    }

    /** The same for compressed records. Returns the first fault of structure, or null. */
    @Nullable
    String unpacked(RecordStream records, int count) throws IOException {
        for (int index = 0; index < count; index++) {
            int size = records.readInt();
            long from = records.position();
            if (size < LEAST_BODY_BYTES) {
                return malformed(index);
            }
            records.readByte();
            long timestamp = baseTimestamp + records.readLong();
            if (records.readInt() != index) {
                return malformed(index);
            }
            int keySize = records.readInt();
            if (!skip(records, keySize, from, size) || !skip(records, records.readInt(), from, size)) {
                return malformed(index);
            }
            int headerCount = records.readInt();
            if (headerCount < 0) {
                return malformed(index);
            }
            for (int i = 0; i < headerCount; i++) {
                int headerKeySize = records.readInt();
                if (headerKeySize < 0
                        || !skip(records, headerKeySize, from, size)
                        || !skip(records, records.readInt(), from, size)) {
                    return malformed(index);
                }
            }
            if (records.position() - from != size) {
                return malformed(index);
            }
            note(index, keySize, timestamp);
        }
        return records.atEnd() ? null : "bytes are left behind the last record";
    }

    private static boolean skip(RecordStream records, int fieldSize, long bodyFrom, int bodySize) throws IOException {
        if (fieldSize > bodySize - (records.position() - bodyFrom)) {
            return false;
        }
        if (fieldSize > 0) {
            records.skip(fieldSize);
        }
        return true;
    }

    private void note(int index, int keySize, long timestamp) {
        if (timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
            maxTimestampIndex = index;
        }
        examine(index, keySize, timestamp);
    }

    /** Whether the record has the key and the timestamp that the topic wants. */
    private void examine(int index, int keySize, long timestamp) {
        if (rules.compacted() && keySize < 0) {
            addError(index, "a compacted topic cannot accept a record without a key");
        } else if (claimsAppendTime) {
            hasTimestampError = true;
            addError(index, "a producer cannot set the timestamp type to LogAppendTime");
        } else if (rules.timestampType() == TimestampType.CREATE_TIME
                && timestamp != BatchLayout.NO_TIMESTAMP
                && !inRange(timestamp)) {
            hasTimestampError = true;
            addError(index, outOfRange(timestamp));
        }
    }

    private boolean inRange(long timestamp) {
        // The differences wrap as Kafka's do: a timestamp near the ends of the range of a long is accepted or not
        // alike.
        long age = nowMs - timestamp;
        return age <= rules.timestampBeforeMaxMs() && -age <= rules.timestampAfterMaxMs();
    }

    private String outOfRange(long timestamp) {
        return "timestamp " + timestamp + " is out of range: it should be at most " + rules.timestampBeforeMaxMs()
                + " ms before and " + rules.timestampAfterMaxMs() + " ms after the broker's " + nowMs;
    }

    private void addError(int index, String message) {
        if (errors == null) {
            errors = new ArrayList<>();
        }
        if (errorCount++ < MAX_RECORD_ERRORS) {
            errors.add(new RecordError(index, message));
        }
    }

    /** What the header alone says, for a compressed batch that is not opened. */
    void trustHeader(long headerMaxTimestamp, int lastIndex) {
        note(lastIndex, 0, headerMaxTimestamp);
        maxTimestampIndex = lastIndex;
    }

    long maxTimestamp() {
        return maxTimestamp;
    }

    /** Of the first record that has the largest timestamp. */
    int maxTimestampIndex() {
        return maxTimestampIndex;
    }

    /** The refusal of the single records found at fault; null when there are none. */
    BatchVerdict.@Nullable Refused refusal() {
        if (errors == null) {
            return null;
        }
        return hasTimestampError
                ? new BatchVerdict.Refused(
                        Refusal.INVALID_TIMESTAMP, errorCount + " records, some with an invalid timestamp", errors)
                : new BatchVerdict.Refused(Refusal.INVALID_RECORD, errorCount + " records are invalid", errors);
    }
}
