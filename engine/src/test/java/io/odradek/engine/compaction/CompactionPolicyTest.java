package io.odradek.engine.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.compaction.CompactionPolicy.Cleanable;
import io.odradek.engine.compaction.CompactionPolicy.SegmentFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class CompactionPolicyTest {
    private static final LogConfig CONFIG =
            LogConfig.defaults().withCompact(true).withMinCleanableDirtyRatio(0.5);

    /** Segments of ten offsets and a hundred bytes; the nth was written at n seconds. The active one begins behind them. */
    private static List<SegmentFacts> segments(int count) {
        List<SegmentFacts> all = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            all.add(new SegmentFacts(10L * n, 10L * n + 10, 100, 1000L * n, 1000L * n + 500));
        }
        return all;
    }

    private static Cleanable of(long checkpoint, long stableOffset, LogConfig config, long nowMs) {
        return CompactionPolicy.cleanable(segments(5), checkpoint, 0, stableOffset, 50, config, nowMs);
    }

    @Test
    void everythingSealedAndStableAboveTheCheckpointIsDirty() {
        Cleanable cleanable = of(20, 50, CONFIG, 0);
        assertThat(cleanable.firstDirtyOffset()).isEqualTo(20);
        assertThat(cleanable.firstUncleanableOffset()).isEqualTo(50);
        assertThat(cleanable.cleanBytes()).isEqualTo(200);
        assertThat(cleanable.dirtyBytes()).isEqualTo(300);
        assertThat(cleanable.dirtyRatio()).isEqualTo(0.6);
        assertThat(cleanable.isDue(CONFIG)).isTrue();
        assertThat(cleanable.isDue(CONFIG.withMinCleanableDirtyRatio(0.6))).isFalse();
    }

    @Test
    void withoutACheckpointItBeginsAtTheLogStart() {
        assertThat(of(-1, 50, CONFIG, 0).firstDirtyOffset()).isZero();
        assertThat(CompactionPolicy.cleanable(segments(5), -1, 23, 50, 50, CONFIG, 0)
                        .firstDirtyOffset())
                .isEqualTo(23);
        assertThat(CompactionPolicy.cleanable(segments(5), 10, 23, 50, 50, CONFIG, 0)
                        .firstDirtyOffset())
                .isEqualTo(23);
    }

    @Test
    void aCheckpointAboveTheLogIsNotBelieved() {
        assertThat(of(51, 50, CONFIG, 0).firstDirtyOffset()).isZero();
    }

    @Test
    void aSegmentThatReachesAboveTheStableOffsetStopsIt() {
        assertThat(of(0, 30, CONFIG, 0).firstUncleanableOffset()).isEqualTo(30);
        assertThat(of(0, 29, CONFIG, 0).firstUncleanableOffset()).isEqualTo(20);
        assertThat(of(0, 0, CONFIG, 0).dirtyBytes()).isZero();
        assertThat(of(0, 0, CONFIG, 0).isDue(CONFIG)).isFalse();
        assertThat(of(40, 20, CONFIG, 0).firstUncleanableOffset())
                .as("what was clean stays so")
                .isEqualTo(40);
    }

    @Test
    void youngRecordsStopIt() {
        LogConfig lagging = CONFIG.withMinCompactionLagMs(1000);
        assertThat(of(0, 50, lagging, 3000).firstUncleanableOffset()).isEqualTo(20); // the third ends at 2500
        assertThat(of(0, 50, lagging, 5500).firstUncleanableOffset()).isEqualTo(50);
        assertThat(of(30, 50, lagging, 3000).firstUncleanableOffset())
                .as("what was clean does not count")
                .isEqualTo(30);
    }

    @Test
    void oldRecordsMakeItDueWhateverTheRatio() {
        LogConfig overdue = CONFIG.withMaxCompactionLagMs(2000).withMinCleanableDirtyRatio(1);
        assertThat(of(40, 50, overdue, 6000).isDue(overdue)).isFalse();
        assertThat(of(40, 50, overdue, 6001).isDue(overdue)).isTrue();
        assertThat(of(50, 50, overdue, 99_999).isDue(overdue))
                .as("nothing is dirty")
                .isFalse();
    }

    @Property
    void runsAreAsLongAsOneSegmentTakes(@ForAll long seed) {
        Random random = new Random(seed);
        LogConfig config = CONFIG.withSegmentBytes(1000).withSegmentIndexBytes(200);
        List<SegmentFacts> segments = new ArrayList<>();
        List<Long> indexBytes = new ArrayList<>();
        long offset = 0;
        for (int n = random.nextInt(30); n >= 0; n--) {
            long next = offset + 1 + (random.nextInt(8) == 0 ? Integer.MAX_VALUE / 2 : random.nextInt(100));
            segments.add(new SegmentFacts(offset, next, random.nextInt(1500), -1, -1));
            indexBytes.add((long) random.nextInt(150));
            offset = next;
        }
        int from = 0;
        List<Integer> runs = CompactionPolicy.runs(segments, indexBytes, config);
        for (int i = 0; i < runs.size(); i++) {
            int to = from + runs.get(i);
            assertThat(runs.get(i)).isPositive();
            assertThat(runs.get(i) == 1 || fits(segments, indexBytes, from, to, config))
                    .as("run %d fits one segment", i)
                    .isTrue();
            if (to < segments.size()) {
                assertThat(fits(segments, indexBytes, from, to + 1, config))
                        .as("run %d could not be longer", i)
                        .isFalse();
            }
            from = to;
        }
        assertThat(from).isEqualTo(segments.size());
    }

    private static boolean fits(
            List<SegmentFacts> segments, List<Long> indexBytes, int from, int to, LogConfig config) {
        long bytes = segments.subList(from, to).stream()
                .mapToLong(SegmentFacts::sizeBytes)
                .sum();
        long index =
                indexBytes.subList(from, to).stream().mapToLong(Long::longValue).sum();
        long reach = segments.get(to - 1).endOffset() - 1 - segments.get(from).baseOffset();
        return bytes <= config.segmentBytes() && index <= config.segmentIndexBytes() && reach <= Integer.MAX_VALUE;
    }
}
