package io.odradek.bench.soak;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * One idempotent producer that numbers the records of each partition: 1, 2, 3... It outlives the broker: what is not
 * acknowledged it sends again. One thread writes; any thread asks.
 */
final class SoakLoad implements AutoCloseable {
    private final int recordsPerSecond;
    private final Map<SoakPartition, Numbers> numbers = new HashMap<>(); // not changed after the constructor
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private final KafkaProducer<String, byte[]> producer;
    private final Thread thread = Thread.ofPlatform().name("soak-load").unstarted(this::write);
    private volatile boolean stopped;

    /** How far one partition has come. */
    private static final class Numbers {
        final AtomicLong sent = new AtomicLong();
        final AtomicLong acknowledged = new AtomicLong();
    }

    /** @param recordsPerSecond over all topics */
    SoakLoad(String bootstrap, int recordsPerSecond) {
        this.recordsPerSecond = recordsPerSecond;
        SoakPartition.ALL.forEach(partition -> numbers.put(partition, new Numbers()));
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("acks", "all");
        config.put("enable.idempotence", "true");
        config.put("linger.ms", "5");
        config.put("compression.type", "lz4");
        config.put("delivery.timeout.ms", Integer.toString(Integer.MAX_VALUE));
        config.put("max.block.ms", Long.toString(Long.MAX_VALUE));
        config.put("reconnect.backoff.ms", "50");
        config.put("reconnect.backoff.max.ms", "200");
        producer = new KafkaProducer<>(config, new StringSerializer(), new ByteArraySerializer());
    }

    void start() {
        thread.start();
    }

    private void write() {
        long begun = System.nanoTime();
        long written = 0;
        while (!stopped) {
            long dueNanos = begun + written * TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
            long wait = dueNanos - System.nanoTime();
            if (wait > 0) {
                LockSupport.parkNanos(wait);
                continue;
            }
            send(SoakPartition.ALL.get((int) (written++ % SoakPartition.ALL.size())));
        }
        producer.flush();
    }

    private void send(SoakPartition to) {
        SoakTopic topic = to.topic();
        Numbers reached = of(to);
        long number = reached.sent.incrementAndGet();
        byte[] value = topic.deletes(number) ? null : value(number);
        var _ = producer.send(
                new ProducerRecord<>(topic.topicName(), to.partition(), topic.key(number), value), (_, failed) -> {
                    if (failed != null) {
                        failure.compareAndSet(null, failed);
                    } else {
                        reached.acknowledged.set(number); // in order: so the producer promises
                    }
                });
    }

    /** The number, and filling that follows from it and can't be compressed. */
    private static byte[] value(long number) {
        SplittableRandom filling = new SplittableRandom(number);
        byte[] value = new byte[Long.BYTES + 50 + filling.nextInt(400)];
        filling.nextBytes(value);
        ByteBuffer.wrap(value).putLong(number);
        return value;
    }

    static long number(byte[] value) {
        return ByteBuffer.wrap(value).getLong();
    }

    private Numbers of(SoakPartition partition) {
        return Objects.requireNonNull(numbers.get(partition));
    }

    /** Highest number that was acknowledged; with it all below. */
    long acknowledged(SoakPartition partition) {
        return of(partition).acknowledged.get();
    }

    long acknowledgedInAll() {
        return SoakPartition.ALL.stream().mapToLong(this::acknowledged).sum();
    }

    long sent(SoakPartition partition) {
        return of(partition).sent.get();
    }

    /** Why a record was given up, which must not happen; null when none was. */
    @Nullable
    Exception failure() {
        return failure.get();
    }

    /** Writes no more, and waits for the acknowledgements. */
    void finish() throws InterruptedException {
        stopped = true;
        thread.join();
    }

    @Override
    public void close() {
        stopped = true;
        producer.close(Duration.ofSeconds(5));
    }
}
