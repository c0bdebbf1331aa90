package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.VoidDeserializer;
import org.apache.kafka.common.serialization.VoidSerializer;
import org.jspecify.annotations.Nullable;

/**
 * A stock producer and a stock consumer that work without a pause, on threads and connections of their own, while somebody else
 * does his worst: record n has value n and offset n, and is read once, in order. Neither is allowed an error or a retry that
 * takes longer than {@link #PATIENCE}.
 */
final class Bystander implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String topic;
    private final KafkaProducer<Void, Long> producer;
    private final KafkaConsumer<Void, Long> consumer;
    private final Thread writing;
    private final Thread reading;
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> trouble = new AtomicReference<>();
    private volatile boolean stopping;
    /** Nothing more will be acknowledged. */
    private volatile boolean allWritten;

    Bystander(String bootstrap, String topic) throws Exception {
        this.topic = topic;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        }
        producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "delivery.timeout.ms", "20000",
                        "request.timeout.ms", "10000",
                        "max.block.ms", "20000"),
                new VoidSerializer(),
                new LongSerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "none"),
                new VoidDeserializer(),
                new LongDeserializer());
        writing = Thread.ofPlatform().name("bystander writes").start(() -> guarded(this::write));
        reading = Thread.ofPlatform().name("bystander reads").start(() -> guarded(this::read));
    }

    private interface Work {
        void run() throws Exception;
    }

    private void guarded(Work work) {
        try {
            work.run();
        } catch (Throwable e) { // told by whoever asks
            trouble.compareAndSet(null, e);
        }
    }

    private void write() throws Exception {
        try (producer) {
            while (!stopping) {
                long next = acknowledged.get();
                long begun = System.nanoTime();
                assertThat(producer.send(new ProducerRecord<>(topic, next))
                                .get()
                                .offset())
                        .isEqualTo(next);
                slowestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max);
                acknowledged.incrementAndGet();
            }
        }
    }

    private void read() {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (consumer) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, 0);
            while (!allWritten || read.get() < acknowledged.get()) {
                for (ConsumerRecord<Void, Long> record : consumer.poll(Duration.ofMillis(200))) {
                    assertThat(record.offset()).isEqualTo(read.get());
                    assertThat(record.value()).isEqualTo(read.getAndIncrement());
                }
            }
        }
    }

    /** Returns when ten more records have gone through and been read since the call. */
    void expectServed() {
        long wanted = acknowledged.get() + 10;
        await().atMost(PATIENCE)
                .until(() -> trouble.get() != null || Math.min(acknowledged.get(), read.get()) >= wanted);
        assertThat(trouble.get()).as("the bystander's trouble").isNull();
    }

    /** The longest that one record took to be acknowledged. */
    Duration slowest() {
        return Duration.ofNanos(slowestNanos.get());
    }

    /** Stops writing; everything acknowledged must have been read, in order. */
    @Override
    public void close() {
        stopping = true;
        try {
            writing.join();
            allWritten = true; // not before: the last record may be acknowledged after the reader has looked
            reading.join(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(trouble.get()).as("the bystander's trouble").isNull();
        assertThat(read.get()).as("read of what was acknowledged").isEqualTo(acknowledged.get());
    }
}
