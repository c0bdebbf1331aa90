package io.odradek.engine.retention;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.retention.RetentionPolicy.Decision;
import io.odradek.engine.retention.RetentionPolicy.SegmentFacts;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {
    /** Four segments of 100 bytes and 10 offsets; their newest records are from 1000, 2000, 3000, 4000. */
    private static final List<SegmentFacts> FOUR = List.of(
            new SegmentFacts(10, 100, 1000),
            new SegmentFacts(20, 100, 2000),
            new SegmentFacts(30, 100, 3000),
            new SegmentFacts(40, 100, 4000));

    private static Decision decide(
            long retentionMs, long retentionBytes, long logStart, long highWatermark, long nowMs) {
        return RetentionPolicy.decide(FOUR, logStart, highWatermark, config(retentionMs, retentionBytes, true), nowMs);
    }

    private static LogConfig config(long retentionMs, long retentionBytes, boolean delete) {
        return LogConfig.defaults()
                .withRetentionMs(retentionMs)
                .withRetentionBytes(retentionBytes)
                .withDelete(delete)
                .withCompact(!delete);
    }

    @Test
    void aSegmentGoesWhenItsNewestRecordIsTooOld() {
        assertThat(decide(2000, -1, 0, 40, 3000)).isEqualTo(new Decision(0, false));
        assertThat(decide(1999, -1, 0, 40, 3000)).isEqualTo(new Decision(1, false));
        assertThat(decide(999, -1, 0, 40, 3000)).isEqualTo(new Decision(2, false));
    }

    @Test
    void theActiveSegmentIsSealedWhenEvenItsRecordsAreTooOld() {
        assertThat(decide(10, -1, 0, 40, 100_000)).isEqualTo(new Decision(4, true));
    }

    @Test
    void segmentsGoWhileTheLimitBySizeStaysFilled() {
        assertThat(decide(-1, 400, 0, 40, 0)).isEqualTo(new Decision(0, false));
        assertThat(decide(-1, 301, 0, 40, 0)).isEqualTo(new Decision(0, false));
        assertThat(decide(-1, 300, 0, 40, 0)).isEqualTo(new Decision(1, false));
        assertThat(decide(-1, 150, 0, 40, 0)).isEqualTo(new Decision(2, false));
        assertThat(decide(-1, 0, 0, 40, 0)).isEqualTo(new Decision(4, true));
    }

    @Test
    void segmentsBelowTheLogStartGoButNeverTheActiveOne() {
        assertThat(decide(-1, -1, 20, 40, 0)).isEqualTo(new Decision(2, false));
        assertThat(decide(-1, -1, 29, 40, 0)).isEqualTo(new Decision(2, false));
        assertThat(decide(-1, -1, 40, 40, 0)).isEqualTo(new Decision(3, false));
    }

    @Test
    void nothingAboveTheHighWatermarkGoes() {
        assertThat(decide(10, 0, 0, 25, 100_000)).isEqualTo(new Decision(2, false));
    }

    @Test
    void aCompactedTopicLosesOnlyWhatLiesBelowItsStart() {
        assertThat(RetentionPolicy.decide(FOUR, 20, 40, config(10, 0, false), 100_000))
                .isEqualTo(new Decision(2, false));
    }

    @Test
    void theEmptyActiveSegmentStays() {
        List<SegmentFacts> segments = List.of(new SegmentFacts(10, 100, 5), new SegmentFacts(10, 0, 5));
        assertThat(RetentionPolicy.decide(segments, 0, 10, config(1, -1, true), 100_000))
                .isEqualTo(new Decision(1, false));
        assertThat(RetentionPolicy.decide(segments, 0, 10, config(-1, 0, true), 100_000))
                .isEqualTo(new Decision(1, false));
    }

    /** Compaction may leave one: it must not keep those behind it. */
    @Test
    void anEmptySealedSegmentGoesInItsTurn() {
        List<SegmentFacts> segments = List.of(
                new SegmentFacts(10, 100, 5),
                new SegmentFacts(20, 0, 5),
                new SegmentFacts(30, 100, 5),
                new SegmentFacts(40, 100, 99_999));
        assertThat(RetentionPolicy.decide(segments, 0, 40, config(1000, -1, true), 100_000))
                .isEqualTo(new Decision(3, false));
        assertThat(RetentionPolicy.decide(segments, 0, 40, config(-1, 100, true), 100_000))
                .isEqualTo(new Decision(3, false));
    }
}
