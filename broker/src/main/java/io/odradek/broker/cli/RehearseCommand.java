package io.odradek.broker.cli;

import io.odradek.broker.Broker;
import io.odradek.broker.config.BrokerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import picocli.CommandLine.Command;

/**
 * Starts a broker on an empty directory, sends a few records through it and stops: what the JVM sees in this run it keeps in a
 * start-up cache (JEP 483, 514), so that later starts need not load and link the same classes again.
 */
@Command(
        name = "rehearse",
        hidden = true,
        description = "Runs a broker for a moment, to train the JVM's start-up cache.")
final class RehearseCommand implements Callable<Integer> {
    private static final int RECORDS = 200;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        Path data = Files.createTempDirectory("odradek-rehearsal");
        try (Broker broker = Broker.start(
                BrokerConfig.builtIn(Map.of("log.dirs", data.toString(), "listeners", "PLAINTEXT://127.0.0.1:0")))) {
            String bootstrap = "127.0.0.1:" + broker.addresses().getFirst().port();
            produce(bootstrap);
            consume(bootstrap);
        } finally {
            delete(data);
        }
        return 0;
    }

    private static void produce(String bootstrap) throws InterruptedException, ExecutionException {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>("rehearsal", "key", "value " + i))
                        .get();
            }
        }
    }

    private static void consume(String bootstrap) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "group.id", "rehearsal", "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.subscribe(List.of("rehearsal"));
            int seen = 0;
            while (seen < RECORDS) {
                seen += consumer.poll(Duration.ofSeconds(1)).count();
            }
            consumer.commitSync();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var walk = Files.walk(directory)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
