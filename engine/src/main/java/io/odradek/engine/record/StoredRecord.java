package io.odradek.engine.record;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record taken out of its batch, with bytes of its own. For the topics the broker itself reads, and for tests. Equality is
 * identity: whoever compares records says which parts count.
 */
public final class StoredRecord {
    private final long offset;
    private final long timestamp;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final List<RecordHeader> headers;

    StoredRecord(
            long offset, long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        this.offset = offset;
        this.timestamp = timestamp;
        this.key = key;
        this.value = value;
        this.headers = List.copyOf(headers);
    }

    public long offset() {
        return offset;
    }

    /** ms since 1970, or {@link BatchLayout#NO_TIMESTAMP}. */
    public long timestamp() {
        return timestamp;
    }

    public byte @Nullable [] key() {
        return key;
    }

    /** Null for a tombstone. */
    public byte @Nullable [] value() {
        return value;
    }

    public List<RecordHeader> headers() {
        return headers;
    }
}
