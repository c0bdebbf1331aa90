package io.odradek.engine.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig.CompressionPolicy;
import io.odradek.engine.LogConfig.CompressionType;
import io.odradek.engine.LogConfig.TimestampType;
import io.odradek.engine.record.KafkaBroker.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.xerial.snappy.SnappyError;

/** Sends valid and damaged batches to our check and through Kafka's own produce path into a real log of Kafka's. */
final class BatchCheckAgainstKafkaTest {
    private static final long NOW = 1_780_000_000_000L;
    private static final Map<Refusal, Integer> REFUSED = new EnumMap<>(Refusal.class);

    private static final KafkaBroker KAFKA = new KafkaBroker(NOW);
    private static final List<CompressionType> COMPRESSIONS = List.of(CompressionType.values());

    /** Few enough that Kafka's logs, one for each, are opened in no time. */
    private static final List<BatchRules> RULES =
            new Random(7).ints(24).mapToObj(seed -> rules(new Random(seed))).toList();

    private static long producerIds = 1_000;
    private static int accepted;
    private static int rewritten;

    @AfterContainer
    static void stopKafka() throws IOException {
        KAFKA.close();
    }

    @Property(tries = 1_500, shrinking = ShrinkingMode.OFF)
    void validBatchesAreStoredAsKafkaStoresThem(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        compare(
                new ProducedBatches(random, NOW, producerIds++).valid(),
                RULES.get(random.nextInt(RULES.size())),
                random);
    }

    @Property(tries = 6_000, shrinking = ShrinkingMode.OFF)
    void damagedBatchesAreRefusedWhereKafkaRefusesThem(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        compare(
                new ProducedBatches(random, NOW, producerIds++).mutated(),
                RULES.get(random.nextInt(RULES.size())),
                random);
    }

    /** The differential test is worth what it reaches: every answer, often enough. */
    @AfterContainer
    static void everyAnswerWasGiven() {
        assertThat(REFUSED).containsOnlyKeys(Refusal.values());
        assertThat(accepted).isGreaterThan(1_000);
        assertThat(rewritten).isGreaterThan(200);
    }

    private static BatchRules rules(Random random) {
        CompressionType compression =
                random.nextBoolean() ? CompressionType.PRODUCER : COMPRESSIONS.get(random.nextInt(COMPRESSIONS.size()));
        return new BatchRules(
                random.nextInt(4) == 0 ? 400 : 1 << 20,
                random.nextInt(4) == 0 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                random.nextBoolean() ? Long.MAX_VALUE : 60_000,
                random.nextBoolean() ? Long.MAX_VALUE : 3_600_000,
                new CompressionPolicy(compression, level(compression)),
                random.nextInt(4) == 0,
                true,
                true,
                Integer.MAX_VALUE);
    }

    private static int level(CompressionType type) {
        return switch (type) {
            case PRODUCER, UNCOMPRESSED, SNAPPY -> 0;
            case GZIP -> Codec.GZIP.defaultLevel();
            case LZ4 -> Codec.LZ4.defaultLevel();
            case ZSTD -> Codec.ZSTD.defaultLevel();
        };
    }

    private static void compare(byte[] sent, BatchRules rules, Random random) throws IOException {
        short version = (short) (random.nextInt(4) == 0 ? 3 + random.nextInt(4) : 7 + random.nextInt(6));
        Answer theirs = KAFKA.produce(ByteBuffer.wrap(sent.clone()), rules, version);
        var lease = new CountingLease();
        ByteBuffer received = received(sent, random);
        BatchVerdict ours = BatchCheck.check(received, lease, version < 7 ? rules.withoutZstd() : rules, NOW);

        assertThat(received.position()).isZero();
        assertThat(received.limit()).isEqualTo(sent.length);
        switch (ours) {
            case BatchVerdict.Accepted(ValidatedBatch batch) -> {
                accepted++;
                boolean ownsLease = batch.lease().equals(lease);
                assertThat(lease.releases()).isEqualTo(ownsLease ? 0 : 1);
                sameBatch(batch, ownsLease, theirs);
            }
            case BatchVerdict.Refused refused -> {
                REFUSED.merge(refused.reason(), 1, Integer::sum);
                assertThat(lease.releases()).isEqualTo(1);
                sameRefusal(refused, theirs, sent);
            }
        }
    }

    /** On the heap or not, and not always at the beginning of its memory. */
    private static ByteBuffer received(byte[] sent, Random random) {
        int before = random.nextInt(8);
        ByteBuffer memory = random.nextBoolean()
                ? ByteBuffer.allocate(before + sent.length)
                : ByteBuffer.allocateDirect(before + sent.length);
        return memory.put(before, sent).slice(before, sent.length);
    }

    private static void sameBatch(ValidatedBatch ours, boolean inPlace, Answer theirs) throws IOException {
        switch (theirs) {
            case Answer.ProducerRefused _ -> {}
            case Answer.Stored(ByteBuffer stored) -> {
                ours.assign(RecordBatch.baseOffset(stored, 0), 0);
                sameRecords(ours, stored);
                if (inPlace && stored.limit() == ours.sizeBytes()) {
                    assertThat(ProducedBatches.array(ours.bytes())).isEqualTo(ProducedBatches.array(stored));
                } else {
                    rewritten++;
                }
            }
            case Answer.Refused refused -> throw new AssertionError("we accept, Kafka refuses: " + refused);
            // Kafka stores records from before 1970 as they are, but its builder, which it needs for another codec,
            // knows none. Ours does.
            case Answer.Failed(IllegalArgumentException cause)
            when isNegativeTimestamp(cause) -> assertThat(inPlace).isFalse();
            case Answer.Failed(Throwable cause) -> throw new AssertionError("we accept, Kafka fails", cause);
        }
    }

    private static boolean isNegativeTimestamp(IllegalArgumentException cause) {
        return String.valueOf(cause.getMessage()).matches("Invalid (negative|message) timestamp -.*");
    }

    private static void sameRecords(ValidatedBatch ours, ByteBuffer stored) {
        assertThat(RecordBatch.crcMatches(ours.bytes(), 0)).isTrue();
        List<Record> mine = records(ours.bytes());
        List<Record> theirs = records(stored);
        assertThat(mine).hasSameSizeAs(theirs).hasSize(ours.recordCount());
        for (int i = 0; i < mine.size(); i++) {
            Record one = mine.get(i);
            Record other = theirs.get(i);
            assertThat(one.offset()).isEqualTo(other.offset());
            assertThat(one.timestamp()).isEqualTo(other.timestamp());
            assertThat(one.key()).isEqualTo(other.key());
            assertThat(one.value()).isEqualTo(other.value());
            assertThat(one.headers()).isEqualTo(other.headers());
            assertThat(one.sequence()).isEqualTo(other.sequence());
        }
        assertThat(ours.maxTimestamp()).isEqualTo(RecordBatch.maxTimestamp(stored, 0));
        assertThat(ours.maxTimestamp()).isEqualTo(RecordBatch.maxTimestamp(ours.bytes(), 0));
        if (ours.maxTimestamp() != BatchLayout.NO_TIMESTAMP) {
            assertThat(mine.get(ours.maxTimestampOffsetDelta()).timestamp()).isEqualTo(ours.maxTimestamp());
        }
        assertThat(ours.producerEpoch()).isEqualTo(RecordBatch.producerEpoch(stored, 0));
        assertThat(ours.baseSequence()).isEqualTo(RecordBatch.baseSequence(stored, 0));
        assertThat(ours.producerId()).isEqualTo(RecordBatch.producerId(stored, 0));
        assertThat(RecordBatch.codecId(ours.bytes(), 0)).isEqualTo(RecordBatch.codecId(stored, 0));
    }

    private static List<Record> records(ByteBuffer batch) {
        return StreamSupport.stream(
                        MemoryRecords.readableRecords(batch.duplicate())
                                .records()
                                .spliterator(),
                        false)
                .toList();
    }

    private static void sameRefusal(BatchVerdict.Refused ours, Answer theirs, byte[] sent) {
        if (isKnownStrictness(ours, ByteBuffer.wrap(sent))) {
            return;
        }
        switch (theirs) {
            case Answer.Refused(Refusal reason, List<Integer> badRecords) -> {
                assertThat(ours.reason()).as(ours.toString()).isEqualTo(reason);
                assertThat(ours.recordErrors().stream().map(RecordError::batchIndex))
                        .isEqualTo(badRecords);
            }
            case Answer.Failed _ -> {} // Kafka has no answer prepared, we have
            case Answer.Stored _, Answer.ProducerRefused _ -> throw new AssertionError("Kafka accepts, we say " + ours);
        }
    }

    /**
     * The six things we refuse and Kafka stores:
     *
     * <ul>
     *   <li>A negative producer id other than -1 means nothing.
     *   <li>A producer without an epoch cannot be fenced.
     *   <li>Transactional records without a producer id belong to no transaction and could never be committed.
     *   <li>Compressed records whose size field is wrong are skipped over by Kafka's broker, which does not compare that field
     *       with what it reads, and then cannot be read by any consumer.
     *   <li>A batch that claims LogAppendTime is refused by Kafka too when the topic has LogAppendTime; when it has
     *       CreateTime, Kafka checks the maximum in the header in place of the records' own timestamps and then takes the
     *       claim away, so that timestamps come to light that nobody has checked.
     *   <li>Offset deltas other than 0, 1, 2... Kafka stores as they are, repairs when it changes the codec, and fails on when
     *       it keeps one.
     * </ul>
     */
    private static boolean isKnownStrictness(BatchVerdict.Refused ours, ByteBuffer sent) {
        if (!RecordBatch.isWhole(sent, 0, sent.limit())) {
            return false;
        }
        if (ours.reason() == Refusal.INVALID_TIMESTAMP) {
            return RecordBatch.hasLogAppendTime(sent, 0);
        }
        if (ours.reason() != Refusal.INVALID_RECORD) {
            return false;
        }
        long producerId = RecordBatch.producerId(sent, 0);
        if (producerId < BatchLayout.NO_PRODUCER_ID || (producerId >= 0 && RecordBatch.producerEpoch(sent, 0) < 0)) {
            return true;
        }
        if (producerId == BatchLayout.NO_PRODUCER_ID && RecordBatch.isTransactional(sent, 0)) {
            return true;
        }
        return hasOddOffsets(sent);
    }

    /** Read as a consumer reads it, the batch has other offsets than 0, 1, 2..., or, when compressed, cannot be read. */
    private static boolean hasOddOffsets(ByteBuffer sent) {
        try {
            List<Record> records = records(sent.slice(0, RecordBatch.sizeInBytes(sent, 0)));
            return IntStream.range(0, records.size())
                    .anyMatch(index -> records.get(index).offset() != index);
        } catch (RuntimeException | SnappyError | OutOfMemoryError e) {
            return RecordBatch.isCompressed(sent, 0);
        }
    }
}
