package io.odradek.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ComparisonTest {
    private static final Map<String, String> ONE = Map.of("partitions", "1");
    private static final Map<String, String> TEN = Map.of("partitions", "10");

    private static Figure figure(String system, Map<String, String> params, double nanos, double error) {
        return new Figure("OpenCleanly", system, params, nanos, error, Map.of());
    }

    private static Measure measure(Goal... goals) {
        return new Measure(
                OpenCleanly.class,
                "logs opened",
                "D3",
                params -> new Amount(params.number("partitions"), "logs", 1 << 20),
                Map.of(),
                List.of(goals));
    }

    @Test
    void aRowIsComparedWithTheSameParametersOnly() {
        List<String> table = new Comparison(
                        measure(),
                        List.of(
                                figure("odradek", ONE, 2e6, Double.NaN),
                                figure("odradek", TEN, 10e6, Double.NaN),
                                figure("unifiedLog", ONE, 5e6, Double.NaN),
                                figure("unifiedLog", TEN, 40e6, Double.NaN),
                                new Figure("TimeLookup", "unifiedLog", ONE, 1, 0, Map.of())))
                .table();

        assertThat(table)
                .contains("| partitions=1 | odradek | D3 | 2.00 ms | ? | 500 logs/s | 500 | unifiedLog 2.50 |")
                .contains("| partitions=10 | odradek | D3 | 1.00 ms | ? | 1000 logs/s | 100 | unifiedLog 4.00 |")
                .contains("| partitions=10 | unifiedLog | D3 | 4.00 ms | ? | 250 logs/s | 25.0 |  |")
                .noneMatch(line -> line.contains("1.00 ns"));
    }

    /** Runs of a system that waits for the disk in each append are shorter than ours. */
    @Test
    void whoDoesMoreInARunIsNotSlowerForIt() {
        Measure measure = new Measure(
                OpenCleanly.class,
                "logs opened",
                "D3",
                params -> new Amount(params.areOurs() ? 100 : 10, "logs", 0),
                Map.of(),
                List.of(new Goal.AsFast("odradek", "unifiedLog", ONE, 5)));
        Comparison comparison =
                new Comparison(measure, List.of(figure("odradek", ONE, 200, 20), figure("unifiedLog", ONE, 100, 10)));

        assertThat(comparison.table())
                .contains("| partitions=1 | odradek | D3 | 2.00 ns | 10 % | 500000000 logs/s |  | unifiedLog 5.00 (4.09"
                        + " .. 6.11) |");
        assertThat(comparison.goals()).singleElement().asString().contains("reached: 5.00 (4.09 .. 6.11)");
    }

    @Test
    void aPeerWithoutAParameterOfOursIsAPeerForEachOfItsValues() {
        Figure kafka = figure("unifiedLog", ONE, 6, 0);
        Figure fdatasync = figure("odradek", Map.of("partitions", "1", "strategy", "fdatasync"), 3, 0);
        Figure syncfs = figure("odradek", Map.of("partitions", "1", "strategy", "syncfs"), 2, 0);

        assertThat(fdatasync.hasPeer(kafka)).isTrue();
        assertThat(syncfs.hasPeer(kafka)).isTrue();
        assertThat(syncfs.hasPeer(fdatasync)).isFalse();
        assertThat(kafka.hasPeer(syncfs)).isFalse();
        assertThat(syncfs.hasPeer(figure("unifiedLog", TEN, 6, 0))).isFalse();
    }

    @Test
    void theRangeOfARatioIsWhereBothAreAsWrongAsTheirIntervalsAllow() {
        Ratio ratio = Ratio.asFastAs(figure("odradek", ONE, 10, 2), figure("unifiedLog", ONE, 30, 6));

        assertThat(ratio.value()).isEqualTo(3);
        assertThat(ratio.low()).isEqualTo(2); // 24 / 12
        assertThat(ratio.high()).isEqualTo(4.5); // 36 / 8
        assertThat(ratio).hasToString("3.00 (2.00 .. 4.50)");
    }

    @Test
    void anIntervalThatReachesNoTimeAtAllLeavesTheRatioUnbounded() {
        Ratio ratio = Ratio.asFastAs(figure("odradek", ONE, 10, 10), figure("unifiedLog", ONE, 30, 40));

        assertThat(ratio.low()).isZero();
        assertThat(ratio.high()).isInfinite();
    }

    @Test
    void aGoalIsReachedFromItsBoundOnAndMissedByWhatIsMissing() {
        Measure measure = measure(
                new Goal.AsFast("odradek", "unifiedLog", ONE, 5), new Goal.AsFast("odradek", "unifiedLog", TEN, 5));
        List<String> goals = new Comparison(
                        measure,
                        List.of(
                                figure("odradek", ONE, 2, Double.NaN),
                                figure("unifiedLog", ONE, 10, Double.NaN),
                                figure("odradek", TEN, 2, Double.NaN),
                                figure("unifiedLog", TEN, 8, Double.NaN)))
                .goals();

        assertThat(goals)
                .containsExactly(
                        "| OpenCleanly.odradek | partitions=1 | at least 5 x as fast as unifiedLog | reached: 5.00 |",
                        "| OpenCleanly.odradek | partitions=10 | at least 5 x as fast as unifiedLog |"
                                + " short: 4.00, 20 % missing |");
    }

    @Test
    void aShareOfTimeIsReachedUpToItsBound() {
        Measure measure = measure(new Goal.ShareOfTime("odradek", "unifiedLog", Map.of(), 0.2));
        List<String> goals = new Comparison(
                        measure,
                        List.of(
                                figure("odradek", ONE, 2, Double.NaN),
                                figure("unifiedLog", ONE, 10, Double.NaN),
                                figure("odradek", TEN, 3, Double.NaN),
                                figure("unifiedLog", TEN, 10, Double.NaN)))
                .goals();

        assertThat(goals)
                .containsExactly(
                        "| OpenCleanly.odradek | partitions=1 | at most 0.2 x the time of unifiedLog | reached: 0.200"
                                + " |",
                        "| OpenCleanly.odradek | partitions=10 | at most 0.2 x the time of unifiedLog |"
                                + " short: 0.300, 50 % too much |");
    }

    @Test
    void allocationIsDividedByWhatAllocated() {
        Measure measure = measure(
                new Goal.Allocates("odradek", "inRing", "measuredBatches", Map.of(), 0),
                new Goal.Allocates("odradek", "inAll", "measuredBatches", Map.of(), 200));
        Figure figure = new Figure(
                "OpenCleanly",
                "odradek",
                ONE,
                1,
                Double.NaN,
                Map.of("inRing", 800.0, "inAll", 2000.0, "measuredBatches", 10.0));

        assertThat(new Comparison(measure, List.of(figure)).goals())
                .containsExactly(
                        "| OpenCleanly.odradek | partitions=1 | inRing: at most 0 B a batch |"
                                + " short: 80.0 B, 80.0 B too much |",
                        "| OpenCleanly.odradek | partitions=1 | inAll: at most 200 B a batch | reached: 200 B |");
    }

    @Test
    void whatIsNotAboutItsOwnTimeIsComparedByWhatItCounts() {
        Measure measure =
                new Measure(OpenCleanly.class, "appends", "D3", _ -> new Amount(0, "", 0), Map.of(), List.of());
        Map<String, Double> twoRuns = Map.of("runs", 2.0, "p99Quiet", 400.0, "p99Compacting", 500.0);

        assertThat(new Comparison(
                                measure,
                                List.of(
                                        new Figure("OpenCleanly", "odradek", ONE, 5e9, Double.NaN, twoRuns),
                                        figure("unifiedLog", ONE, 9e9, Double.NaN)))
                        .table())
                .contains("| partitions=1 | odradek | D3 | | | | | p99 200 us, compacting 250 us (1.25 x) |");
    }

    @Test
    void whatFailedIsNamedAndNotPassedOver() {
        Measure measure = measure(new Goal.ShareOfTime("odradek", "unifiedLog", Map.of(), 0.2));

        Comparison half = new Comparison(measure, List.of(figure("odradek", ONE, 2, 0)));
        assertThat(half.missing()).containsExactly("OpenCleanly.unifiedLog");
        assertThat(half.goals()).singleElement().asString().contains("no figure of unifiedLog");

        Comparison nothing = new Comparison(measure, List.of());
        assertThat(nothing.missing()).containsExactly("OpenCleanly.odradek", "OpenCleanly.unifiedLog");
        assertThat(nothing.table()).isEmpty();
        assertThat(nothing.goals()).singleElement().asString().contains("no figure");
    }
}
