package io.odradek.spec.cluster;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * What a history is like. Each has a temper of its own (swarm testing: Groce et al., ISSTA 2012): what is rare together in all of them is likely in
 * some.
 *
 * @param faultGapMs between faults, on average half of it
 * @param operationGapMs between what operators ask for, on average half of it
 * @param memberGapMs between what members of the group do, on average half of it
 * @param slowPercent of messages that take long
 * @param mostSlowMs how long
 * @param mostDownMs how long a machine that went is down
 * @param operationsToCrash of the disk, until the power goes in the midst of them
 * @param metadataSyncMs what the metadata log's syncs take, at most
 */
@RecordBuilder
record Temper(
        int faultGapMs,
        int operationGapMs,
        int slowPercent,
        int mostSlowMs,
        int mostDownMs,
        int operationsToCrash,
        int metadataSyncMs,
        int replicaLagMs,
        int fetchBytes,
        int segmentMs,
        long metadataSnapshotBytes,
        long rebalanceIntervalMs,
        boolean votersChange,
        boolean calm,
        int memberGapMs)
        implements TemperBuilder.With {

    private static final int MOST_FETCH_BYTES = 100_000;
    private static final int MOST_SEGMENT_MS = 600_000;

    static Temper of(SplittableRandom random) {
        return new Temper(
                oneOf(random, 300, 1_000, 3_000),
                oneOf(random, 600, 3_000, 12_000),
                oneOf(random, 0, 5, 30),
                oneOf(random, 30, 300, 1_500),
                oneOf(random, 300, 3_000),
                oneOf(random, 5, 60, 600),
                oneOf(random, 0, 5, 30),
                oneOf(random, 1_000, 5_000),
                oneOf(random, 600, 4_000, MOST_FETCH_BYTES),
                oneOf(random, 200, 3_000, MOST_SEGMENT_MS),
                oneOf(random, 2_000, 20_000),
                oneOf(random, 0, 3_000),
                random.nextInt(3) == 0,
                random.nextInt(3) == 0,
                oneOf(random, 2_000, 6_000, 20_000));
    }

    /** Each makes one thing as mild as it can be. */
    static final List<UnaryOperator<Temper>> MILDER = List.of(
            temper -> temper.withSlowPercent(0),
            temper -> temper.withMetadataSyncMs(0),
            temper -> temper.withRebalanceIntervalMs(0),
            temper -> temper.withFetchBytes(MOST_FETCH_BYTES),
            temper -> temper.withSegmentMs(MOST_SEGMENT_MS),
            temper -> temper.withCalm(true));

    private static int oneOf(SplittableRandom random, int... values) {
        return values[random.nextInt(values.length)];
    }
}
