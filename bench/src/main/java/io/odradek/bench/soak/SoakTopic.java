package io.odradek.bench.soak;

import java.util.Locale;
import java.util.Map;

/** What is written: three topics that are kept small in three ways. */
enum SoakTopic {
    COMPACTED,
    BY_TIME,
    BY_SIZE;

    static final int PARTITIONS = 3;
    /** Of the compacted topic, in each partition. */
    static final int KEYS = 400;

    String topicName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Map<String, String> config() {
        return switch (this) {
            case COMPACTED ->
                Map.of(
                        "cleanup.policy", "compact",
                        "min.cleanable.dirty.ratio", "0.3",
                        "delete.retention.ms", "5000");
            case BY_TIME -> Map.of("retention.ms", "20000");
            case BY_SIZE -> Map.of("retention.bytes", "4194304");
        };
    }

    boolean isCompacted() {
        return this == COMPACTED;
    }

    /** Key of the record that is the {@code number}th of its partition. */
    String key(long number) {
        return "k" + number % KEYS;
    }

    /** Now and then a record of the compacted topic deletes its key: each key in its turn, for 7 does not divide {@link #KEYS}. */
    boolean deletes(long number) {
        return isCompacted() && number % 7 == 3;
    }
}
