package io.odradek.engine.record;

import io.odradek.engine.KafkaLog;
import io.odradek.engine.LogConfig.TimestampType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Records;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.LogAppendInfo;
import org.apache.kafka.storage.internals.log.RecordValidationException;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.jspecify.annotations.Nullable;
import org.xerial.snappy.SnappyError;

/**
 * Kafka's own produce path as far as it judges a batch: the request's check, then an append to a real log. The oracle of the
 * differential tests. One log per set of rules.
 */
final class KafkaBroker implements AutoCloseable {

    /** What Kafka says to a batch. */
    sealed interface Answer {
        /** @param batch as it was stored, with its offset */
        record Stored(ByteBuffer batch) implements Answer {}

        record Refused(Refusal reason, List<Integer> badRecords) implements Answer {}

        /** Something fell through: the client gets UNKNOWN_SERVER_ERROR. */
        record Failed(Throwable cause) implements Answer {}

        /** The batch is fine, its producer's state is not: what ProducerStates decides. */
        record ProducerRefused() implements Answer {}
    }

    private final long nowMs;
    private final Path directory;
    private final Map<BatchRules, UnifiedLog> logs = new HashMap<>();

    KafkaBroker(long nowMs) {
        this.nowMs = nowMs;
        try {
            this.directory = Files.createTempDirectory("kafka-oracle");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Answer produce(ByteBuffer records, BatchRules rules, short version) {
        try {
            ProduceRequest.validateRecords(version, MemoryRecords.readableRecords(records.duplicate()));
            UnifiedLog log = log(rules);
            LogAppendInfo info = log.appendAsLeader(MemoryRecords.readableRecords(records.duplicate()), 0);
            return new Answer.Stored(stored(log, info.firstOffset()));
        } catch (RecordValidationException e) {
            return new Answer.Refused(
                    e.invalidException() instanceof InvalidTimestampException
                            ? Refusal.INVALID_TIMESTAMP
                            : Refusal.INVALID_RECORD,
                    e.recordErrors().stream().map(error -> error.batchIndex).toList());
        } catch (OutOfOrderSequenceException | InvalidProducerEpochException | InvalidTxnStateException e) {
            return new Answer.ProducerRefused();
        } catch (SnappyError | OutOfMemoryError e) {
            return new Answer.Failed(e); // a snappy chunk that claims half a gigabyte and more
        } catch (Exception e) {
            Refusal reason = reason(e);
            return reason == null ? new Answer.Failed(e) : new Answer.Refused(reason, List.of());
        }
    }

    private static @Nullable Refusal reason(Exception e) {
        return switch (e) {
            case CorruptRecordException _ -> Refusal.CORRUPT;
            case RecordTooLargeException _ -> Refusal.TOO_LARGE;
            case UnsupportedCompressionTypeException _ -> Refusal.UNSUPPORTED_COMPRESSION;
            case InvalidTimestampException _ -> Refusal.INVALID_TIMESTAMP;
            case org.apache.kafka.common.InvalidRecordException _ -> Refusal.INVALID_RECORD;
            default -> null;
        };
    }

    private static ByteBuffer stored(UnifiedLog log, long offset) throws IOException {
        Records read = log.read(offset, 1, FetchIsolation.LOG_END, true).records;
        ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
        read.batches().iterator().next().writeTo(bytes);
        return bytes.flip();
    }

    private UnifiedLog log(BatchRules rules) throws IOException {
        UnifiedLog open = logs.get(rules);
        if (open == null) {
            open = create(rules);
            logs.put(rules, open);
        }
        return open;
    }

    private UnifiedLog create(BatchRules rules) throws IOException {
        var config = new HashMap<String, Object>();
        config.put("max.message.bytes", rules.maxMessageBytes());
        config.put(
                "message.timestamp.type",
                rules.timestampType() == TimestampType.CREATE_TIME ? "CreateTime" : "LogAppendTime");
        config.put("message.timestamp.before.max.ms", rules.timestampBeforeMaxMs());
        config.put("message.timestamp.after.max.ms", rules.timestampAfterMaxMs());
        config.put("compression.type", rules.compression().type().name().toLowerCase(java.util.Locale.ROOT));
        config.put("cleanup.policy", rules.compacted() ? "compact" : "delete");
        config.put("segment.index.bytes", 1 << 16);
        return KafkaLog.open(
                Files.createDirectory(directory.resolve("topic-" + logs.size())), config, new KafkaLog.Clock(nowMs));
    }

    @Override
    public void close() throws IOException {
        logs.values().forEach(UnifiedLog::closeHandlers);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
