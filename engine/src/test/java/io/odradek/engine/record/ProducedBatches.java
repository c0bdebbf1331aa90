package io.odradek.engine.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/** What producers send, built by Kafka's own classes, and what becomes of it when somebody lies or a wire is bad. */
final class ProducedBatches {
    private static final long[] EXTREMES = {
        -1, 0, 1, -2, 5, 127, 128, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
    };

    private final Random random;
    private final long nowMs;
    private final long freshProducerId;

    ProducedBatches(Random random, long nowMs, long freshProducerId) {
        this.random = random;
        this.nowMs = nowMs;
        this.freshProducerId = freshProducerId;
    }

    byte[] valid() {
        SimpleRecord[] records = new SimpleRecord[1 + random.nextInt(random.nextInt(10) == 0 ? 300 : 8)];
        boolean nullKeys = random.nextBoolean();
        boolean wildTimes = random.nextInt(4) == 0;
        for (int i = 0; i < records.length; i++) {
            records[i] = new SimpleRecord(
                    timestamp(wildTimes),
                    nullKeys && random.nextInt(3) == 0 ? null : bytes(20),
                    random.nextInt(8) == 0 ? null : bytes(random.nextInt(20) == 0 ? 5_000 : 60),
                    headers());
        }
        Compression compression = compression(CompressionType.forId(random.nextInt(5)));
        MemoryRecords batch = random.nextBoolean()
                ? MemoryRecords.withIdempotentRecords(
                        compression, freshProducerId, (short) random.nextInt(3), random.nextInt(5) * 100, records)
                : MemoryRecords.withRecords(compression, records);
        return array(batch.buffer());
    }

    private long timestamp(boolean wild) {
        if (!wild) {
            return nowMs - random.nextInt(1_000);
        }
        return switch (random.nextInt(4)) {
            case 0 -> -1;
            case 1 -> nowMs + random.nextInt(10_000_000);
            case 2 -> Math.max(0, nowMs - random.nextInt(100_000_000));
            default -> nowMs;
        };
    }

    private byte[] bytes(int below) {
        byte[] bytes = new byte[random.nextInt(below)];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    private Header[] headers() {
        Header[] headers = new Header[random.nextInt(4) == 0 ? random.nextInt(4) : 0];
        for (int i = 0; i < headers.length; i++) {
            headers[i] = new RecordHeader("h" + i + "ä", random.nextInt(3) == 0 ? null : bytes(10));
        }
        return headers;
    }

    private static Compression compression(CompressionType type) {
        return Compression.of(type).build();
    }

    static byte[] array(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    /** A valid batch, and then anything. */
    byte[] mutated() {
        byte[] batch = valid();
        return switch (random.nextInt(13)) {
            case 0 -> flipped(batch, 0);
            case 1 -> repaired(flipped(batch, BatchLayout.CRC_AT));
            case 2 -> Arrays.copyOf(batch, random.nextInt(batch.length));
            case 3 -> extended(batch, bytes(80));
            case 4 -> extended(batch, Arrays.copyOf(valid(), random.nextInt(100)));
            case 5 -> extended(batch, valid());
            case 6 -> repaired(countLie(batch));
            case 7 -> lengthLie(batch);
            case 8 -> {
                batch[BatchLayout.MAGIC_AT] = (byte) (random.nextInt(5) - 1);
                yield batch;
            }
            case 9 -> {
                ByteBuffer.wrap(batch).putShort(BatchLayout.ATTRIBUTES_AT, (short)
                        (RecordBatch.attributes(ByteBuffer.wrap(batch), 0)
                                ^ (1 << random.nextInt(random.nextBoolean() ? 8 : 16))));
                yield repaired(batch);
            }
            case 10 -> repaired(headerLie(batch));
            case 11 -> innerLie(batch);
            default -> repaired(headerLie(innerLie(batch)));
        };
    }

    private byte[] flipped(byte[] batch, int from) {
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            batch[from + random.nextInt(batch.length - from)] ^= (byte) (1 << random.nextInt(8));
        }
        return batch;
    }

    static byte[] repaired(byte[] batch) {
        ByteBuffer view = ByteBuffer.wrap(batch);
        view.putInt(BatchLayout.CRC_AT, RecordBatch.computeCrc(view, 0, batch.length));
        return batch;
    }

    private static byte[] extended(byte[] batch, byte[] more) {
        byte[] both = Arrays.copyOf(batch, batch.length + more.length);
        System.arraycopy(more, 0, both, batch.length, more.length);
        return both;
    }

    private byte[] countLie(byte[] batch) {
        ByteBuffer view = ByteBuffer.wrap(batch);
        int count = RecordBatch.recordCount(view, 0)
                + (random.nextBoolean() ? random.nextInt(5) - 2 : (int) EXTREMES[random.nextInt(EXTREMES.length)]);
        if (random.nextInt(3) != 0) {
            view.putInt(BatchLayout.RECORD_COUNT_AT, count);
        }
        if (random.nextInt(3) != 0) {
            view.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, count - 1);
        }
        return batch;
    }

    private byte[] lengthLie(byte[] batch) {
        int length = random.nextBoolean()
                ? batch.length - BatchLayout.PREFIX_BYTES + random.nextInt(21) - 10
                : random.nextInt(3) == 0 ? (int) EXTREMES[random.nextInt(EXTREMES.length)] : random.nextInt(80);
        ByteBuffer.wrap(batch).putInt(BatchLayout.LENGTH_AT, length);
        return random.nextBoolean() ? repaired(batch) : batch;
    }

    private byte[] headerLie(byte[] batch) {
        ByteBuffer view = ByteBuffer.wrap(batch);
        long extreme = EXTREMES[random.nextInt(EXTREMES.length)];
        switch (random.nextInt(7)) {
            case 0 -> view.putLong(BatchLayout.BASE_OFFSET_AT, extreme);
            case 1 -> view.putLong(BatchLayout.BASE_TIMESTAMP_AT, random.nextBoolean() ? extreme : nowMs + 1);
            case 2 -> view.putLong(BatchLayout.MAX_TIMESTAMP_AT, random.nextBoolean() ? extreme : nowMs + 1);
            case 3 -> view.putLong(BatchLayout.PRODUCER_ID_AT, random.nextBoolean() ? -1 : freshProducerId);
            case 4 -> view.putShort(BatchLayout.PRODUCER_EPOCH_AT, (short) extreme);
            case 5 -> view.putInt(BatchLayout.BASE_SEQUENCE_AT, (int) extreme);
            default -> view.putInt(BatchLayout.LEADER_EPOCH_AT, (int) extreme);
        }
        return batch;
    }

    /** Changes the uncompressed records, and compresses them again: only a reader that looks inside can see it. */
    private byte[] innerLie(byte[] batch) {
        ByteBuffer view = ByteBuffer.wrap(batch);
        CompressionType type = CompressionType.forId(RecordBatch.codecId(view, 0));
        Compression compression = compression(type);
        var out = new ByteArrayOutputStream();
        out.write(batch, 0, BatchLayout.RECORDS_AT);
        try (var in = compression.wrapForInput(
                view.position(BatchLayout.RECORDS_AT),
                BatchLayout.MAGIC,
                org.apache.kafka.common.utils.BufferSupplier.NO_CACHING)) {
            byte[] plain = damaged(in.readAllBytes());
            var packed = new ByteBufferOutputStream(64);
            try (OutputStream records = compression.wrapForOutput(packed, BatchLayout.MAGIC)) {
                records.write(plain);
            }
            byte[] bytes = array(packed.buffer().flip());
            if (type != CompressionType.NONE && random.nextInt(4) == 0) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            }
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] result = out.toByteArray();
        ByteBuffer.wrap(result).putInt(BatchLayout.LENGTH_AT, result.length - BatchLayout.PREFIX_BYTES);
        return repaired(result);
    }

    private byte[] damaged(byte[] records) {
        int at = random.nextInt(Math.min(records.length, random.nextBoolean() ? 16 : records.length));
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(records, at);
            case 1 -> Arrays.copyOf(records, records.length + 1 + random.nextInt(4));
            case 2 -> {
                records[at] = (byte) random.nextInt(6);
                yield records;
            }
            case 3 -> {
                records[at] += (byte) (random.nextInt(5) - 2);
                yield records;
            }
            case 4 -> {
                records[at] = (byte) random.nextInt();
                yield records;
            }
            default -> {
                Arrays.fill(records, at, Math.min(records.length, at + random.nextInt(11)), (byte) 0xff);
                yield records;
            }
        };
    }
}
