package io.odradek.engine.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.io.GroupSync.Strategy;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which way to sync is taken, on disks that each favour another way, with costs that scatter as real ones do. */
class SyncCostsTest {
    private static final int GROUPS = 20_000;
    private static final int MOST_FILES = 200;
    private static final int SMALL_BYTES = 200;
    private static final int LARGE_BYTES = 20_000;
    private static final double LATER_NANOS_PER_BYTE = 2;

    /** What a group takes in truth. */
    private record Disk(
            double perFile, double syncfs, double syncfsPerFile, double journal, double journalPerByte, double spread) {

        double nanos(Strategy strategy, Group group) {
            return switch (strategy) {
                case FDATASYNC -> perFile * group.files();
                case SYNCFS -> syncfs + syncfsPerFile * group.files();
                case JOURNAL -> journal + (journalPerByte + LATER_NANOS_PER_BYTE) * group.bytes();
                case AUTO -> throw new AssertionError();
            };
        }

        double cheapest(Group group) {
            return Math.min(
                    nanos(Strategy.FDATASYNC, group),
                    Math.min(nanos(Strategy.SYNCFS, group), nanos(Strategy.JOURNAL, group)));
        }

        long measured(Strategy strategy, Group group, Random random) {
            // What comes later for a journal is not part of what is measured now.
            double later = strategy == Strategy.JOURNAL ? LATER_NANOS_PER_BYTE * group.bytes() : 0;
            return (long) ((nanos(strategy, group) - later) * (1 + spread * (random.nextDouble() - 0.5)));
        }
    }

    private record Group(int files, long bytes) {
        static Group drawn(Random random) {
            int files = 2 + random.nextInt(1 << random.nextInt(8)) % MOST_FILES;
            return new Group(files, (long) files * (random.nextBoolean() ? SMALL_BYTES : LARGE_BYTES));
        }
    }

    private static Disk favouring(Strategy strategy, Random random) {
        double spread = random.nextDouble();
        return switch (strategy) {
            case FDATASYNC -> new Disk(5_000, 4_000_000, 30_000, 2_500_000, 1, spread);
            case SYNCFS -> new Disk(200_000, 100_000, 500, 3_000_000, 1, spread);
            case JOURNAL -> new Disk(400_000, 50_000_000, 30_000, 60_000, 1, spread);
            case AUTO -> new Disk(50_000, 1_500_000, 45_000, 200_000, 1, spread); // each has groups that it is best for
        };
    }

    /** Returns what was paid too much, as a part of the least possible. */
    private static double run(SyncCosts costs, Disk disk, Random random, int groups, Map<Strategy, Integer> taken) {
        double paid = 0;
        double least = 0;
        for (int i = 0; i < groups; i++) {
            Group group = Group.drawn(random);
            SyncCosts.Choice choice = costs.choose(group.files(), true, group.bytes(), LATER_NANOS_PER_BYTE);
            costs.measured(choice, group.files(), group.bytes(), disk.measured(choice.strategy(), group, random));
            taken.merge(choice.strategy(), 1, Integer::sum);
            paid += disk.nanos(choice.strategy(), group);
            least += disk.cheapest(group);
        }
        return paid / least - 1;
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void whatIsPaidTooMuchStaysSmall(Strategy cheapest) {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Disk disk = favouring(cheapest, random);
            Map<Strategy, Integer> taken = new EnumMap<>(Strategy.class);
            double tooMuch = run(new SyncCosts(), disk, random, GROUPS, taken);
            assertThat(tooMuch)
                    .as("too much, of the least possible; seed %d, %s, taken %s", seed, disk, taken)
                    .isLessThan(0.1);
            if (cheapest != Strategy.AUTO) {
                assertThat(taken.get(cheapest))
                        .as("of %s, seed %d", taken, seed)
                        .isGreaterThan(GROUPS * 8 / 10);
            }
        }
    }

    /** A neighbour stops writing, or begins to. What has lost clearly, again and again, is tried each 65,536th group of a class. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aDiskThatChangesIsNoticed(long seed) {
        Random random = new Random(seed);
        SyncCosts costs = new SyncCosts();
        for (Strategy now : new Strategy[] {Strategy.FDATASYNC, Strategy.JOURNAL, Strategy.SYNCFS, Strategy.JOURNAL}) {
            Disk disk = favouring(now, random);
            run(costs, disk, random, 100 * GROUPS, new EnumMap<>(Strategy.class)); // time to find out
            Map<Strategy, Integer> taken = new EnumMap<>(Strategy.class);
            run(costs, disk, random, GROUPS, taken);
            assertThat(taken.getOrDefault(now, 0))
                    .as("%s favours %s, taken %s, seed %d", disk, now, taken, seed)
                    .isGreaterThan(GROUPS / 2);
        }
    }
}
