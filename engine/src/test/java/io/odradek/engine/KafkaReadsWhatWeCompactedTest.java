package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.DiskFileStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.storage.internals.log.AbortedTxn;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A log that Kafka wrote, transactions and all, compacted here and opened by Kafka again: it finds the records, the aborted
 * transactions and the files that its own compaction would have left.
 */
class KafkaReadsWhatWeCompactedTest {
    private static final TopicPartition PARTITION = new TopicPartition("prices", new UUID(3, 5), 0);
    private static final Map<String, Object> CONFIG =
            Map.of("cleanup.policy", "compact", "delete.retention.ms", 1000, "index.interval.bytes", 100);

    @Test
    void kafkaFindsWhatItsOwnCompactionLeaves(@TempDir Path root) throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            Path theirs = Files.createDirectories(root.resolve(seed + "/theirs/prices-0"));
            Path ours = Files.createDirectories(root.resolve(seed + "/ours/prices-0"));
            KafkaLog.Clock clock = new KafkaLog.Clock(1_700_000_000_000L);
            write(theirs, clock, new Random(seed));
            try (Stream<Path> files = Files.list(theirs)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.copy(file, ours.resolve(file.getFileName().toString()));
                }
            }
            compactHere(ours, clock.nowMs);

            UnifiedLog wanted = KafkaLog.open(theirs, CONFIG, clock);
            wanted.updateHighWatermark(wanted.logEndOffset());
            KafkaLog.compact(wanted, 0, wanted.activeSegment().baseOffset(), clock.nowMs);
            UnifiedLog found = KafkaLog.open(ours, CONFIG, clock);
            assertThat(bytes(found)).as("seed %d", seed).isEqualTo(bytes(wanted));
            assertThat(found.logEndOffset()).isEqualTo(wanted.logEndOffset());
            assertThat(aborted(found)).as("seed %d", seed).isEqualTo(aborted(wanted));
            assertThat(found.lastRecordsOfActiveProducers()).isEqualTo(wanted.lastRecordsOfActiveProducers());
            wanted.close();
            found.close();
        }
    }

    private static void write(Path directory, KafkaLog.Clock clock, Random random) throws IOException {
        UnifiedLog log = KafkaLog.open(directory, CONFIG, clock);
        int[] sequences = new int[3];
        for (int i = 0; i < 60; i++) {
            int producer = random.nextInt(3);
            int batches = 1 + random.nextInt(3);
            for (int b = 0; b < batches; b++) {
                SimpleRecord[] records = new SimpleRecord[1 + random.nextInt(3)];
                for (int r = 0; r < records.length; r++) {
                    records[r] = new SimpleRecord(
                            clock.nowMs,
                            ("k" + random.nextInt(10)).getBytes(StandardCharsets.UTF_8),
                            random.nextInt(4) == 0 ? null : new byte[30]);
                }
                log.appendAsLeader(
                        MemoryRecords.withTransactionalRecords(
                                Compression.NONE, producer, (short) 0, sequences[producer], records),
                        0);
                sequences[producer] += records.length;
            }
            ControlRecordType type = random.nextBoolean() ? ControlRecordType.ABORT : ControlRecordType.COMMIT;
            KafkaLog.endTransaction(log, producer, type, clock.nowMs);
            clock.nowMs += random.nextInt(100);
            if (random.nextInt(8) == 0) {
                log.roll();
            }
        }
        log.roll();
        log.updateHighWatermark(log.logEndOffset());
        log.flush(true);
        log.close();
    }

    private static void compactHere(Path files, long nowMs) throws IOException {
        DiskFileStore store = new DiskFileStore();
        PartitionMetadata.prepare(store, files, PARTITION, true);
        PartitionMetadata.publish(store, files);
        LogConfig config = LogConfig.defaults()
                .withIndexIntervalBytes(100)
                .withCompact(true)
                .withDelete(false)
                .withDeleteRetentionMs(1000)
                .withMinCleanableDirtyRatio(0.01)
                .withFileDeleteDelayMs(0);
        Path root = Objects.requireNonNull(files.getParent());
        Files.writeString(root.resolve("meta.properties"), """
            version=1
            cluster.id=cluster
            node.id=1
            directory.id=%s
            """.formatted(Uuid.randomUuid()));
        LogDirectory directory = LogDirectory.open(store, root, "cluster", 1);
        PartitionLog log = directory.openOrCreate(PARTITION, config);
        LogCleaner cleaner = new LogCleaner(
                new CompactionPass.Limits(1 << 20, 0.9, 1 << 16),
                new CleaningThrottle(Double.MAX_VALUE),
                () -> Instant.ofEpochMilli(nowMs));
        LogCleaner.Cleaned cleaned = cleaner.cleanNext(
                List.of(new LogCleaner.Candidate(directory, log, log.view().logEndOffset(), new DirectAppendThread())));
        assertThat(cleaned).isNotNull();
        directory.deletePending(0);
        directory.deletePending(1);
        directory.close();
    }

    private static byte[] bytes(UnifiedLog log) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (LogSegment segment : log.logSegments()) {
            all.write(
                    Files.readAllBytes(segment.log().file().toPath()),
                    0,
                    segment.log().sizeInBytes());
        }
        return all.toByteArray();
    }

    private static List<String> aborted(UnifiedLog log) {
        return log.collectAbortedTransactions(0, log.logEndOffset()).stream()
                .map(AbortedTxn::toString)
                .sorted()
                .toList();
    }
}
