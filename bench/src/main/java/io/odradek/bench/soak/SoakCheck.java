package io.odradek.bench.soak;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads everything back and holds it against what was acknowledged: each record once, in order, none missing but what retention
 * or a later record of the key took away. The load may go on meanwhile.
 */
final class SoakCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String bootstrap;
    private final SoakLoad load;
    private final List<String> problems = new ArrayList<>();
    private long records;

    SoakCheck(String bootstrap, SoakLoad load) {
        this.bootstrap = bootstrap;
        this.load = load;
    }

    /** Empty when all is well; else what was found, each with topic, partition and offset. */
    List<String> problems() {
        return problems;
    }

    /** That were read. */
    long records() {
        return records;
    }

    SoakCheck run() {
        Map<SoakPartition, Long> acknowledged =
                new HashMap<>(); // before the ends are asked for: so they are below them
        SoakPartition.ALL.forEach(partition -> acknowledged.put(partition, load.acknowledged(partition)));
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest", "enable.auto.commit", "false"),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            acknowledged.forEach((partition, number) -> check(consumer, partition, number));
        }
        return this;
    }

    private void check(KafkaConsumer<String, byte[]> consumer, SoakPartition partition, long acknowledged) {
        SoakTopic topic = partition.topic();
        TopicPartition from = new TopicPartition(topic.topicName(), partition.partition());
        consumer.assign(List.of(from));
        consumer.seekToBeginning(List.of(from));
        long end = Objects.requireNonNull(consumer.endOffsets(List.of(from)).get(from));
        Map<String, Long> table = new HashMap<>();
        long lastOffset = -1;
        long lastNumber = 0;
        long progress = System.nanoTime();
        while (consumer.position(from) < end) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                progress = System.nanoTime();
                records++;
                if (record.offset() <= lastOffset) {
                    problems.add(from + ": offset " + record.offset() + " behind " + lastOffset);
                }
                lastOffset = record.offset();
                byte[] value = record.value();
                if (value == null) {
                    table.remove(record.key());
                    continue;
                }
                long number = SoakLoad.number(value);
                boolean follows =
                        topic.isCompacted() ? number > lastNumber : lastNumber == 0 || number == lastNumber + 1;
                if (!follows) {
                    problems.add(
                            from + " at offset " + record.offset() + ": number " + number + " behind " + lastNumber);
                }
                lastNumber = number;
                table.put(record.key(), number);
            }
            if (System.nanoTime() - progress > PATIENCE.toNanos()) {
                problems.add(from + ": nothing can be read at " + consumer.position(from) + ", the end is " + end);
                return;
            }
        }
        if (topic.isCompacted()) {
            checkTable(partition, table, acknowledged);
        } else if (lastNumber < acknowledged && lastNumber > 0) {
            problems.add(from + ": ends with number " + lastNumber + ", acknowledged is " + acknowledged);
        }
    }

    /** What each key was given last, as far as it was acknowledged, is there, or something later. */
    private void checkTable(SoakPartition partition, Map<String, Long> table, long acknowledged) {
        SoakTopic topic = partition.topic();
        long sent = load.sent(partition);
        for (long number = Math.max(1, acknowledged - SoakTopic.KEYS + 1); number <= acknowledged; number++) {
            String key = topic.key(number);
            Long there = table.get(key);
            boolean wrong = there == null ? !mayBeDeleted(topic, number, sent) : there < number;
            if (wrong) {
                problems.add(topic.topicName() + "-" + partition.partition() + ": " + key + " has number " + there
                        + ", acknowledged is " + number + (topic.deletes(number) ? ", a deletion" : ""));
            }
        }
    }

    /** By the record of this number, or by a later one of its key. */
    private static boolean mayBeDeleted(SoakTopic topic, long number, long sent) {
        for (long later = number; later <= sent; later += SoakTopic.KEYS) {
            if (topic.deletes(later)) {
                return true;
            }
        }
        return false;
    }
}
