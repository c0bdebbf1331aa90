package io.odradek.engine.record;

import io.odradek.engine.LogConfig.TimestampType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of one batch to see whether they are well-formed and what their timestamps are. Hot style, one per thread,
 * reused: nothing is allocated for a batch that has nothing wrong with it.
 *
 * <pre>
 *  record:  length | attributes (1) | timestamp delta | offset delta | key length | key | value length | value | headers
 *  headers: count | { key length | key | value length | value } ...          all numbers zigzag varints, length -1 = null
 * </pre>
 */
final class RecordWalk {
    private static final int CHUNK_BYTES = 16 * 1024;
    /** Longest prefix of a record up to its key: what has to be in the chunk before a record can be looked at. */
    private static final int MAX_VARLONG_BYTES = 10;

    private static final ThreadLocal<RecordWalk> PER_THREAD = ThreadLocal.withInitial(RecordWalk::new);

    /** Largest timestamp, and the offset delta of the first record that has it. */
    long maxTimestamp;

    int maxTimestampOffsetDelta;
    /** What is wrong with the structure; null: nothing. */
    @Nullable
    String malformed;

    final RecordFaults faults = new RecordFaults();

    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    private @Nullable InputStream source;
    /** Decompressed bytes taken from the source so far, and how many may be taken. */
    private long taken;

    private RecordWalk() {}

    /** This thread's; valid until the thread asks again. */
    static RecordWalk ofThread() {
        return PER_THREAD.get();
    }

    private void begin() {
        maxTimestamp = BatchLayout.NO_TIMESTAMP;
        maxTimestampOffsetDelta = -1;
        malformed = null;
        faults.clear();
    }

    /** Walks {@code count} records that lie in {@code [from, limit)} of the buffer and have to fill it exactly. */
    void walk(ByteBuffer buffer, int from, int limit, int count, long baseTimestamp, BatchRules rules, long nowMs) {
        begin();
        int at = from;
        for (int index = 0; index < count; index++) {
            long read = Varints.readInt(buffer, at, limit);
            if (read == Varints.MALFORMED) {
                malformed = at >= limit ? missing(index, count) : malformed(index);
                return;
            }
            at += Varints.length(read);
            int size = Varints.value(read);
            if (size < 1 || size > limit - at) {
                malformed = malformed(index);
                return;
            }
            int end = at + size;
            at++; // attributes: unused
            int length = Varints.lengthOfLong(buffer, at, end);
            if (length < 0) {
                malformed = malformed(index);
                return;
            }
            long timestamp = baseTimestamp + Varints.readLong(buffer, at, length);
            at += length;
            read = Varints.readInt(buffer, at, end);
            if (read == Varints.MALFORMED || Varints.value(read) != index) {
                malformed = malformedDelta(index);
                return;
            }
            at += Varints.length(read);
            read = Varints.readInt(buffer, at, end);
            if (read == Varints.MALFORMED) {
                malformed = malformed(index);
                return;
            }
            at += Varints.length(read);
            int keyLength = Varints.value(read);
            if (keyLength > end - at) {
                malformed = malformed(index);
                return;
            }
            at += Math.max(keyLength, 0);
            at = skipSized(buffer, at, end);
            at = at < 0 ? -1 : skipHeaders(buffer, at, end);
            if (at != end) {
                malformed = malformed(index);
                return;
            }
            note(index, timestamp, keyLength >= 0, rules, nowMs);
        }
        if (at != limit) {
            malformed = (limit - at) + " bytes follow the last of the " + count + " declared records";
        }
    }

    /** A batch that is not looked into is what its header says. */
    void believe(long maxTimestamp, int count) {
        begin();
        this.maxTimestamp = maxTimestamp;
        this.maxTimestampOffsetDelta = count - 1;
    }

    private static int skipSized(ByteBuffer buffer, int at, int end) {
        long read = Varints.readInt(buffer, at, end);
        if (read == Varints.MALFORMED) {
            return -1;
        }
        int next = at + Varints.length(read);
        int size = Math.max(Varints.value(read), 0); // negative: null
        return size > end - next ? -1 : next + size;
    }

    private static int skipHeaders(ByteBuffer buffer, int from, int end) {
        long read = Varints.readInt(buffer, from, end);
        if (read == Varints.MALFORMED || Varints.value(read) < 0) {
            return -1;
        }
        int at = from + Varints.length(read);
        for (int left = Varints.value(read); left > 0; left--) {
            read = Varints.readInt(buffer, at, end);
            if (read == Varints.MALFORMED || Varints.value(read) < 0) {
                return -1; // a header's key is never null
            }
            at = skipSized(buffer, at, end);
            at = at < 0 ? -1 : skipSized(buffer, at, end);
            if (at < 0) {
                return -1;
            }
        }
        return at;
    }

    private void note(int index, long timestamp, boolean hasKey, BatchRules rules, long nowMs) {
        if (timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
            maxTimestampOffsetDelta = index;
        }
        if (rules.keysRequired() && !hasKey) {
            faults.missingKey(index);
        } else if (rules.timestampType() == TimestampType.CREATE_TIME && rules.tooFar(timestamp, nowMs)) {
            faults.tooFar(index, timestamp, nowMs, rules);
        }
    }

    /**
     * As {@link #walk(ByteBuffer, int, int, int, long, BatchRules, long)}, from a decompressing stream, in memory bounded by one
     * chunk: keys, values and headers are skipped as they come out.
     */
    void walk(InputStream in, int count, long baseTimestamp, BatchRules rules, long nowMs) throws IOException {
        begin();
        source = in;
        taken = 0;
        chunk.clear().limit(0);
        for (int index = 0; index < count; index++) {
            if (!ensure(1)) {
                malformed = missing(index, count);
                return;
            }
            int size = streamedInt();
            long recordEnd = consumed() + size;
            if (malformed != null || size < 1) {
                malformed = malformed(index);
                return;
            }
            skip(1); // attributes: unused
            long timestamp = baseTimestamp + streamedLong();
            if (malformed == null && streamedInt() != index) {
                malformed = malformedDelta(index);
                return;
            }
            int keyLength = streamedInt();
            skip(Math.max(keyLength, 0));
            skip(Math.max(streamedInt(), 0));
            int headers = streamedInt();
            if (headers < 0) {
                malformed = malformed(index);
                return;
            }
            for (; headers > 0 && malformed == null && consumed() < recordEnd; headers--) {
                int name = streamedInt();
                if (name < 0) {
                    malformed = malformed(index);
                    return;
                }
                skip(name);
                skip(Math.max(streamedInt(), 0));
            }
            if (malformed != null || headers > 0 || consumed() != recordEnd) {
                malformed = malformed(index);
                return;
            }
            note(index, timestamp, keyLength >= 0, rules, nowMs);
        }
        if (ensure(1)) {
            malformed = "bytes follow the last of the " + count + " declared records";
        }
    }

    private long consumed() {
        return taken - chunk.remaining();
    }

    /** Tries to have {@code wanted} bytes in the chunk; false when the stream ends before. */
    private boolean ensure(int wanted) throws IOException {
        InputStream in = source;
        if (chunk.remaining() >= wanted || in == null) {
            return chunk.remaining() >= wanted;
        }
        chunk.compact();
        while (chunk.position() < wanted) {
            int read = in.read(chunk.array(), chunk.position(), chunk.remaining());
            if (read < 0) {
                break;
            }
            taken += read;
            chunk.position(chunk.position() + read);
        }
        chunk.flip();
        return chunk.remaining() >= wanted;
    }

    private int streamedInt() throws IOException {
        boolean _ = ensure(MAX_VARLONG_BYTES);
        long read = Varints.readInt(chunk, chunk.position(), chunk.limit());
        if (read == Varints.MALFORMED) {
            malformed = "a number is cut off";
            return 0;
        }
        chunk.position(chunk.position() + Varints.length(read));
        return Varints.value(read);
    }

    private long streamedLong() throws IOException {
        boolean _ = ensure(MAX_VARLONG_BYTES);
        int length = Varints.lengthOfLong(chunk, chunk.position(), chunk.limit());
        if (length < 0) {
            malformed = "a number is cut off";
            return 0;
        }
        long value = Varints.readLong(chunk, chunk.position(), length);
        chunk.position(chunk.position() + length);
        return value;
    }

    private void skip(int bytes) throws IOException {
        int left = bytes;
        while (left > 0) {
            if (!ensure(1)) {
                malformed = "a record is cut off";
                return;
            }
            int step = Math.min(left, chunk.remaining());
            chunk.position(chunk.position() + step);
            left -= step;
        }
    }

    private static String malformed(int index) {
        return "record " + index + " is malformed";
    }

    private static String malformedDelta(int index) {
        return "record " + index + " is malformed: its offset delta is not " + index;
    }

    private static String missing(int index, int count) {
        return "the batch declares " + count + " records and holds " + index;
    }
}
