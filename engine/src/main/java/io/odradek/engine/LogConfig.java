package io.odradek.engine;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * A topic's configuration, as far as its logs need it. Names and defaults are Kafka's topic configs; immutable, swapped as
 * a whole. Variations are made with the generated {@code with} methods; the generated builder asks for every component, in
 * this order, so that none is forgotten.
 *
 * @param retentionMs -1: no limit by time
 * @param retentionBytes -1: no limit by size
 * @param flushMessages records after which an append waits for a sync ({@code flush.messages})
 * @param flushMs longest time in ms that appended records stay unsynced ({@code flush.ms})
 * @param appendAheadBytes by how much a segment with many small appends is lengthened at a time, which makes them cheap; 0: such a
 *     segment grows with each append, as Kafka's ({@code odradek.append.ahead.bytes})
 * @param timestampBeforeMaxMs {@code message.timestamp.before.max.ms}
 * @param timestampAfterMaxMs {@code message.timestamp.after.max.ms}
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record LogConfig(
        Durability durability,
        int segmentBytes,
        long segmentMs,
        long segmentJitterMs,
        int segmentIndexBytes,
        int indexIntervalBytes,
        long retentionMs,
        long retentionBytes,
        long fileDeleteDelayMs,
        long flushMessages,
        long flushMs,
        int maxMessageBytes,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        CompressionPolicy compression,
        boolean delete,
        boolean compact,
        long minCompactionLagMs,
        long maxCompactionLagMs,
        long deleteRetentionMs,
        double minCleanableDirtyRatio,
        boolean preallocate,
        int appendAheadBytes,
        int minInSyncReplicas,
        boolean uncleanLeaderElection)
        implements LogConfigBuilder.With {

    /** Decision 28 has what it brings. */
    public static final int DEFAULT_APPEND_AHEAD_BYTES = 128 << 10;

    /** {@code message.timestamp.type}. */
    public enum TimestampType {
        CREATE_TIME,
        LOG_APPEND_TIME
    }

    /** {@code compression.type} with its level. */
    public record CompressionPolicy(CompressionType type, int level) {
        public static final CompressionPolicy PRODUCER = new CompressionPolicy(CompressionType.PRODUCER, 0);
    }

    /** {@code compression.type}: keep what the producer chose, or one codec for all. */
    public enum CompressionType {
        PRODUCER,
        UNCOMPRESSED,
        GZIP,
        SNAPPY,
        LZ4,
        ZSTD
    }

    /** Kafka's defaults, and {@code sync} durability. */
    public static LogConfig defaults() {
        return LogConfigBuilder.builder()
                .durability(new Durability.Sync())
                .segmentBytes(1 << 30)
                .segmentMs(7L * 24 * 3600 * 1000)
                .segmentJitterMs(0)
                .segmentIndexBytes(10 << 20)
                .indexIntervalBytes(4096)
                .retentionMs(7L * 24 * 3600 * 1000)
                .retentionBytes(-1)
                .fileDeleteDelayMs(60_000)
                .flushMessages(Long.MAX_VALUE)
                .flushMs(Long.MAX_VALUE)
                .maxMessageBytes(1_048_588)
                .timestampType(TimestampType.CREATE_TIME)
                .timestampBeforeMaxMs(Long.MAX_VALUE)
                .timestampAfterMaxMs(3_600_000)
                .compression(CompressionPolicy.PRODUCER)
                .delete(true)
                .compact(false)
                .minCompactionLagMs(0)
                .maxCompactionLagMs(Long.MAX_VALUE)
                .deleteRetentionMs(24L * 3600 * 1000)
                .minCleanableDirtyRatio(0.5)
                .preallocate(false)
                .appendAheadBytes(DEFAULT_APPEND_AHEAD_BYTES)
                .minInSyncReplicas(1)
                .uncleanLeaderElection(false)
                .build();
    }
}
