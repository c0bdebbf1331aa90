package io.odradek.bench.soak;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** One partition that is written, and numbered by itself. */
record SoakPartition(SoakTopic topic, int partition) {
    /** All of them, in the order in which they are written to. */
    static final List<SoakPartition> ALL = Arrays.stream(SoakTopic.values())
            .flatMap(topic ->
                    IntStream.range(0, SoakTopic.PARTITIONS).mapToObj(partition -> new SoakPartition(topic, partition)))
            .toList();
}
