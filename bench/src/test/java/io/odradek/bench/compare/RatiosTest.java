package io.odradek.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class RatiosTest {

    @Test
    void theRatioIsTakenPairByPairNotOfTheMedians() {
        Ratios ratios = new Ratios(new double[] {1, 4, 9}, new double[] {2, 2, 3});

        assertThat(ratios.median()).isEqualTo(2); // 0.5, 2, 3
        assertThat(ratios.smallest()).isEqualTo(0.5);
        assertThat(ratios.largest()).isEqualTo(3);
        assertThat(ratios.medianOfOdradek()).isEqualTo(4);
        assertThat(ratios.medianOfKafka()).isEqualTo(2);
    }

    @Test
    void anEvenNumberOfPairsTakesTheMiddleOfTheTwo() {
        assertThat(new Ratios(new double[] {1, 3}, new double[] {1, 1}).median())
                .isEqualTo(2);
    }

    @Test
    void figuresWithoutAPartnerAreRefused() {
        assertThatThrownBy(() -> new Ratios(new double[] {1}, new double[] {}))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
