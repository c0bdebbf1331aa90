package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What passes at a rate. */
class PaceTest {
    private static final long SECOND = 1_000_000_000;

    private record Passed(long atNs, long bytes) {}

    /** Whoever may, passes what it has, and looks again after a while; so whatever span is looked at. */
    @Property
    void inAnySpanPassesTheRateTimesTheSpanAndOneThingMore(
            @ForAll @LongRange(min = 1, max = 1L << 40) long rate,
            @ForAll @LongRange(min = 0, max = Long.MAX_VALUE / 4) long start,
            @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 1 << 30) Integer> sizes,
            @ForAll @Size(60) List<@IntRange(min = 0, max = 2_000_000_000) Integer> pauses) {
        List<Passed> passed = new ArrayList<>();
        Pace pace = Pace.of(rate, start);
        long now = start;
        for (int n = 0; n < sizes.size(); n++) {
            now += pauses.get(n);
            if (pace.waitNs(now) == 0) {
                passed.add(new Passed(now, sizes.get(n)));
                pace = pace.passed(sizes.get(n), now);
            }
        }
        assertThat(passed).as("the first passes at once").isNotEmpty();
        for (int from = 0; from < passed.size(); from++) {
            double before = 0; // the last of the span
            for (int to = from; to < passed.size(); to++) {
                double span = (passed.get(to).atNs - passed.get(from).atNs) / (double) SECOND;
                assertThat(before)
                        .as("bytes before the last of %s", passed.subList(from, to + 1))
                        .isLessThanOrEqualTo(rate * span * (1 + 1e-9) + 1e-6);
                before += passed.get(to).bytes;
            }
        }
    }

    /** Nothing waits longer than what has passed takes: who looks again when it is told to, gets the whole rate. */
    @Property
    void whoLooksWhenItIsTimeGetsTheWholeRate(
            @ForAll @LongRange(min = 1_000, max = 1L << 30) long rate,
            @ForAll @Size(min = 2, max = 60) List<@IntRange(min = 1, max = 1 << 24) Integer> sizes) {
        Pace pace = Pace.of(rate, 0);
        long now = 0;
        double bytes = 0;
        for (int size : sizes) {
            now += pace.waitNs(now);
            assertThat(pace.waitNs(now)).isZero();
            assertThat(bytes).isGreaterThanOrEqualTo(rate * (now - sizes.size()) / (double) SECOND - 1);
            pace = pace.passed(size, now);
            bytes += size;
        }
    }

    @Test
    void whatIsOwedIsPaidForAtTheNewRate() {
        Pace slow = Pace.of(1_000, 0).passed(60_000, 0);
        assertThat(slow.waitNs(0)).isEqualTo(60 * SECOND);
        assertThat(slow.at(10_000, 0).waitNs(0)).isEqualTo(6 * SECOND);
        assertThat(slow.at(500, 30 * SECOND).waitNs(30 * SECOND)).isEqualTo(60 * SECOND);
        assertThat(slow.at(Pace.UNLIMITED, 0).waitNs(0)).isZero();
    }

    @Test
    void atNothingNothingPassesUntilTheRateIsAnother() {
        Pace none = Pace.of(0, 5);
        assertThat(none.waitNs(5)).isEqualTo(Long.MAX_VALUE);
        assertThat(none.passed(1, 5).waitNs(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(none.at(10, 5).waitNs(5)).isZero();
        assertThat(Pace.of(10, 5).passed(100, 5).at(0, 5).waitNs(5)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void withoutALimitAnythingPasses() {
        Pace pace = Pace.of(Pace.UNLIMITED, 0);
        assertThat(pace.isLimited()).isFalse();
        assertThat(pace.passed(Long.MAX_VALUE, 0).waitNs(0)).isZero();
    }

    /** Slower than time can tell. */
    @Test
    void whatTakesLongerThanTimeLastsDoesNotOverflow() {
        Pace pace = Pace.of(1, Long.MAX_VALUE - 10).passed(Long.MAX_VALUE, Long.MAX_VALUE - 10);
        assertThat(pace.waitNs(Long.MAX_VALUE - 5)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void namedReplicasAreThisBrokers() {
        ThrottledReplicas named = ThrottledReplicas.of("0:1, 1:2,2:1", 1);
        assertThat(named.contains(0)).isTrue();
        assertThat(named.contains(1)).isFalse();
        assertThat(named.contains(2)).isTrue();
        assertThat(ThrottledReplicas.of("*", 1).contains(77)).isTrue();
        assertThat(ThrottledReplicas.of(" ", 1).isEmpty()).isTrue();
        assertThat(ThrottledReplicas.of("0:2", 1).isEmpty()).isTrue();
    }
}
