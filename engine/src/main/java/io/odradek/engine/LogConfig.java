package io.odradek.engine;

/**
 * A topic's configuration, as far as its logs need it. Names and defaults are Kafka's topic configs; immutable, swapped as
 * a whole.
 *
 * @param retentionMs -1: no limit by time
 * @param retentionBytes -1: no limit by size
 * @param flushMessages records after which an append waits for a sync ({@code flush.messages})
 * @param flushMs longest time in ms that appended records stay unsynced ({@code flush.ms})
 * @param timestampBeforeMaxMs {@code message.timestamp.before.max.ms}
 * @param timestampAfterMaxMs {@code message.timestamp.after.max.ms}
 */
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
        int minInSyncReplicas,
        boolean uncleanLeaderElection) {

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
        return new LogConfig(
                new Durability.Sync(),
                1 << 30,
                7L * 24 * 3600 * 1000,
                0,
                10 << 20,
                4096,
                7L * 24 * 3600 * 1000,
                -1,
                60_000,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                1_048_588,
                TimestampType.CREATE_TIME,
                Long.MAX_VALUE,
                3_600_000,
                CompressionPolicy.PRODUCER,
                true,
                false,
                0,
                Long.MAX_VALUE,
                24L * 3600 * 1000,
                0.5,
                false,
                1,
                false);
    }
}
