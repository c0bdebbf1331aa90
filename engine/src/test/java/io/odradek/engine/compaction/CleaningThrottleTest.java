package io.odradek.engine.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** On a clock of its own: naps are what moves it. */
class CleaningThrottleTest {
    private static final long SECOND = 1_000_000_000;
    private long now = 77;

    private CleaningThrottle throttle(double bytesPerSecond) {
        return new CleaningThrottle(bytesPerSecond, () -> now, nanos -> now += Math.max(1, nanos));
    }

    @Test
    void whatWasTakenIsWaitedFor() {
        CleaningThrottle throttle = throttle(1000);
        long begun = now;
        for (int i = 0; i < 30; i++) {
            throttle.took(100);
        }
        assertThat(now - begun).isBetween(3 * SECOND, 3 * SECOND + 100);
    }

    @Test
    void idleTimeIsNotSavedUp() {
        CleaningThrottle throttle = throttle(1000);
        now += 60 * SECOND;
        long begun = now;
        throttle.took(1000);
        assertThat(now - begun).isBetween(SECOND, SECOND + 100);
    }

    @Test
    void withoutALimitNobodyWaits() {
        CleaningThrottle throttle = throttle(Double.MAX_VALUE);
        long begun = now;
        throttle.took(Long.MAX_VALUE);
        assertThat(now).isEqualTo(begun);
    }

    @Test
    void aStopEndsTheWait() {
        CleaningThrottle[] throttle = new CleaningThrottle[1];
        throttle[0] = new CleaningThrottle(1, () -> now, nanos -> throttle[0].stop());
        assertThatThrownBy(() -> throttle[0].took(1 << 30)).isInstanceOf(CancellationException.class);
        assertThat(throttle[0].isStopped()).isTrue();
    }

    @Test
    void aRateThatGetsNowhereIsRefused() {
        assertThatThrownBy(() -> throttle(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> throttle(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }
}
