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

class HistogramTest {

    @Property
    void aBucketHoldsWhatIsWithinASixteenthOfItsMiddle(@ForAll @LongRange(min = 0) long value) {
        double middle = Histogram.middleOf(Histogram.bucketOf(value));
        assertThat(Math.abs(middle - value)).isLessThanOrEqualTo(value / 16.0);
    }

    @Property
    void largerValuesAreNeverInLowerBuckets(
            @ForAll @LongRange(min = 0) long one, @ForAll @LongRange(min = 0) long two) {
        assertThat(Histogram.bucketOf(Math.min(one, two))).isLessThanOrEqualTo(Histogram.bucketOf(Math.max(one, two)));
    }

    @Property(tries = 200)
    void quantilesAreThoseOfTheSortedValues(
            @ForAll @Size(min = 1, max = 300) List<@LongRange(max = 10_000_000_000L) Long> nanos) {
        long[] values = nanos.stream().mapToLong(Long::longValue).toArray();
        Histogram histogram = new Histogram();
        Arrays.stream(values).forEach(histogram::record);
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        Histogram.Snapshot snapshot = histogram.snapshot(System.nanoTime(), 0.5, 0.99);
        for (int i = 0; i < 2; i++) {
            double quantile = i == 0 ? 0.5 : 0.99;
            double exact = (double) sorted[Math.max(0, (int) Math.ceil(quantile * values.length) - 1)];
            assertThat(snapshot.quantiles().get(i)).isCloseTo(exact, within(exact / 16 + 1e-9));
        }
        assertThat(snapshot.count()).isEqualTo(values.length);
        assertThat(snapshot.sum()).isEqualTo(Arrays.stream(values).sum());
    }

    @Example
    void quantilesForgetWhatIsLongPastAndCountsDoNot() {
        Histogram histogram = new Histogram();
        long now = System.nanoTime();
        long minute = TimeUnit.MINUTES.toNanos(1);
        histogram.record(TimeUnit.SECONDS.toNanos(5));
        histogram.snapshot(now + minute, 0.5);
        histogram.record(TimeUnit.MILLISECONDS.toNanos(1));
        assertThat(histogram.snapshot(now + 2 * minute + 1, 0.99).quantiles().getFirst())
                .isCloseTo(5e9, within(3.2e8));
        Histogram.Snapshot later = histogram.snapshot(now + 2 * minute + 2, 0.99);
        assertThat(later.quantiles().getFirst()).isCloseTo(1e6, within(0.07e6));
        assertThat(later.count()).isEqualTo(2);
        histogram.snapshot(now + 9 * minute, 0.5);
        assertThat(histogram.snapshot(now + 9 * minute, 0.5).quantiles().getFirst())
                .isNaN();
    }
}
