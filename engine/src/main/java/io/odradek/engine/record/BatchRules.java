package io.odradek.engine.record;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogConfig.CompressionPolicy;
import io.odradek.engine.LogConfig.TimestampType;

/**
 * What one topic asks of a batch.
 *
 * @param maxBytes of the whole batch as it was sent
 * @param keysRequired the topic is compacted
 * @param zstdAllowed the request's version knows zstd (Produce 7 and later, KIP-110)
 * @param inspectCompressed look into compressed batches, as Kafka does; otherwise their headers are believed
 */
public record BatchRules(
        int maxBytes,
        boolean keysRequired,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        CompressionPolicy compression,
        boolean zstdAllowed,
        boolean inspectCompressed) {

    /** For a client that knows zstd; compressed batches are looked into. */
    public static BatchRules of(LogConfig config) {
        return new BatchRules(
                config.maxMessageBytes(),
                config.compact(),
                config.timestampType(),
                config.timestampBeforeMaxMs(),
                config.timestampAfterMaxMs(),
                config.compression(),
                true,
                true);
    }

    public BatchRules withoutZstd() {
        return new BatchRules(
                maxBytes,
                keysRequired,
                timestampType,
                timestampBeforeMaxMs,
                timestampAfterMaxMs,
                compression,
                false,
                inspectCompressed);
    }

    /** Whether a record's timestamp is too far from {@code nowMs}; -1 is no timestamp and always fine. */
    boolean tooFar(long timestamp, long nowMs) {
        return timestamp != BatchLayout.NO_TIMESTAMP
                && (nowMs - timestamp > timestampBeforeMaxMs || timestamp - nowMs > timestampAfterMaxMs);
    }
}
