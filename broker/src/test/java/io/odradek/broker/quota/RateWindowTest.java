package io.odradek.broker.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RateWindowTest {

    private record Use(long atMs, double amount) {}

    /** KIP-13: (rate - bound) / bound * window. */
    @Test
    void theWaitIsWhatBringsTheRateBackToItsBound() {
        RateWindow window = new RateWindow();
        window.record(1500, 5000);
        // 1500 in at least ten seconds are 150 a second; allowed are 100: (150 - 100) / 100 * 10 s.
        assertThat(window.throttleMs(100, 5000)).isEqualTo(5000);
        assertThat(window.throttleMs(100, 9999))
                .as("ten seconds count from the beginning")
                .isGreaterThan(4000);
        assertThat(window.throttleMs(150, 5000)).as("at the bound").isZero();
    }

    @Test
    void whoWasQuietMayUseAtOnceWhatTenSecondsGive() {
        RateWindow window = new RateWindow();
        window.record(1000, 0);
        assertThat(window.throttleMs(100, 0)).isZero();
        window.record(1, 0);
        assertThat(window.throttleMs(100, 0)).isEqualTo(10);
    }

    @Test
    void elevenSecondsAfterItBeganASampleIsForgotten() {
        RateWindow window = new RateWindow();
        window.record(5000, 100);
        assertThat(window.isForgettable(11_099)).isFalse();
        assertThat(window.throttleMs(1, 11_099)).isPositive();
        assertThat(window.isForgettable(11_100)).isTrue();
        assertThat(window.throttleMs(1, 11_100)).isZero();
    }

    @Test
    void whatDidNotHappenIsNotCounted() {
        RateWindow window = new RateWindow();
        window.record(500, 0);
        window.record(700, 300);
        window.record(-700, 300);
        assertThat(window.throttleMs(50, 300)).isZero();
        window.record(20, 300);
        assertThat(window.throttleMs(50, 300)).isPositive();
    }

    @Test
    void timesThatAreALittleOutOfOrderAreOneSample() {
        RateWindow window = new RateWindow();
        window.record(10, 5000);
        window.record(10, 4998);
        assertThat(window.throttleMs(2, 4997)).isZero();
        window.record(1, 4996);
        assertThat(window.throttleMs(2, 4996)).isEqualTo(500);
    }

    /** The bound that the class promises: in any ten seconds what 21 give, and one use. */
    @Property
    void whatPassesInTenSecondsIsBounded(
            @ForAll @Size(max = 120) List<@IntRange(max = 3000) Integer> pauses,
            @ForAll @Size(min = 120, max = 120) List<@DoubleRange(max = 4000) Double> amounts,
            @ForAll @DoubleRange(min = 1, max = 500) double perSecond) {
        RateWindow window = new RateWindow();
        List<Use> uses = new ArrayList<>();
        long nowMs = 0;
        for (int i = 0; i < pauses.size(); i++) {
            nowMs += i % 3 == 0 ? pauses.get(i) : 0;
            uses.add(new Use(nowMs, amounts.get(i)));
            window.record(amounts.get(i), nowMs);
            nowMs += window.throttleMs(perSecond, nowMs);
        }
        for (int last = 0; last < uses.size(); last++) {
            long fromMs = uses.get(last).atMs() - RateWindow.LEAST_ELAPSED_MS;
            double before = uses.subList(0, last).stream()
                    .filter(use -> use.atMs() > fromMs)
                    .mapToDouble(Use::amount)
                    .sum();
            assertThat(before).isLessThanOrEqualTo(perSecond * 21.001); // waits are whole milliseconds
        }
    }

    /** Uses of a tenth of a second's worth, each as soon as it is allowed. */
    @Test
    void inTheLongRunWhatPassesIsWhatTheBoundGives() {
        RateWindow window = new RateWindow();
        long nowMs = 0;
        double passed = 0;
        while (nowMs < 600_000) {
            window.record(10, nowMs);
            passed += 10;
            nowMs += window.throttleMs(100, nowMs);
        }
        assertThat(passed / 600).isBetween(95.0, 105.0);
    }

    @Property
    void whoStaysBelowTheBoundNeverWaits(
            @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 1000) Integer> pauses,
            @ForAll @DoubleRange(min = 0.1, max = 1e9) double perSecond) {
        RateWindow window = new RateWindow();
        long nowMs = 0;
        for (int pauseMs : pauses) {
            nowMs += pauseMs;
            window.record(perSecond * 10 / 11 * pauseMs / 1000, nowMs);
            assertThat(window.throttleMs(perSecond, nowMs)).isLessThanOrEqualTo(1); // rounding
        }
    }
}
