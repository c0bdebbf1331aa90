package io.odradek.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

    private final List<Integer> grants = new ArrayList<>();
    private final MemoryBudget budget = new MemoryBudget(1000);

    @Test
    void waitersAreServedInOrderFromTheLowMarkOn() {
        assertThat(budget.tryCharge(900)).isTrue();
        assertThat(budget.chargeOrWait(200, 0, grants::add, 0)).isFalse();
        assertThat(budget.chargeOrWait(300, 0, grants::add, 0)).isFalse();
        budget.release(100);
        assertThat(grants).as("800 used, above the low mark").isEmpty();
        budget.release(100);
        assertThat(grants).as("700 used: room for the first").containsExactly(200);
        budget.release(700);
        assertThat(grants).containsExactly(200, 300);
        assertThat(budget.usedBytes()).isEqualTo(500);
    }

    @Test
    void nobodyOvertakesAWaiter() {
        assertThat(budget.tryCharge(900)).isTrue();
        assertThat(budget.chargeOrWait(200, 0, grants::add, 0)).isFalse();
        assertThat(budget.tryCharge(1)).isFalse();
        assertThat(budget.chargeOrWait(1, 0, grants::add, 0)).isFalse();
        budget.release(900);
        assertThat(grants).containsExactly(200, 1);
        assertThat(budget.tryCharge(1)).isTrue();
    }

    @Test
    void whoHasLeftIsNotServed() {
        MemoryBudget.Waiter leaver = grants::add;
        budget.charge(1000);
        assertThat(budget.chargeOrWait(10, 0, leaver, 0)).isFalse();
        assertThat(budget.cancel(leaver)).isTrue();
        assertThat(budget.cancel(leaver)).isFalse();
        budget.release(1000);
        assertThat(grants).isEmpty();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void whenEverybodyWaitsForEverybodyOneAtATimeGoesOverTheBound() {
        long late = MemoryBudget.PATIENCE_NANOS;
        budget.charge(1000);
        assertThat(budget.chargeOrWait(400, 0, grants::add, 0)).isFalse();
        assertThat(budget.chargeOrWait(500, 0, grants::add, 0)).isFalse();
        budget.relieve(late - 1);
        assertThat(grants).isEmpty();
        budget.relieve(late);
        budget.relieve(late * 2);
        assertThat(grants).as("the second waits until the first is done").containsExactly(400);
        budget.release(400);
        budget.relieve(late * 3);
        assertThat(grants).containsExactly(400, 500);
    }

    @Test
    void aRequestLargerThanTheBoundIsServedWhenNothingElseIs() {
        budget.charge(10);
        assertThat(budget.chargeOrWait(5000, 0, grants::add, 0)).isFalse();
        budget.release(10);
        assertThat(grants).containsExactly(5000);
    }

    @Test
    void whatAWaiterGivesBackForItDoesNotStandInItsWay() {
        budget.charge(600);
        budget.charge(300);
        assertThat(budget.chargeOrWait(900, 600, grants::add, 0)).isFalse();
        budget.release(200);
        assertThat(grants).as("100 are used by others").containsExactly(900);
    }

    /** Nobody comes after them: who misses the other leaves the waiter waiting for ever. */
    @Test
    void theLastReleaseAndTheFirstWaitSeeEachOther() throws InterruptedException {
        int rounds = 30_000;
        AtomicInteger round = new AtomicInteger();
        AtomicInteger granted = new AtomicInteger();
        budget.charge(1000);
        Thread asker = Thread.ofPlatform().start(() -> {
            for (int i = 1; i <= rounds; i++) {
                while (round.get() < i) {
                    Thread.onSpinWait();
                }
                if (budget.chargeOrWait(1000, 0, got -> granted.incrementAndGet(), 0)) {
                    granted.incrementAndGet();
                }
            }
        });
        for (int i = 1; i <= rounds; i++) {
            round.set(i);
            for (int spin = i % 40; spin > 0; spin--) {
                Thread.onSpinWait();
            }
            budget.release(1000);
            long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (granted.get() < i && System.nanoTime() < giveUp) {
                Thread.onSpinWait();
            }
            assertThat(granted).as("round %d", i).hasValue(i);
        }
        asker.join();
        assertThat(budget.usedBytes()).isEqualTo(1000);
    }

    @Test
    void noWakeUpIsLostBetweenThreads() throws InterruptedException {
        int threads = 6;
        int rounds = 20_000;
        AtomicLong overLimit = new AtomicLong();
        CountDownLatch done = new CountDownLatch(threads);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            for (int t = 0; t < threads; t++) {
                executor.execute(() -> {
                    for (int i = 0; i < rounds; i++) {
                        int bytes = 1 + ThreadLocalRandom.current().nextInt(400);
                        CountDownLatch granted = new CountDownLatch(1);
                        if (!budget.chargeOrWait(bytes, 0, got -> granted.countDown(), System.nanoTime())) {
                            try {
                                if (!granted.await(20, TimeUnit.SECONDS)) {
                                    return; // done is not counted down: the test fails
                                }
                            } catch (InterruptedException stop) {
                                return;
                            }
                        }
                        if (budget.usedBytes() > 1000 + threads * 400L) {
                            overLimit.incrementAndGet();
                        }
                        budget.release(bytes);
                    }
                    done.countDown();
                });
            }
            assertThat(done.await(40, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(budget.usedBytes()).isZero();
        assertThat(budget.waiting()).isZero();
        assertThat(overLimit).hasValue(0);
    }
}
