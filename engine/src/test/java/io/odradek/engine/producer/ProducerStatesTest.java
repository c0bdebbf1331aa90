package io.odradek.engine.producer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.ValidatedBatch;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProducerStatesTest {
    private static final long NOW = 1_780_000_000_000L;
    private static final SequenceCheck NEXT = new SequenceCheck.Next();

    private final ProducerStates states = new ProducerStates();
    private long logEnd;

    private static ValidatedBatch batch(long producerId, int epoch, int sequence, int count) {
        var builder = new BatchBuilder().producer(producerId, (short) epoch, sequence);
        for (int i = 0; i < count; i++) {
            builder.add(1_000 + i, null, new byte[0]);
        }
        return builder.build();
    }

    private void append(ValidatedBatch batch) {
        assertThat(states.check(batch)).isEqualTo(NEXT);
        states.update(batch, logEnd, NOW);
        logEnd += batch.recordCount();
    }

    @Test
    void batchesWithoutProducerIdAreAlwaysNextAndLeaveNoTrace() {
        ValidatedBatch batch = new BatchBuilder().add(0, null, new byte[0]).build();
        assertThat(states.check(batch)).isEqualTo(NEXT);
        states.update(batch, 0, NOW);
        assertThat(states.size()).isZero();
        assertThat(states.describe()).isEmpty();
    }

    @Test
    void aRetryOfOneOfTheLastFiveBatchesIsAnsweredWithItsOffsets() {
        for (int i = 0; i < 7; i++) {
            append(batch(9, 0, i * 2, 2));
        }
        for (int i = 2; i < 7; i++) {
            assertThat(states.check(batch(9, 0, i * 2, 2)))
                    .isEqualTo(new SequenceCheck.Duplicate(2L * i, 2L * i + 1, 1_001));
        }
        assertThat(states.check(batch(9, 0, 2, 2))).isEqualTo(new SequenceCheck.OutOfOrder(14, 2));
    }

    @Test
    void aBatchThatOverlapsAnEarlierOneInPartIsOutOfOrder() {
        append(batch(9, 0, 0, 4));
        assertThat(states.check(batch(9, 0, 0, 3))).isEqualTo(new SequenceCheck.OutOfOrder(4, 0));
        assertThat(states.check(batch(9, 0, 2, 4))).isEqualTo(new SequenceCheck.OutOfOrder(4, 2));
    }

    /** KIP-98: sequences wrap to 0 behind Integer.MAX_VALUE, also within a batch. */
    @Test
    void sequencesWrapAround() {
        append(batch(9, 0, Integer.MAX_VALUE - 1, 2));
        append(batch(9, 0, 0, 1));
        assertThat(states.check(batch(9, 0, Integer.MAX_VALUE - 1, 2)))
                .isEqualTo(new SequenceCheck.Duplicate(0, 1, 1_001));

        append(batch(8, 0, Integer.MAX_VALUE, 3));
        assertThat(states.check(batch(8, 0, Integer.MAX_VALUE, 3))).isEqualTo(new SequenceCheck.Duplicate(3, 5, 1_002));
        append(batch(8, 0, 2, 1));
    }

    @Test
    void aNewEpochBeginsAtZeroAndFencesTheOld() {
        append(batch(9, 3, 0, 5));
        assertThat(states.check(batch(9, 4, 5, 1))).isEqualTo(new SequenceCheck.OutOfOrder(0, 5));
        append(batch(9, 4, 0, 1));
        assertThat(states.check(batch(9, 3, 5, 1))).isEqualTo(new SequenceCheck.Fenced((short) 4, (short) 3));
        assertThat(states.check(batch(9, 3, 0, 5))).isEqualTo(new SequenceCheck.Fenced((short) 4, (short) 3));
    }

    /** KIP-360: the producer's records may have been deleted by retention. */
    @Test
    void anUnknownProducerMayBeginAnywhere() {
        append(batch(9, 7, 4_711, 1));
        assertThat(states.check(batch(9, 7, 4_713, 1))).isEqualTo(new SequenceCheck.OutOfOrder(4_712, 4_713));
    }

    @Test
    void producersExpireByTheBrokersClockAndNotWhileTheirTransactionIsOpen() throws Exception {
        append(batch(1, 0, 0, 1));
        ValidatedBatch open = new BatchBuilder()
                .producer(2, (short) 0, 0)
                .transactional()
                .add(1, null, new byte[0])
                .build();
        states.update(open, logEnd, NOW);

        // The records are from 1970: that alone expires nobody.
        assertThat(states.expire(NOW + 99, 100)).isZero();
        assertThat(states.expire(NOW + 100, 100)).isEqualTo(1);
        assertThat(states.describe()).containsExactly(new ProducerState(2, (short) 0, 0, 1, -1, 1));

        // After a restart time counts from then on.
        ByteBuffer snapshot = states.snapshot();
        states.clear();
        states.load(snapshot, NOW + 1_000_000);
        assertThat(states.size()).isEqualTo(1);
        assertThat(states.expire(NOW + 9_000_000, 100)).isZero();
    }

    @Test
    void aTransactionThatBeganAtTheFirstOffsetIsOpenToo() {
        ValidatedBatch open = new BatchBuilder()
                .producer(2, (short) 0, 0)
                .transactional()
                .add(1, null, new byte[0])
                .build();
        states.update(open, 0, NOW);
        assertThat(states.expire(NOW + 1_000, 100)).isZero();
    }

    @Test
    void whatWasClearedIsForgotten() {
        append(batch(9, 0, 0, 2));
        states.clear();
        assertThat(states.size()).isZero();
        assertThat(states.check(batch(9, 0, 7, 1))).as("of a producer unknown").isEqualTo(NEXT);
    }

    /** What compaction has to keep of a producer. */
    @Test
    void theLastBatchOfAProducerIsItsLastWithDataInItsEpoch() throws Exception {
        append(batch(1, 3, 0, 2));
        append(batch(1, 3, 2, 4));
        append(batch(2, 0, 0, 1));
        ValidatedBatch marker = new BatchBuilder()
                .producer(2, (short) 1, BatchLayout.NO_SEQUENCE)
                .transactional()
                .control()
                .add(5, new byte[] {0, 0, 0, 1}, new byte[] {0, 0, 0, 0, 0, 7
                }) // version 0, commit; coordinator epoch 7
                .build();
        states.replay(marker.bytes(), 0, NOW);
        assertThat(states.lastBatches())
                .isEqualTo(Map.of(1L, new LastBatch((short) 3, 5), 2L, new LastBatch((short) 1, -1)));
    }

    @Test
    void aRestoredProducerRemembersItsLastBatch() throws Exception {
        append(batch(9, 2, 0, 2));
        append(batch(9, 2, 2, 3));
        ByteBuffer snapshot = states.snapshot();
        states.clear();
        states.load(snapshot, NOW);

        assertThat(states.check(batch(9, 2, 2, 3))).isEqualTo(new SequenceCheck.Duplicate(2, 4, 1_002));
        assertThat(states.check(batch(9, 2, 0, 2))).isEqualTo(new SequenceCheck.OutOfOrder(5, 0));
        assertThat(states.check(batch(9, 2, 5, 1))).isEqualTo(NEXT);
    }

    @Test
    void snapshotsAreKafkasBytes() {
        append(batch(0x0102, 3, 0, 2));
        ByteBuffer snapshot = states.snapshot();
        byte[] bytes = new byte[snapshot.remaining()];
        snapshot.get(bytes);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo(
                        "0001" // version
                                + "7c9780aa" // crc
                                + "00000001" // one producer
                                + "0000000000000102" + "0003" + "00000001" + "0000000000000001" + "00000001"
                                + "00000000000003e9" + "ffffffff" + "ffffffffffffffff");
    }

    @Test
    void aDamagedSnapshotIsRefusedWhereverTheDamageIs() {
        append(batch(9, 0, 0, 2));
        ByteBuffer good = states.snapshot();
        for (int at = 0; at < good.limit(); at++) {
            ByteBuffer bad = ByteBuffer.allocate(good.limit()).put(0, good, 0, good.limit());
            bad.put(at, (byte) (bad.get(at) ^ 4));
            assertThatThrownBy(() -> new ProducerStates().load(bad, NOW)).isInstanceOf(CorruptSnapshotException.class);
        }
        for (int size : List.of(0, 1, 9, 10, good.limit() - 1)) {
            assertThatThrownBy(() -> new ProducerStates().load(good.slice(0, size), NOW))
                    .isInstanceOf(CorruptSnapshotException.class);
        }
    }
}
