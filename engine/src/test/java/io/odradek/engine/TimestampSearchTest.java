package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogReader.TimestampedOffset;
import io.odradek.engine.record.KafkaBatches;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.common.compress.Compression;

class TimestampSearchTest {
    private static final List<Compression> CODECS = List.of(
            Compression.NONE,
            Compression.gzip().build(),
            Compression.lz4().build(),
            Compression.zstd().build());

    private record Written(long offset, long timestamp) {}

    @Property(tries = 80)
    void searchesFindWhatWalkingAllRecordsFinds(@ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int batches)
            throws Exception {
        Random random = new Random(seed);
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(1200))) {
            List<Written> all = new ArrayList<>();
            List<Long> boundaries = new ArrayList<>();
            for (int i = 0; i < batches; i++) {
                List<Long> timestamps = new ArrayList<>();
                List<String> values = new ArrayList<>();
                for (int r = 0; r <= random.nextInt(4); r++) {
                    timestamps.add(20L * i + random.nextInt(100));
                    values.add("value");
                }
                long base = log.log.view().logEndOffset();
                boundaries.add(base);
                log.append(KafkaBatches.of(values, timestamps, CODECS.get(random.nextInt(CODECS.size()))), 0);
                for (int r = 0; r < timestamps.size(); r++) {
                    all.add(new Written(base + r, timestamps.get(r)));
                }
            }
            long end = log.log.view().logEndOffset();
            boundaries.add(end);
            long start = log.log.deleteRecordsBefore(random.nextLong(end / 2 + 1));
            if (random.nextBoolean()) {
                log.reopenCleanly();
            }
            LogView view = log.log.view();
            for (int i = 0; i < 20; i++) {
                long upTo = boundaries.get(random.nextInt(boundaries.size()));
                List<Written> visible = all.stream()
                        .filter(record -> record.offset >= start && record.offset < upTo)
                        .toList();
                long wanted = random.nextInt(20 * batches + 120);
                assertThat(offsetOf(LogReader.offsetForTimestamp(view, wanted, LogPosition.ofOffset(upTo))))
                        .isEqualTo(visible.stream()
                                .filter(record -> record.timestamp >= wanted)
                                .findFirst());
                assertThat(offsetOf(LogReader.maxTimestamp(view, LogPosition.ofOffset(upTo))))
                        .isEqualTo(visible.stream()
                                .max(Comparator.comparingLong(Written::timestamp)
                                        .thenComparing(Comparator.comparingLong(Written::offset)
                                                .reversed())));
            }
        }
    }

    private static Optional<Written> offsetOf(Optional<TimestampedOffset> found) {
        found.ifPresent(record -> assertThat(record.leaderEpoch()).isEqualTo(TemporaryLog.EPOCH));
        return found.map(record -> new Written(record.offset(), record.timestamp()));
    }
}
