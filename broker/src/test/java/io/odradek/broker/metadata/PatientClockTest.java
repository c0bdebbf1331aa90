package io.odradek.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A controller that was held up gives the others as much time, and a while longer. */
class PatientClockTest {
    private static final int GRACE_MS = 500;

    private final PatientClock clock = new PatientClock(GRACE_MS);

    @Test
    void timeGoesOn() {
        assertThat(clock.at(7_000)).isZero();
        assertThat(clock.whenAt(1_000)).isEqualTo(8_000);
        assertThat(clock.at(8_000)).isEqualTo(1_000);
        assertThat(clock.whenAt(1_000)).as("a time that is over").isEqualTo(8_000);
    }

    @Test
    void beingLateByALittleIsNothing() {
        clock.at(0);
        clock.whenAt(200);
        assertThat(clock.at(300)).isEqualTo(300);
    }

    @Test
    void timeStandsStillWithTheProcessAndForTheGrace() {
        clock.at(0);
        clock.whenAt(200);
        assertThat(clock.at(5_000)).as("what is tolerated counts").isEqualTo(100);
        assertThat(clock.whenAt(200)).isEqualTo(5_000 + GRACE_MS + 100);
        assertThat(clock.at(5_400)).as("within the grace").isEqualTo(100);
        assertThat(clock.at(5_000 + GRACE_MS + 50)).isEqualTo(150);
        assertThat(clock.whenAt(200)).isEqualTo(5_000 + GRACE_MS + 100);
    }

    @Test
    void aProcessThatIsHeldUpAgainAndAgainDoesNotStopTheTime() {
        long now = 0;
        clock.at(now);
        int heldUp = 0;
        for (long shown = 0; shown < 1_000; shown = clock.at(now)) {
            clock.whenAt(1_000);
            now = Math.max(now + 101, clock.whenAt(1_000) + 101);
            assertThat(++heldUp)
                    .as("times it was held up, within the grace or not")
                    .isLessThanOrEqualTo(10);
        }
    }

    @Test
    void whoWaitsForNothingIsNeverLate() {
        clock.at(0);
        clock.whenAt(Long.MAX_VALUE);
        assertThat(clock.at(100_000)).isEqualTo(100_000);
    }

    @Property(tries = 2_000)
    void itIsNeverFastNorGoesBackAndComesToWhatIsWanted(
            @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 3_000) Integer> pauses) {
        PatientClock patient = new PatientClock(GRACE_MS);
        long now = 1_000_000;
        long shown = patient.at(now);
        for (int pause : pauses) {
            long wanted = shown + 250;
            long expected = patient.whenAt(wanted);
            now += pause;
            long next = patient.at(now);
            assertThat(next - shown).isBetween(0L, (long) pause);
            if (now <= expected + 100) {
                assertThat(next >= wanted).isEqualTo(now >= expected);
            }
            shown = next;
        }
    }
}
