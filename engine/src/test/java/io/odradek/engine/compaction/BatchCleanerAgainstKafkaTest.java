package io.odradek.engine.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.KafkaLog;
import io.odradek.engine.producer.LastBatch;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.TransactionIndex.Aborted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/** Kafka's cleaner and ours make the same bytes of the same log, pass after pass. */
class BatchCleanerAgainstKafkaTest {
    private static final int PASSES = 4;

    @Property(tries = 60)
    void kafkaKeepsTheSameBytes(@ForAll long seed) throws Exception {
        Path root = Files.createTempDirectory("cleaner");
        Path directory = Files.createDirectory(root.resolve("orders-0"));
        Random random = new Random(seed);
        long deleteRetentionMs = random.nextInt(3) == 0 ? 0 : random.nextInt(3000);
        KafkaLog.Clock clock = new KafkaLog.Clock(1_700_000_000_000L);
        UnifiedLog log = KafkaLog.open(
                directory,
                Map.of(
                        "cleanup.policy",
                        "compact",
                        "delete.retention.ms",
                        deleteRetentionMs,
                        "message.timestamp.type",
                        random.nextInt(4) == 0 ? "LogAppendTime" : "CreateTime",
                        "index.interval.bytes",
                        100,
                        "segment.index.bytes",
                        1 << 16),
                clock);
        try {
            Writer writer = new Writer(log, random, clock);
            long firstDirty = 0;
            for (int pass = 0; pass < PASSES; pass++) {
                writer.writeSome();
                firstDirty = cleanBoth(log, firstDirty, clock.nowMs, deleteRetentionMs);
                clock.nowMs += random.nextInt(2000);
            }
        } finally {
            log.close();
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static long cleanBoth(UnifiedLog log, long firstDirty, long nowMs, long deleteRetentionMs)
            throws Exception {
        long end = log.activeSegment().baseOffset();
        ByteBuffer before = bytesBelow(log, end);
        List<Aborted> aborted = log.collectAbortedTransactions(0, end).stream()
                .map(txn -> new Aborted(txn.producerId(), txn.firstOffset(), txn.lastOffset(), txn.lastStableOffset()))
                .toList();
        Map<Long, LastBatch> lastBatches = new HashMap<>();
        log.lastRecordsOfActiveProducers()
                .forEach((id, last) -> lastBatches.put(
                        id,
                        new LastBatch(
                                last.producerEpoch(), last.lastDataOffset().orElse(-1))));

        long theirFirstDirty = KafkaLog.compact(log, firstDirty, end, nowMs);

        CleanedBytes ours = new CleanedBytes();
        try (OffsetMap map = new OffsetMap(1 << 20, 0.9)) {
            fill(map, before, firstDirty, aborted);
            assertThat(map.latestOffset() + 1).isEqualTo(theirFirstDirty);
            TransactionMarks marks = new TransactionMarks();
            marks.expect(aborted);
            BatchCleaner cleaning = new BatchCleaner(map, marks, nowMs, deleteRetentionMs);
            cleaning.lastBatches(lastBatches);
            for (int at = 0; at < before.limit(); at += RecordBatch.sizeInBytes(before, at)) {
                boolean isLast = at + RecordBatch.sizeInBytes(before, at) == before.limit();
                cleaning.clean(before, at, isLast, ours);
            }
        }
        ByteBuffer theirs = bytesBelow(log, end);
        assertThat(describe(ours.view()))
                .as("aborted %s, before: %s", aborted, String.join("\n", describe(before)))
                .isEqualTo(describe(theirs));
        assertThat(ours.view()).isEqualTo(theirs);
        return theirFirstDirty;
    }

    private static void fill(OffsetMap map, ByteBuffer log, long firstDirty, List<Aborted> aborted) throws IOException {
        TransactionMarks marks = new TransactionMarks();
        marks.expect(
                aborted.stream().filter(txn -> txn.lastOffset() >= firstDirty).toList());
        for (int at = 0; at < log.limit(); at += RecordBatch.sizeInBytes(log, at)) {
            if (RecordBatch.lastOffset(log, at) < firstDirty) {
                continue;
            }
            if (RecordBatch.isControl(log, at)) {
                marks.isSpent(log, at);
            } else if (!marks.isAborted(log, at)) {
                try (RecordCursor records = RecordCursor.open(log, at)) {
                    while (records.next()) {
                        ByteBuffer key = records.key();
                        if (key != null && records.offset() >= firstDirty) {
                            map.put(key, records.offset());
                        }
                    }
                }
            }
            map.seen(RecordBatch.lastOffset(log, at));
        }
    }

    private static ByteBuffer bytesBelow(UnifiedLog log, long end) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (LogSegment segment : log.logSegments()) {
            if (segment.baseOffset() < end) {
                all.write(
                        Files.readAllBytes(segment.log().file().toPath()),
                        0,
                        segment.log().sizeInBytes());
            }
        }
        return ByteBuffer.wrap(all.toByteArray());
    }

    /** What a difference can be read from. */
    private static List<String> describe(ByteBuffer bytes) throws IOException {
        List<String> all = new ArrayList<>();
        for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
            StringBuilder line = new StringBuilder("batch " + RecordBatch.baseOffset(bytes, at) + ".."
                    + RecordBatch.lastOffset(bytes, at) + " producer " + RecordBatch.producerId(bytes, at)
                    + " attributes " + RecordBatch.attributes(bytes, at) + " base timestamp "
                    + RecordBatch.baseTimestamp(bytes, at) + " max " + RecordBatch.maxTimestamp(bytes, at) + ":");
            try (RecordCursor records = RecordCursor.open(bytes, at)) {
                while (records.next()) {
                    ByteBuffer key = records.key();
                    line.append(' ')
                            .append(records.offset())
                            .append('=')
                            .append(key == null ? null : StandardCharsets.UTF_8.decode(key.duplicate()))
                            .append(records.value() == null ? "-" : "+")
                            .append('@')
                            .append(records.timestamp());
                }
            }
            all.add(line.toString());
        }
        return all;
    }

    /** Plain, idempotent and transactional producers, tombstones, several segments. */
    private static final class Writer {
        private final UnifiedLog log;
        private final Random random;
        private final KafkaLog.Clock clock;
        private final Map<Long, Integer> nextSequence = new HashMap<>();
        private final Map<Long, Boolean> inTransaction = new HashMap<>();

        Writer(UnifiedLog log, Random random, KafkaLog.Clock clock) {
            this.log = log;
            this.random = random;
            this.clock = clock;
        }

        void writeSome() throws IOException {
            int steps = 1 + random.nextInt(40);
            idempotent(0); // where nothing is dirty, Kafka cleans nothing
            for (int i = 0; i < steps; i++) {
                switch (random.nextInt(10)) {
                    case 0 -> roll();
                    case 1, 2, 3 -> log.appendAsLeader(MemoryRecords.withRecords(Compression.NONE, records()), 0);
                    case 4, 5 -> idempotent(random.nextInt(3));
                    case 6, 7 -> transactional(10 + random.nextInt(3));
                    default -> endTransaction(10 + random.nextInt(3));
                }
                clock.nowMs += random.nextInt(50);
            }
            // What an open transaction may still change is not cleaned: here none is open.
            for (long producer : List.copyOf(inTransaction.keySet())) {
                endTransaction(producer);
            }
            roll();
            log.updateHighWatermark(log.logEndOffset());
        }

        private void roll() throws IOException {
            if (log.activeSegment().size() > 0) {
                log.roll();
            }
        }

        private SimpleRecord[] records() {
            SimpleRecord[] records = new SimpleRecord[1 + random.nextInt(5)];
            for (int i = 0; i < records.length; i++) {
                byte[] key = ("k" + random.nextInt(12)).getBytes(StandardCharsets.UTF_8);
                byte[] value = random.nextInt(3) == 0 ? null : new byte[random.nextInt(40)];
                records[i] = new SimpleRecord(clock.nowMs - random.nextInt(1000), key, value);
            }
            return records;
        }

        private int sequence(long producer, int records) {
            int first = nextSequence.getOrDefault(producer, 0);
            nextSequence.put(producer, first + records);
            return first;
        }

        private void idempotent(long producer) throws IOException {
            SimpleRecord[] records = records();
            log.appendAsLeader(
                    MemoryRecords.withIdempotentRecords(
                            Compression.NONE, producer, (short) 0, sequence(producer, records.length), records),
                    0);
        }

        private void transactional(long producer) throws IOException {
            SimpleRecord[] records = records();
            log.appendAsLeader(
                    MemoryRecords.withTransactionalRecords(
                            Compression.NONE, producer, (short) 0, sequence(producer, records.length), records),
                    0);
            inTransaction.put(producer, true);
        }

        private void endTransaction(long producer) {
            if (inTransaction.remove(producer) == null && random.nextInt(4) != 0) {
                return; // now and then a marker of an empty transaction
            }
            ControlRecordType type = random.nextBoolean() ? ControlRecordType.ABORT : ControlRecordType.COMMIT;
            KafkaLog.endTransaction(log, producer, type, clock.nowMs);
        }
    }
}
