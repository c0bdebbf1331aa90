package io.odradek.engine.record;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogConfig.CompressionPolicy;
import io.odradek.engine.LogConfig.TimestampType;
import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * What a topic and a request's version allow a batch to be. Immutable; make one per topic configuration and keep it.
 *
 * @param maxMessageBytes largest batch, compressed as it is ({@code max.message.bytes})
 * @param timestampBeforeMaxMs how far a record may lie in the past, in ms
 * @param timestampAfterMaxMs how far a record may lie in the future, in ms
 * @param compression how batches are stored
 * @param compacted records must have keys
 * @param zstdAllowed false for Produce requests below version 7 (KIP-110)
 * @param inspectCompressed look inside compressed batches, as Kafka does. False trusts header and checksum of a batch that
 *     neither compaction nor another codec make us open: cheaper, and a lying producer then hurts its consumers
 * @param maxUnpackedBytes longest that a compressed batch may unfold to. Kafka has no such bound; but where every size is an
 *     int, no client reads more than the default of 2 GiB either, and one megabyte of zstd can claim 30 times as much
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record BatchRules(
        int maxMessageBytes,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        CompressionPolicy compression,
        boolean compacted,
        boolean zstdAllowed,
        boolean inspectCompressed,
        long maxUnpackedBytes)
        implements BatchRulesBuilder.With {

    /** As strict as Kafka, for a request of the newest version. */
    public static BatchRules of(LogConfig config) {
        return BatchRulesBuilder.builder()
                .maxMessageBytes(config.maxMessageBytes())
                .timestampType(config.timestampType())
                .timestampBeforeMaxMs(config.timestampBeforeMaxMs())
                .timestampAfterMaxMs(config.timestampAfterMaxMs())
                .compression(config.compression())
                .compacted(config.compact())
                .zstdAllowed(true)
                .inspectCompressed(true)
                .maxUnpackedBytes(Integer.MAX_VALUE)
                .build();
    }

    /** The same for a Produce request of version 3 to 6. */
    public BatchRules withoutZstd() {
        return withZstdAllowed(false);
    }

    /** The same without a look inside compressed batches. */
    public BatchRules trustingCompressed() {
        return withInspectCompressed(false);
    }

    /** The codec a batch that came with {@code sent} is stored with. */
    Codec storedCodec(Codec sent) {
        return switch (compression.type()) {
            case PRODUCER -> sent;
            case UNCOMPRESSED -> Codec.NONE;
            case GZIP -> Codec.GZIP;
            case SNAPPY -> Codec.SNAPPY;
            case LZ4 -> Codec.LZ4;
            case ZSTD -> Codec.ZSTD;
        };
    }

    /** Level for the codec of {@link #storedCodec}. A batch that keeps its codec is recompressed with its default level. */
    int storedLevel(Codec stored) {
        return switch (compression.type()) {
            case PRODUCER, UNCOMPRESSED, SNAPPY -> stored.defaultLevel();
            case GZIP, LZ4, ZSTD -> compression.level();
        };
    }
}
