package io.odradek.engine.producer;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.ControlRecords;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.BatchMetadata;
import org.apache.kafka.storage.internals.log.LogOffsetMetadata;
import org.apache.kafka.storage.internals.log.ProducerAppendInfo;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;

/** Random histories of a few producers, judged by us and by Kafka's ProducerStateManager. */
final class ProducerStatesAgainstKafkaTest {
    private static final long NOW = 1_780_000_000_000L;
    private static final Path DIRECTORY = temporary();

    private static Path temporary() {
        try {
            return Files.createTempDirectory("kafka-oracle");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterContainer
    static void cleanUp() throws IOException {
        try (var files = Files.walk(DIRECTORY)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void everyBatchIsJudgedAsKafkaJudgesIt(@ForAll long seed) throws IOException {
        var history = new History(new Random(seed));
        for (int step = 0; step < 60; step++) {
            history.step();
        }
        history.compareStates();
    }

    /** One log with its producers, ours and Kafka's side by side. */
    private static final class History {
        private final Random random;
        private final ProducerStateManager kafka;
        private ProducerStates ours = new ProducerStates();
        private final List<ValidatedBatch> log = new ArrayList<>();
        private long logEnd;

        History(Random random) throws IOException {
            this.random = random;
            this.kafka = new ProducerStateManager(
                    new TopicPartition("topic", 0),
                    DIRECTORY.toFile(),
                    900_000,
                    new ProducerStateManagerConfig(86_400_000, false),
                    Time.SYSTEM);
        }

        void step() throws IOException {
            switch (random.nextInt(12)) {
                case 0 -> endTransaction();
                case 1 -> throughSnapshot();
                default -> produce();
            }
        }

        private void produce() throws IOException {
            ValidatedBatch batch = batch();
            batch.assign(logEnd, 0);
            RecordBatch theirBatch = kafkaBatch(batch);
            SequenceCheck check = ours.check(batch);
            Optional<BatchMetadata> duplicate =
                    kafka.lastEntry(batch.producerId()).flatMap(entry -> duplicate(entry, theirBatch));
            if (duplicate.isPresent()) {
                assertThat(check)
                        .isEqualTo(new SequenceCheck.Duplicate(
                                duplicate.get().firstOffset(),
                                duplicate.get().lastOffset(),
                                duplicate.get().timestamp()));
                return;
            }
            switch (kafkaAppends(theirBatch)) {
                case ACCEPTED -> {
                    assertThat(check).isEqualTo(new SequenceCheck.Next());
                    ours.update(batch, logEnd, NOW);
                    append(batch);
                }
                case OUT_OF_ORDER -> assertThat(check).isInstanceOf(SequenceCheck.OutOfOrder.class);
                case FENCED -> assertThat(check).isInstanceOf(SequenceCheck.Fenced.class);
            }
        }

        private enum KafkaSays {
            ACCEPTED,
            OUT_OF_ORDER,
            FENCED
        }

        private KafkaSays kafkaAppends(RecordBatch batch) {
            ProducerAppendInfo append = kafka.prepareUpdate(batch.producerId(), AppendOrigin.CLIENT);
            try {
                append.append(batch, Optional.of(new LogOffsetMetadata(batch.baseOffset())));
            } catch (OutOfOrderSequenceException e) {
                return KafkaSays.OUT_OF_ORDER;
            } catch (InvalidProducerEpochException e) {
                return KafkaSays.FENCED;
            }
            kafka.update(append);
            return KafkaSays.ACCEPTED;
        }

        private void append(ValidatedBatch batch) {
            log.add(batch);
            logEnd = batch.lastOffset() + 1;
            kafka.updateMapEndOffset(logEnd);
        }

        /** What comes next, a retry, a gap, another epoch, or the end of the sequences. */
        private ValidatedBatch batch() {
            long producerId = 1L + random.nextInt(3);
            Optional<ProducerStateEntry> known = kafka.lastEntry(producerId);
            int count = 1 + random.nextInt(3);
            short epoch = known.map(ProducerStateEntry::producerEpoch).orElse((short) 0);
            int sequence = known.map(this::nextSequence).orElse(random.nextBoolean() ? 0 : Integer.MAX_VALUE - 3);
            switch (random.nextInt(8)) {
                case 0 -> {
                    epoch = (short) Math.max(0, epoch + random.nextInt(3) - 1);
                    sequence = random.nextInt(4) == 0 ? sequence : 0;
                }
                case 1 -> sequence = Math.max(0, sequence + random.nextInt(5) - 2);
                case 2, 3 -> {
                    if (!log.isEmpty()) {
                        ValidatedBatch earlier = log.get(random.nextInt(log.size()));
                        producerId = earlier.producerId();
                        epoch = earlier.producerEpoch();
                        sequence = Math.max(0, earlier.baseSequence());
                        count = earlier.recordCount();
                    }
                }
                default -> {}
            }
            var builder = new BatchBuilder().producer(producerId, epoch, sequence);
            if (kafka.lastEntry(producerId)
                    .map(entry -> entry.currentTxnFirstOffset().isPresent())
                    .orElse(random.nextInt(4) == 0)) {
                builder.transactional(); // a producer within a transaction writes nothing else
            }
            for (int i = 0; i < count; i++) {
                builder.add(NOW + random.nextInt(100), null, new byte[] {(byte) i});
            }
            return builder.build();
        }

        private int nextSequence(ProducerStateEntry entry) {
            return entry.batchMetadata().stream()
                    .reduce((first, second) -> second)
                    .map(newest -> io.odradek.engine.record.RecordBatch.incrementSequence(newest.lastSeq(), 1))
                    .orElse(0);
        }

        private void endTransaction() throws IOException {
            Optional<ProducerStateEntry> known = kafka.lastEntry(1L + random.nextInt(3));
            if (known.isEmpty()) {
                return;
            }
            int coordinatorEpoch = known.get().coordinatorEpoch() + 1;
            ValidatedBatch marker = new BatchBuilder()
                    .producer(known.get().producerId(), known.get().producerEpoch(), -1)
                    .transactional()
                    .control()
                    .add(
                            NOW,
                            ControlRecords.endTransactionKey(random.nextBoolean()),
                            ControlRecords.endTransactionValue(coordinatorEpoch))
                    .build();
            marker.assign(logEnd, 0);
            ProducerAppendInfo append = kafka.prepareUpdate(marker.producerId(), AppendOrigin.COORDINATOR);
            append.append(kafkaBatch(marker), Optional.empty(), (short) 1).ifPresent(kafka::completeTxn);
            kafka.update(append);
            ours.replay(marker.bytes(), 0, NOW);
            append(marker);
        }

        /** Each reads what the other wrote. */
        private void throughSnapshot() throws IOException {
            Path theirs = DIRECTORY.resolve("theirs.snapshot");
            ProducerStateManager.writeSnapshot(theirs.toFile(), kafka.activeProducers(), false);
            var restored = new ProducerStates();
            restored.load(ByteBuffer.wrap(Files.readAllBytes(theirs)), NOW);
            assertThat(restored.describe()).isEqualTo(ours.describe());

            Path mine = DIRECTORY.resolve("mine.snapshot");
            Files.write(mine, bytes(ours.snapshot()));
            Map<Long, String> read = ProducerStateManager.readSnapshot(mine.toFile()).stream()
                    .collect(Collectors.toMap(ProducerStateEntry::producerId, History::withoutWindow));
            assertThat(read)
                    .isEqualTo(kafka.activeProducers().values().stream()
                            .collect(Collectors.toMap(ProducerStateEntry::producerId, History::withoutWindow)));
            Files.delete(theirs);
            Files.delete(mine);
        }

        /** The format has one timestamp, the entry's; the batch's own is lost in it, in Kafka too. */
        private static String withoutWindow(ProducerStateEntry entry) {
            return entry.producerEpoch() + " " + entry.coordinatorEpoch() + " " + entry.lastTimestamp() + " "
                    + entry.currentTxnFirstOffset() + " "
                    + entry.batchMetadata().stream()
                            .reduce((first, second) -> second)
                            .map(newest -> newest.firstSeq() + "-" + newest.lastSeq() + " at " + newest.firstOffset()
                                    + "-" + newest.lastOffset());
        }

        void compareStates() throws IOException {
            Map<Long, String> theirs = kafka.activeProducers().values().stream()
                    .collect(Collectors.toMap(ProducerStateEntry::producerId, History::described));
            assertThat(described(ours)).isEqualTo(theirs);
            // Recovery replays the log, and comes to the same.
            ours = new ProducerStates();
            for (ValidatedBatch batch : log) {
                ours.replay(batch.bytes(), 0, NOW);
            }
            assertThat(described(ours)).isEqualTo(theirs);
        }

        private static String described(ProducerStateEntry entry) {
            int lastSequence = entry.batchMetadata().stream()
                    .reduce((first, second) -> second)
                    .map(newest -> newest.lastSeq())
                    .orElse(-1);
            return new ProducerState(
                            entry.producerId(),
                            entry.producerEpoch(),
                            lastSequence,
                            entry.lastTimestamp(),
                            entry.coordinatorEpoch(),
                            entry.currentTxnFirstOffset().orElse(-1))
                    .toString();
        }

        private static Map<Long, String> described(ProducerStates states) {
            return states.describe().stream()
                    .collect(Collectors.toMap(ProducerState::producerId, ProducerState::toString));
        }
    }

    private static RecordBatch kafkaBatch(ValidatedBatch batch) {
        return MemoryRecords.readableRecords(batch.bytes().duplicate())
                .batches()
                .iterator()
                .next();
    }

    /** As {@code ProducerStateEntry.findDuplicateBatch}, which is not public. */
    private static Optional<BatchMetadata> duplicate(ProducerStateEntry entry, RecordBatch batch) {
        return batch.producerEpoch() != entry.producerEpoch()
                ? Optional.empty()
                : entry.batchMetadata().stream()
                        .filter(kept ->
                                kept.firstSeq() == batch.baseSequence() && kept.lastSeq() == batch.lastSequence())
                        .findFirst();
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }
}
