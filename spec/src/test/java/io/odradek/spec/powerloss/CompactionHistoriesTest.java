package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Long histories of a compacted log, drawn by seed: several lives, each ended by a clean stop, a kill or a power loss at any
 * operation of the disk, recovery included. {@code -Dodradek.seeds=N} tries more, {@code -Dodradek.seed=S} one of them.
 */
@ExtendWith(QuietEngine.class)
class CompactionHistoriesTest {
    private static final int SEEDS = 1500;
    private static final int LIVES = 5;

    private long passes;
    private long crashes;

    @Test
    void everyKeyKeepsItsLastValueThroughAnyHistory() {
        Long single = Long.getLong("odradek.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.seeds", SEEDS) : 1;
        for (long seed = first; seed < first + count; seed++) {
            try {
                live(seed);
            } catch (Exception | AssertionError failure) {
                throw new AssertionError(
                        "seed " + seed + " fails; replay it with: ./odradek test -pl spec -am"
                                + " -Dtest=CompactionHistoriesTest -Dsurefire.failIfNoSpecifiedTests=false"
                                + " -Dodradek.seed=" + seed,
                        failure);
            }
        }
        System.out.printf("compaction: %d histories, %d passes, %d crashes%n", count, passes, crashes);
        assertThat(passes).isGreaterThan(count);
    }

    private void live(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        CompactedLife life = new CompactedLife(new SimulatedFileStore(seed), seed % 2 == 0 ? 0 : 12);
        life.open();
        for (int lives = 0; lives < LIVES; lives++) {
            if (random.nextInt(4) > 0) {
                life.store.crashAtOperation(life.store.operations() + 1 + random.nextInt(250));
            }
            try {
                for (int steps = random.nextInt(90); steps > 0; steps--) {
                    step(life, random);
                }
                if (random.nextBoolean()) {
                    life.close();
                }
            } catch (SimulatedCrash crash) {
                crashes++;
            }
            goOn(life, random, "seed " + seed + ", life " + lives);
        }
    }

    private void step(CompactedLife life, SplittableRandom random) throws IOException {
        int drawn = random.nextInt(100);
        if (drawn < 65) {
            String value = random.nextInt(7) == 0 ? null : "value " + random.nextInt(1000);
            life.put("k" + random.nextInt(9), value);
        } else if (drawn < 76) {
            life.sync();
        } else if (drawn < 86) {
            passes += life.compact() ? 1 : 0;
        } else if (drawn < 89) {
            life.directory().checkpointRecoveryPoints();
        } else if (drawn < 92) {
            long loose = life.end() - life.stableOffset;
            if (loose > 0) {
                life.cut(1 + random.nextInt((int) Math.min(loose, 12)));
            }
        } else if (drawn < 96) {
            life.directory().deletePending(random.nextInt(10));
        } else {
            life.nowMs += random.nextInt(1500);
            life.drain();
        }
    }

    /** Until a recovery gets through: the power may fail in that, too. */
    private void goOn(CompactedLife life, SplittableRandom random, String where) throws IOException {
        SimulatedFileStore found = next(life.store, random);
        for (int attempt = 0; ; attempt++) {
            if (attempt < 3 && random.nextInt(3) == 0) {
                found.crashAtOperation(1 + random.nextInt(30));
            }
            try {
                life.recover(found, where);
                return;
            } catch (SimulatedCrash crash) {
                crashes++;
                found = next(found, random);
            }
        }
    }

    private static SimulatedFileStore next(SimulatedFileStore ended, SplittableRandom random) {
        return random.nextInt(3) == 0 ? ended.afterKill() : ended.afterCrash(random.nextLong());
    }
}
