package io.odradek.engine.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.Crc32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches as bytes: what we build, what we read of them, and where they end. */
final class RecordBatchTest {
    private static final long NOW = 1_780_000_000_000L;

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aBuiltBatchHasKafkasBytes() {
        ValidatedBatch batch = new BatchBuilder()
                .producer(0x0102, (short) 3, 4)
                .transactional()
                .add(1_000, utf8("k"), utf8("v"))
                .add(
                        1_002,
                        null,
                        null,
                        List.of(new RecordHeader("h", null), new RecordHeader("i", ByteBuffer.wrap(utf8("x")))))
                .build();
        assertThat(HexFormat.of().formatHex(ProducedBatches.array(batch.bytes())))
                .isEqualTo(
                        "0000000000000000" // base offset
                                + "00000048" // length
                                + "ffffffff" // leader epoch
                                + "02" // magic
                                + "00c92f65" // crc
                                + "0010" // transactional
                                + "00000001" // last offset delta
                                + "00000000000003e8" + "00000000000003ea" // base and max timestamp
                                + "0000000000000102" + "0003" + "00000004" // producer id, epoch, sequence
                                + "00000002" // count
                                + "10" + "00" + "00" + "00" + "026b" + "0276" + "00"
                                + "1a" + "00" + "04" + "02" + "01" + "01" + "04" + "0268" + "01" + "0269" + "0278");
        assertThat(batch.maxTimestamp()).isEqualTo(1_002);
        assertThat(batch.maxTimestampOffsetDelta()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void kafkaReadsWhatWeBuild(Codec codec) {
        var builder = new BatchBuilder().compressed(codec).producer(7, (short) 1, 5);
        for (int i = 0; i < 500; i++) {
            builder.add(
                    NOW - i,
                    i % 3 == 0 ? null : ByteBuffer.wrap(utf8("key" + i)),
                    i % 5 == 0 ? null : ByteBuffer.wrap(utf8("a value that repeats itself ".repeat(i % 40))),
                    i % 7 == 0 ? List.of(new RecordHeader("ä" + i, ByteBuffer.wrap(utf8("h")))) : List.of());
        }
        ValidatedBatch batch = builder.build();
        batch.assign(100, 3);

        List<Record> read = records(batch.bytes());
        assertThat(read).hasSize(500);
        for (int i = 0; i < 500; i++) {
            Record record = read.get(i);
            assertThat(record.offset()).isEqualTo(100 + i);
            assertThat(record.sequence()).isEqualTo(5 + i);
            assertThat(record.timestamp()).isEqualTo(NOW - i);
            assertThat(record.key()).isEqualTo(i % 3 == 0 ? null : ByteBuffer.wrap(utf8("key" + i)));
            assertThat(record.valueSize()).isEqualTo(i % 5 == 0 ? -1 : 28 * (i % 40));
            assertThat(record.headers()).hasSize(i % 7 == 0 ? 1 : 0);
        }
    }

    private static List<Record> records(ByteBuffer batch) {
        MemoryRecords records = MemoryRecords.readableRecords(batch.duplicate());
        records.batches().forEach(whole -> whole.ensureValid());
        return StreamSupport.stream(records.records().spliterator(), false).toList();
    }

    @Property(tries = 500, shrinking = ShrinkingMode.OFF)
    void headerAndRecordsAreReadAsKafkaReadsThem(@ForAll long seed) throws Exception {
        var random = new Random(seed);
        byte[] sent = new ProducedBatches(random, NOW, 42).valid();
        int at = random.nextInt(20);
        ByteBuffer buffer = ByteBuffer.allocateDirect(at + sent.length + 7).put(at, sent);
        var theirs = (DefaultRecordBatch) MemoryRecords.readableRecords(ByteBuffer.wrap(sent))
                .batches()
                .iterator()
                .next();

        assertThat(RecordBatch.isWhole(buffer, at, buffer.limit())).isTrue();
        assertThat(RecordBatch.sizeInBytes(buffer, at)).isEqualTo(theirs.sizeInBytes());
        assertThat(RecordBatch.lastOffset(buffer, at)).isEqualTo(theirs.lastOffset());
        assertThat(RecordBatch.nextOffset(buffer, at)).isEqualTo(theirs.nextOffset());
        assertThat(RecordBatch.magic(buffer, at)).isEqualTo(theirs.magic());
        assertThat(RecordBatch.crc(buffer, at)).isEqualTo((int) theirs.checksum());
        assertThat(RecordBatch.crcMatches(buffer, at)).isTrue();
        assertThat(RecordBatch.baseTimestamp(buffer, at)).isEqualTo(theirs.baseTimestamp());
        assertThat(RecordBatch.maxTimestamp(buffer, at)).isEqualTo(theirs.maxTimestamp());
        assertThat(RecordBatch.producerId(buffer, at)).isEqualTo(theirs.producerId());
        assertThat(RecordBatch.producerEpoch(buffer, at)).isEqualTo(theirs.producerEpoch());
        assertThat(RecordBatch.baseSequence(buffer, at)).isEqualTo(theirs.baseSequence());
        assertThat(RecordBatch.lastSequence(buffer, at)).isEqualTo(theirs.lastSequence());
        assertThat(RecordBatch.recordCount(buffer, at)).isEqualTo(theirs.countOrNull());
        assertThat(RecordBatch.codecId(buffer, at)).isEqualTo(theirs.compressionType().id);
        assertThat(Crc32c.of(buffer, at, sent.length)).isEqualTo((int) Crc32C.compute(sent, 0, sent.length));

        List<StoredRecord> ours = RecordCursor.records(buffer, at);
        List<Record> records = records(ByteBuffer.wrap(sent));
        assertThat(ours).hasSameSizeAs(records);
        for (int i = 0; i < ours.size(); i++) {
            StoredRecord one = ours.get(i);
            Record other = records.get(i);
            assertThat(one.offset()).isEqualTo(other.offset());
            assertThat(one.timestamp()).isEqualTo(other.timestamp());
            assertThat(wrapped(one.key())).isEqualTo(other.key());
            assertThat(wrapped(one.value())).isEqualTo(other.value());
            assertThat(one.headers().stream().map(RecordHeader::key))
                    .isEqualTo(Arrays.stream(other.headers()).map(Header::key).toList());
            assertThat(one.headers().stream().map(RecordHeader::value).toList())
                    .isEqualTo(Arrays.stream(other.headers())
                            .map(header -> wrapped(header.value()))
                            .toList());
        }
        assertThat(buffer.position()).isZero();
    }

    private static @org.jspecify.annotations.Nullable ByteBuffer wrapped(
            byte @org.jspecify.annotations.Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    /** A cut anywhere: the whole batches before it count, and nothing else. */
    @Test
    void aTornTailIsCutAtTheLastWholeBatch() {
        var ends = new ArrayList<Integer>(List.of(0));
        ByteBuffer log = log(ends);
        for (int limit = 0; limit <= log.limit(); limit++) {
            int cut = limit;
            int expected = ends.stream()
                    .filter(end -> end <= cut)
                    .max(Integer::compare)
                    .orElseThrow();
            assertThat(RecordBatch.wholeBatchesEnd(log, 0, limit)).isEqualTo(expected);
            assertThat(RecordBatch.intactBatchesEnd(log, 0, limit, 0)).isEqualTo(expected);
        }
    }

    @Test
    void aFlippedBitEndsTheIntactBatches() {
        var ends = new ArrayList<Integer>(List.of(0));
        ByteBuffer log = log(ends);
        for (int at = 0; at < log.limit(); at++) {
            int inBatch = at - batchStart(ends, at);
            boolean covered = inBatch >= BatchLayout.MAGIC_AT
                    || (inBatch >= BatchLayout.LENGTH_AT && inBatch < BatchLayout.LEADER_EPOCH_AT);
            log.put(at, (byte) (log.get(at) ^ 1));
            int end = RecordBatch.intactBatchesEnd(log, 0, log.limit(), 0);
            log.put(at, (byte) (log.get(at) ^ 1));
            if (covered) {
                assertThat(end).as("bit flipped in byte " + at).isEqualTo(batchStart(ends, at));
            }
        }
    }

    @Test
    void theBatchThatHoldsAnOffsetIsFound() {
        var ends = new ArrayList<Integer>(List.of(0));
        ByteBuffer log = log(ends);
        for (int offset = 0; offset < 9; offset++) {
            assertThat(RecordBatch.find(log, 0, log.limit(), offset)).isEqualTo(ends.get(offset / 3));
        }
        assertThat(RecordBatch.find(log, 0, log.limit(), 9)).isEqualTo(log.limit());
    }

    private static int batchStart(List<Integer> ends, int at) {
        return ends.stream().filter(end -> end <= at).max(Integer::compare).orElseThrow();
    }

    /** Three batches of three records. */
    private static ByteBuffer log(List<Integer> ends) {
        ByteBuffer log = ByteBuffer.allocate(1_000);
        for (int i = 0; i < 3; i++) {
            var builder = new BatchBuilder();
            for (int j = 0; j < 3; j++) {
                builder.add(NOW, null, utf8("value" + j));
            }
            ValidatedBatch batch = builder.build();
            batch.assign(3L * i, 0);
            log.put(batch.bytes().duplicate());
            ends.add(log.position());
        }
        return log.flip();
    }
}
