package io.odradek.engine.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ReplicaCheckTest {

    private static ByteBuffer batch(BatchBuilder builder) {
        ValidatedBatch batch = builder.add(12, null, new byte[] {1})
                .add(11, null, new byte[] {2})
                .build();
        batch.assign(40, 7);
        return batch.bytes();
    }

    @Test
    void whatTheLeaderHasIsTakenAsItIs() throws Exception {
        ByteBuffer bytes = batch(new BatchBuilder().control());
        ByteBuffer before =
                ByteBuffer.allocate(bytes.limit()).put(bytes.duplicate()).flip();
        ValidatedBatch batch = ReplicaCheck.check(bytes, BufferLease.UNPOOLED);
        assertThat(batch.bytes()).isEqualTo(before);
        assertThat(batch.baseOffset()).isEqualTo(40);
        assertThat(batch.lastOffset()).isEqualTo(41);
        assertThat(batch.isControl()).isTrue();
        assertThat(batch.maxTimestamp()).isEqualTo(12);
    }

    @Test
    void compactionMayHaveLeftGaps() throws Exception {
        ByteBuffer bytes = batch(new BatchBuilder());
        bytes.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, 9);
        RecordBatch.sealCrc(bytes, 0);
        assertThat(ReplicaCheck.check(bytes, BufferLease.UNPOOLED).lastOffset()).isEqualTo(49);
    }

    @Test
    void whatWasDamagedOnTheWayIsRefused() {
        ByteBuffer bytes = batch(new BatchBuilder());
        for (int at = BatchLayout.LENGTH_AT; at < bytes.limit(); at++) {
            if (at == BatchLayout.LEADER_EPOCH_AT) {
                at += Integer.BYTES; // outside the checksum, as Kafka has it
            }
            ByteBuffer damaged =
                    ByteBuffer.allocate(bytes.limit()).put(bytes.duplicate()).flip();
            damaged.put(at, (byte) ~damaged.get(at));
            assertThatThrownBy(() -> ReplicaCheck.check(damaged, BufferLease.UNPOOLED))
                    .as("byte " + at)
                    .isInstanceOf(CorruptBatchException.class);
        }
    }

    @Test
    void whatHasNoPlaceInALogIsRefused() {
        refused(batch -> batch.putLong(BatchLayout.BASE_OFFSET_AT, -1));
        refused(batch -> batch.putLong(BatchLayout.BASE_OFFSET_AT, Long.MAX_VALUE));
        refused(batch -> batch.putInt(BatchLayout.LEADER_EPOCH_AT, -1));
        refused(batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, -1));
        refused(batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, 0));
        refused(batch -> batch.putInt(BatchLayout.RECORD_COUNT_AT, -1));
        refused(batch -> batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) 7));
        assertThatThrownBy(() -> ReplicaCheck.check(ByteBuffer.allocate(0), BufferLease.UNPOOLED))
                .isInstanceOf(CorruptBatchException.class);
        ByteBuffer two = ByteBuffer.allocate(2 * batch(new BatchBuilder()).limit())
                .put(batch(new BatchBuilder()))
                .put(batch(new BatchBuilder()))
                .flip();
        assertThatThrownBy(() -> ReplicaCheck.check(two, BufferLease.UNPOOLED))
                .isInstanceOf(CorruptBatchException.class);
    }

    private interface Change {
        void to(ByteBuffer batch);
    }

    private static void refused(Change change) {
        ByteBuffer batch = batch(new BatchBuilder());
        change.to(batch);
        RecordBatch.sealCrc(batch, 0);
        assertThatThrownBy(() -> ReplicaCheck.check(batch, BufferLease.UNPOOLED))
                .isInstanceOf(CorruptBatchException.class);
    }
}
