package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends numbered records until told to stop, by one idempotent producer that lives through whatever happens to the brokers, and notes what
 * was acknowledged, and how long nothing was.
 */
final class NumberedLoad implements AutoCloseable {
    final Map<Long, Long> acknowledgedOffsets = new ConcurrentHashMap<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final AtomicLongArray acknowledgedAtNanos;
    private final AtomicLongArray longestGapNanos;
    private final KafkaProducer<String, String> producer;
    private final Thread sender;
    private volatile long sent;
    private volatile boolean stopping;

    NumberedLoad(String bootstrap, String topic, int partitions) {
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
        this.acknowledgedAtNanos = new AtomicLongArray(partitions);
        this.longestGapNanos = new AtomicLongArray(partitions);
        for (int partition = 0; partition < partitions; partition++) {
            acknowledgedAtNanos.set(partition, System.nanoTime());
        }
        producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "acks", "all",
                        "enable.idempotence", "true",
                        "delivery.timeout.ms", "300000",
                        "request.timeout.ms", "10000",
                        "max.block.ms", "300000",
                        "linger.ms", "1",
                        "buffer.memory", "1048576",
                        "reconnect.backoff.max.ms", "100"),
                new StringSerializer(),
                new StringSerializer());
        sender = Thread.ofPlatform().name("load").start(this::send);
    }

    private void send() {
        String padding = "x".repeat(200);
        while (!stopping && failure.get() == null) {
            long number = sent;
            int partition = (int) (number % partitions);
            var _ = producer.send(
                    new ProducerRecord<>(topic, partition, null, number + " " + padding), (metadata, error) -> {
                        if (error != null) {
                            failure.compareAndSet(null, error);
                        } else {
                            acknowledgedOffsets.put(number, metadata.offset());
                            long now = System.nanoTime();
                            longestGapNanos.accumulateAndGet(
                                    partition, now - acknowledgedAtNanos.getAndSet(partition, now), Math::max);
                            acknowledged.incrementAndGet();
                        }
                    });
            sent = number + 1;
        }
    }

    long sent() {
        return sent;
    }

    long acknowledged() {
        return acknowledged.get();
    }

    void awaitAcknowledged(long count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        while (acknowledged.get() < count) {
            Exception failed = failure.get();
            if (failed != null) {
                throw new AssertionError("the producer gave up", failed);
            }
            assertThat(System.nanoTime())
                    .as("acknowledged %s of %s", acknowledged, count)
                    .isLessThan(deadline);
            LockSupport.parkNanos(200_000);
        }
    }

    void stop() throws InterruptedException {
        stopping = true;
        sender.join();
        producer.flush();
    }

    @Override
    public void close() {
        stopping = true;
        producer.close(Duration.ofSeconds(1)); // makes a blocked send() throw, which ends the sender
    }

    /** The longest time between two acknowledgements of a partition since the last call, over all partitions, in milliseconds. */
    long longestGapMs() {
        long longest = 0;
        for (int partition = 0; partition < partitions; partition++) {
            longest = Math.max(longest, longestGapNanos.getAndSet(partition, 0));
        }
        return TimeUnit.NANOSECONDS.toMillis(longest);
    }

    /** All that was acknowledged is there, at its offset, nothing twice and nothing out of order. After {@link #stop}. */
    void check() {
        List<List<Long>> found = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            found.add(new ArrayList<>());
        }
        Map<Long, Long> offsets = new HashMap<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> all = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                all.add(new TopicPartition(topic, partition));
            }
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    long number = Long.parseLong(
                            record.value().substring(0, record.value().indexOf(' ')));
                    found.get(record.partition()).add(number);
                    offsets.put(number, record.offset());
                }
            }
        }
        for (List<Long> numbers : found) {
            assertThat(numbers).as("sent in this order").isSorted().doesNotHaveDuplicates();
            assertThat(numbers).allMatch(number -> number < sent, "was sent");
        }
        // Not containsAll(), which goes through all that is there for each: these are tens of thousands.
        assertThat(acknowledgedOffsets.keySet())
                .as("every acknowledged record is there")
                .allMatch(offsets::containsKey);
        acknowledgedOffsets.forEach((number, offset) -> assertThat(offsets.get(number))
                .as("record %s is at the offset it was acknowledged with", number)
                .isEqualTo(offset));
    }
}
