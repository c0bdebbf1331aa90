package io.odradek.bench.compare;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** A stock producer with its default settings and a record every few milliseconds, which says when records are acknowledged. Used by one thread. */
final class SteadyProducer implements AutoCloseable {
    private static final long GAP_MS = 2;
    private static final byte[] RECORD = new byte[100];

    /** Of one record. */
    private record Answer(
            long sentNanos, long atNanos, @Nullable Exception failure) {}

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    /** The producer's thread waits when nobody takes them: as many as two minutes bring, after which records fail. */
    private final BlockingQueue<Answer> answers = new ArrayBlockingQueue<>(100_000);

    SteadyProducer(String bootstrap, String topic) {
        this.topic = topic;
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void sendOne() {
        long sent = System.nanoTime();
        var _ = producer.send(new ProducerRecord<>(topic, 0, null, RECORD), (_, failure) -> {
            try {
                answers.put(new Answer(sent, System.nanoTime(), failure));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Sends them, and waits until all are acknowledged. */
    void send(int records) throws IOException, InterruptedException {
        for (int i = 0; i < records; i++) {
            sendOne();
            TimeUnit.MILLISECONDS.sleep(GAP_MS);
        }
        for (int i = 0; i < records; i++) {
            acknowledged(answers.take());
        }
    }

    /** Goes on sending until a record that was sent later than {@code nanos} is acknowledged; how long after {@code nanos} that was. */
    double secondsUntilAcknowledged(long nanos) throws IOException, InterruptedException {
        while (true) {
            sendOne();
            Answer answer = answers.poll(GAP_MS, TimeUnit.MILLISECONDS);
            if (answer != null && acknowledged(answer).sentNanos() > nanos) {
                return (answer.atNanos() - nanos) / 1e9;
            }
        }
    }

    private static Answer acknowledged(Answer answer) throws IOException {
        if (answer.failure() != null) {
            throw new IOException("a record was not acknowledged: " + answer.failure(), answer.failure());
        }
        return answer;
    }

    @Override
    public void close() {
        producer.close(java.time.Duration.ZERO);
    }
}
