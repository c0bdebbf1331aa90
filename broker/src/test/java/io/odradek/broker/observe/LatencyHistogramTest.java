package io.odradek.broker.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class LatencyHistogramTest {

    @Property
    void aBucketHoldsWhatIsWithinASixteenthOfItsMiddle(@ForAll @LongRange(min = 0) long value) {
        double middle = LatencyHistogram.middleOf(LatencyHistogram.bucketOf(value));
        assertThat(Math.abs(middle - value)).isLessThanOrEqualTo(value / 16.0);
    }

    @Property
    void largerValuesAreNeverInLowerBuckets(
            @ForAll @LongRange(min = 0) long one, @ForAll @LongRange(min = 0) long two) {
        assertThat(LatencyHistogram.bucketOf(Math.min(one, two)))
                .isLessThanOrEqualTo(LatencyHistogram.bucketOf(Math.max(one, two)));
    }

    @Property(tries = 200)
    void quantilesAreThoseOfTheSortedValues(
            @ForAll @Size(min = 1, max = 300) List<@LongRange(max = 10_000_000_000L) Long> nanos) {
        long[] values = nanos.stream().mapToLong(Long::longValue).toArray();
        LatencyHistogram histogram = new LatencyHistogram();
        Arrays.stream(values).forEach(histogram::record);
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        LatencyHistogram.Snapshot snapshot = histogram.snapshot(System.nanoTime(), 0.5, 0.99);
        for (int i = 0; i < 2; i++) {
            double quantile = i == 0 ? 0.5 : 0.99;
            double exact = sorted[Math.max(0, (int) Math.ceil(quantile * values.length) - 1)] / 1e6;
            assertThat(snapshot.quantilesMs().get(i)).isCloseTo(exact, within(exact / 16 + 1e-9));
        }
        assertThat(snapshot.count()).isEqualTo(values.length);
        assertThat(snapshot.sumMs()).isCloseTo(Arrays.stream(values).sum() / 1e6, within(1e-3));
    }

    @Example
    void quantilesForgetWhatIsLongPastAndCountsDoNot() {
        LatencyHistogram histogram = new LatencyHistogram();
        long now = System.nanoTime();
        long minute = TimeUnit.MINUTES.toNanos(1);
        histogram.record(TimeUnit.SECONDS.toNanos(5));
        histogram.snapshot(now + minute, 0.5);
        histogram.record(TimeUnit.MILLISECONDS.toNanos(1));
        assertThat(histogram.snapshot(now + 2 * minute + 1, 0.99).quantilesMs().getFirst())
                .isCloseTo(5000, within(320.0));
        LatencyHistogram.Snapshot later = histogram.snapshot(now + 2 * minute + 2, 0.99);
        assertThat(later.quantilesMs().getFirst()).isCloseTo(1, within(0.07));
        assertThat(later.count()).isEqualTo(2);
        histogram.snapshot(now + 9 * minute, 0.5);
        assertThat(histogram.snapshot(now + 9 * minute, 0.5).quantilesMs().getFirst())
                .isNaN();
    }
}
