package io.odradek.bench.jmh;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A record batch to write, {@code <records>x<value size>}: {@code 1x100B}, {@code 16x1KiB}. */
record Shape(int records, int valueBytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})x(\\d{1,6})(B|KiB)");

    static Shape of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("shape '" + text + "' is not like 1x100B or 16x1KiB");
        }
        int unit = form.group(3).equals("B") ? 1 : 1024;
        return new Shape(Integer.parseInt(form.group(1)), unit * Integer.parseInt(form.group(2)));
    }

    /** What the records hold, without keys and framing. */
    long payloadBytes() {
        return (long) records * valueBytes;
    }

    /** As a producer sends it: base offset 0, no leader epoch, the same bytes each time. */
    byte[] batch() {
        return batch(Codec.NONE);
    }

    /** Compressed, the values are words with some repetition, as log lines have; else they are random bytes. */
    byte[] batch(Codec codec) {
        BatchBuilder builder = new BatchBuilder();
        if (codec != Codec.NONE) {
            builder.compressed(codec);
        }
        Random random = new Random(records * 31L + valueBytes);
        long now = System.currentTimeMillis();
        for (int i = 0; i < records; i++) {
            builder.add(now, null, value(random, codec));
        }
        return bytesOf(builder);
    }

    /** The same with a key of 16 digits for each record, drawn from {@code keys} of them. */
    byte[] batchWithKeys(Random random, int keys) {
        BatchBuilder builder = new BatchBuilder();
        long now = System.currentTimeMillis();
        for (int i = 0; i < records; i++) {
            byte[] key = "%016d".formatted(random.nextInt(keys)).getBytes(StandardCharsets.US_ASCII);
            builder.add(now, key, value(random, Codec.NONE));
        }
        return bytesOf(builder);
    }

    private static byte[] bytesOf(BatchBuilder builder) {
        ByteBuffer built = builder.build().bytes();
        byte[] bytes = new byte[built.limit()];
        built.get(0, bytes);
        return bytes;
    }

    private byte[] value(Random random, Codec codec) {
        byte[] value = new byte[valueBytes];
        if (codec == Codec.NONE) {
            random.nextBytes(value);
            return value;
        }
        StringBuilder words = new StringBuilder();
        while (words.length() < valueBytes) {
            words.append("event=").append(random.nextInt(500)).append(" took ").append(random.nextInt());
        }
        System.arraycopy(words.toString().getBytes(StandardCharsets.US_ASCII), 0, value, 0, valueBytes);
        return value;
    }

    static ByteBuffer direct(byte[] batch) {
        return ByteBuffer.allocateDirect(batch.length).put(batch).flip();
    }

    /** Undoes what the last append wrote into it. */
    static void asSent(ByteBuffer batch) {
        batch.clear();
        batch.putLong(BatchLayout.BASE_OFFSET_AT, 0);
    }

    /** As sent, at another time. */
    static void asSentAt(ByteBuffer batch, long timestamp) {
        asSent(batch);
        batch.putLong(BatchLayout.BASE_TIMESTAMP_AT, timestamp);
        batch.putLong(BatchLayout.MAX_TIMESTAMP_AT, timestamp);
        RecordBatch.sealCrc(batch, 0);
    }
}
