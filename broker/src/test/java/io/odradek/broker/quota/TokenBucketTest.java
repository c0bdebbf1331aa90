package io.odradek.broker.quota;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** KIP-599: a bucket that fills at the quota's rate and holds what comes in eleven seconds. */
class TokenBucketTest {

    @Test
    void aRequestMayOweAndTheNextWaitsUntilNothingIsOwed() {
        TokenBucket bucket = new TokenBucket();
        assertThat(bucket.waitMs(2, 1000)).isZero();
        bucket.take(30, 2, 1000); // of 22
        assertThat(bucket.waitMs(2, 1000)).isEqualTo(4000);
        assertThat(bucket.waitMs(2, 4999)).isEqualTo(1);
        assertThat(bucket.waitMs(2, 5000)).isZero();
    }

    @Test
    void itHoldsNoMoreThanElevenSecondsGive() {
        TokenBucket bucket = new TokenBucket();
        bucket.take(1, 2, 0);
        bucket.take(23, 2, 1_000_000);
        assertThat(bucket.waitMs(2, 1_000_000)).isEqualTo(500);
    }

    @Test
    void whatComesBackFillsItNoFurtherEither() {
        TokenBucket bucket = new TokenBucket();
        bucket.take(5, 2, 0);
        bucket.take(-50, 2, 0);
        bucket.take(23, 2, 0);
        assertThat(bucket.waitMs(2, 0)).isEqualTo(500);
    }

    @Test
    void itIsForgottenWhenItIsFull() {
        TokenBucket bucket = new TokenBucket();
        assertThat(bucket.isForgettable(0)).isTrue();
        bucket.take(4, 2, 0);
        assertThat(bucket.isForgettable(1999)).isFalse();
        assertThat(bucket.isForgettable(2000)).isTrue();
    }

    @Test
    void anotherRateHoldsFromThenOn() {
        TokenBucket bucket = new TokenBucket();
        bucket.take(32, 2, 0); // owes 10
        assertThat(bucket.waitMs(10, 1000))
                .as("2 came, 8 are owed at 10 a second")
                .isEqualTo(800);
    }
}
