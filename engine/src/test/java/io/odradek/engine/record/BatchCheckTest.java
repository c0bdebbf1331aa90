package io.odradek.engine.record;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogConfig.CompressionPolicy;
import io.odradek.engine.LogConfig.CompressionType;
import io.odradek.engine.LogConfig.TimestampType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the differential test does not reach: bounds in memory, our own switches, and whose lease it is. */
final class BatchCheckTest {
    private static final long NOW = 1_780_000_000_000L;
    private static final BatchRules RULES = BatchRules.of(LogConfig.defaults());

    private final CountingLease lease = new CountingLease();

    private static ByteBuffer batch(Codec codec) {
        var builder = new BatchBuilder().compressed(codec);
        for (int i = 0; i < 100; i++) {
            builder.add(NOW - (i == 40 ? 0 : 1), null, ("value " + i).getBytes(StandardCharsets.UTF_8));
        }
        return builder.build().bytes();
    }

    private BatchVerdict.Refused refused(ByteBuffer records, BatchRules rules) {
        var refused = (BatchVerdict.Refused) BatchCheck.check(records, lease, rules, NOW);
        assertThat(lease.releases()).isEqualTo(1);
        return refused;
    }

    private ValidatedBatch accepted(ByteBuffer records, BatchRules rules) {
        return ((BatchVerdict.Accepted) BatchCheck.check(records, lease, rules, NOW)).batch();
    }

    private static BatchRules with(TimestampType timestamps, CompressionPolicy compression) {
        return new BatchRules(
                RULES.maxMessageBytes(),
                timestamps,
                RULES.timestampBeforeMaxMs(),
                RULES.timestampAfterMaxMs(),
                compression,
                false,
                true,
                true,
                RULES.maxUnpackedBytes());
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void anAcceptedBatchLiesWhereItWasReceivedAndKeepsItsLease(Codec codec) {
        ByteBuffer received = batch(codec);
        ValidatedBatch accepted = accepted(received, RULES);

        assertThat(accepted.bytes()).isSameAs(received);
        assertThat(accepted.lease()).isSameAs(lease);
        assertThat(lease.releases()).isZero();
        assertThat(accepted.maxTimestamp()).isEqualTo(NOW);
        assertThat(accepted.maxTimestampOffsetDelta()).isEqualTo(40);
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void logAppendTimeIsStampedInPlace(Codec codec) {
        ByteBuffer received = batch(codec);
        ValidatedBatch accepted = accepted(received, with(TimestampType.LOG_APPEND_TIME, CompressionPolicy.PRODUCER));

        assertThat(accepted.bytes()).isSameAs(received);
        assertThat(lease.releases()).isZero();
        assertThat(RecordBatch.hasLogAppendTime(received, 0)).isTrue();
        assertThat(RecordBatch.maxTimestamp(received, 0)).isEqualTo(NOW);
        assertThat(RecordBatch.crcMatches(received, 0)).isTrue();
        assertThat(accepted.maxTimestampOffsetDelta()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void aTopicsCodecIsAppliedInMemoryOfItsOwn(Codec sent) throws Exception {
        for (CompressionType type : List.of(CompressionType.values())) {
            var lease = new CountingLease();
            ByteBuffer received = batch(sent);
            BatchRules rules = with(TimestampType.LOG_APPEND_TIME, new CompressionPolicy(type, 9));
            ValidatedBatch accepted = ((BatchVerdict.Accepted) BatchCheck.check(received, lease, rules, NOW)).batch();

            Codec stored = rules.storedCodec(sent);
            assertThat(lease.releases()).isEqualTo(stored == sent ? 0 : 1);
            assertThat(RecordBatch.codecId(accepted.bytes(), 0)).isEqualTo(stored.id());
            assertThat(RecordBatch.crcMatches(accepted.bytes(), 0)).isTrue();
            List<StoredRecord> records = RecordCursor.records(accepted.bytes(), 0);
            assertThat(records).hasSize(100).allMatch(record -> record.timestamp() == NOW);
            assertThat(records.get(99).value()).isEqualTo("value 99".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void aRewrittenBatchMayNotBecomeTooLarge() {
        ByteBuffer small = new BatchBuilder()
                .compressed(Codec.ZSTD)
                .add(NOW, null, new byte[3 << 20])
                .build()
                .bytes();
        BatchRules plain = with(TimestampType.CREATE_TIME, new CompressionPolicy(CompressionType.UNCOMPRESSED, 0));
        assertThat(refused(small, plain).reason()).isEqualTo(Refusal.TOO_LARGE);
    }

    /** 100 MB of one record in a batch of some kilobytes, checked in a window of 16 KiB. */
    @Test
    void aBatchThatUnfoldsWithoutEndIsWalkedInBoundedMemory() {
        ByteBuffer bomb = bomb(100 << 20);
        assertThat(bomb.limit()).isLessThan(64 << 10);
        assertThat(accepted(bomb, RULES).recordCount()).isEqualTo(1);

        BatchRules bounded = new BatchRules(
                RULES.maxMessageBytes(),
                TimestampType.CREATE_TIME,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                CompressionPolicy.PRODUCER,
                false,
                true,
                true,
                50 << 20);
        assertThat(refused(bomb(100 << 20), bounded).reason()).isEqualTo(Refusal.INVALID_RECORD);
    }

    private static ByteBuffer bomb(int valueBytes) {
        ByteBuffer plain = ByteBuffer.allocate(valueBytes + 64);
        int body = 1 + 1 + 1 + 1 + Varints.sizeOf(valueBytes) + valueBytes + 1;
        int at = Varints.writeInt(plain, 0, body) + 3; // attributes, timestamp and offset deltas: 0
        at = Varints.writeInt(plain, at, -1);
        at = Varints.writeInt(plain, at, valueBytes) + valueBytes + 1;
        byte[] packed = Zstd.compress(java.util.Arrays.copyOf(plain.array(), at));
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.HEADER_BYTES + packed.length);
        batch.put(0, new BatchBuilder().add(NOW, null, null).build().bytes(), 0, BatchLayout.HEADER_BYTES);
        batch.put(BatchLayout.RECORDS_AT, packed);
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) Codec.ZSTD.id());
        RecordBatch.sealCrc(batch, 0);
        return batch;
    }

    /** A block of ten bytes that claims two gigabytes is refused before anything is allocated for it. */
    @Test
    void aSnappyBlockThatLiesAboutItsSizeIsNotBelieved() {
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.HEADER_BYTES + 10);
        batch.put(0, new BatchBuilder().add(NOW, null, null).build().bytes(), 0, BatchLayout.HEADER_BYTES);
        batch.put(BatchLayout.RECORDS_AT, new byte[] {-1, -1, -1, -1, 7, 0, 0, 0, 0, 0});
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) Codec.SNAPPY.id());
        RecordBatch.sealCrc(batch, 0);
        assertThat(refused(batch, RULES).message()).contains("claims to hold 2147483647");
    }

    /** librdkafka sends a bare snappy block, without the framing of the Java client. */
    @Test
    void aBareSnappyBlockIsRead() throws Exception {
        ByteBuffer plain = batch(Codec.NONE);
        byte[] records = new byte[plain.limit() - BatchLayout.RECORDS_AT];
        plain.get(BatchLayout.RECORDS_AT, records);
        byte[] packed = org.xerial.snappy.Snappy.compress(records);
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.HEADER_BYTES + packed.length);
        batch.put(0, plain, 0, BatchLayout.HEADER_BYTES).put(BatchLayout.RECORDS_AT, packed);
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) Codec.SNAPPY.id());
        RecordBatch.sealCrc(batch, 0);
        assertThat(accepted(batch, RULES).recordCount()).isEqualTo(100);
    }

    @Test
    void withoutInspectionHeaderAndChecksumAreBelieved() {
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.HEADER_BYTES + 10);
        batch.put(0, new BatchBuilder().add(NOW - 5, null, null).build().bytes(), 0, BatchLayout.HEADER_BYTES);
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) Codec.LZ4.id());
        RecordBatch.sealCrc(batch, 0);

        ValidatedBatch accepted = accepted(batch, RULES.trustingCompressed());
        assertThat(accepted.maxTimestamp()).isEqualTo(NOW - 5);
        assertThat(refused(batch, RULES).reason()).isEqualTo(Refusal.INVALID_RECORD);
    }

    @Test
    void recordErrorsAreListedUpToABoundAndAllCounted() {
        var builder = new BatchBuilder();
        for (int i = 0; i < RecordWalk.MAX_RECORD_ERRORS + 500; i++) {
            builder.add(NOW + 4_000_000 + i, null, new byte[0]);
        }
        BatchVerdict.Refused refused = refused(builder.build().bytes(), RULES);
        assertThat(refused.reason()).isEqualTo(Refusal.INVALID_TIMESTAMP);
        assertThat(refused.recordErrors()).hasSize(RecordWalk.MAX_RECORD_ERRORS);
        assertThat(refused.message()).startsWith("1500 records");
    }

    @Test
    void everyTruncationIsRefusedAndGivesTheLeaseBackOnce() {
        ByteBuffer whole = batch(Codec.GZIP);
        for (int size = 0; size < whole.limit(); size++) {
            var lease = new CountingLease();
            assertThat(BatchCheck.check(whole.slice(0, size), lease, RULES, NOW))
                    .isInstanceOf(BatchVerdict.Refused.class);
            assertThat(lease.releases()).isEqualTo(1);
        }
    }
}
