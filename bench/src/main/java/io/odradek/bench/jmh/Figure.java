package io.odradek.bench.jmh;

import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * One row of a JMH result.
 *
 * @param measure simple name of the benchmark's class
 * @param system name of its method
 * @param params by name
 * @param nanos an invocation took, or one of the operations in it, on average over all iterations
 * @param errorNanos half of JMH's 99.9 % confidence interval; not a number when there was one iteration
 * @param counters secondary results by name
 */
record Figure(
        String measure,
        String system,
        Map<String, String> params,
        double nanos,
        double errorNanos,
        Map<String, Double> counters) {
    Figure {
        params = Map.copyOf(params);
        counters = Map.copyOf(counters);
    }

    /** Of a benchmark whose modes measure time, as all of ours do. */
    static Figure of(RunResult result) {
        BenchmarkParams benchmark = result.getParams();
        String[] names = benchmark.getBenchmark().split("\\.", -1);
        Map<String, Double> counters = new TreeMap<>();
        result.getSecondaryResults().forEach((name, counter) -> counters.put(name, counter.getScore()));
        Result<?> time = result.getPrimaryResult();
        double unit = benchmark.getTimeUnit().toNanos(1);
        return new Figure(
                names[names.length - 2],
                names[names.length - 1],
                Params.of(benchmark).values(),
                time.getScore() * unit,
                time.getScoreError() * unit,
                counters);
    }

    Figure dividedBy(double operations) {
        return new Figure(measure, system, params, nanos / operations, errorNanos / operations, counters);
    }

    boolean isOurs() {
        return parameters().areOurs();
    }

    Params parameters() {
        return new Params(system, params);
    }

    /**
     * Whether the other is not ours and both did the same: one measure, and all parameters of the peer's are this one's, too. A parameter that only we have,
     * like the strategy of a sync, keeps no peer away.
     */
    boolean hasPeer(Figure other) {
        return !other.isOurs()
                && other.measure.equals(measure)
                && params.entrySet().containsAll(other.params.entrySet());
    }

    boolean matches(Map<String, String> wanted) {
        return params.entrySet().containsAll(wanted.entrySet());
    }
}
