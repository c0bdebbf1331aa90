package io.odradek.bench.jmh;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs suites under JMH.
 *
 * @param directory on the disk that is measured
 * @param forks 0: in this process, for tests; null: what each benchmark asks for, as with the next three
 * @param iterationMs length of an iteration that is not a run of fixed work
 * @param brief with {@link Measure#brief}
 * @param params by name, instead of the benchmarks' own; a name that a measure does not have is passed over there
 */
record JmhRun(
        Path directory,
        @Nullable Integer forks,
        @Nullable Integer warmUps,
        @Nullable Integer iterations,
        @Nullable Integer iterationMs,
        boolean brief,
        Map<String, String[]> params,
        VerboseMode verbosity) {

    /**
     * The same heap for every system, large enough that the collector has little to do, and touched before: else the first use of
     * each page would be a fault in what is timed. And what Chronicle Queue and Aeron need to reach into the JDK 25.
     */
    private static final List<String> JVM = List.of(
            "-Xms1g",
            "-Xmx1g",
            "-XX:+UseG1GC",
            "-XX:+AlwaysPreTouch",
            "-XX:MaxDirectMemorySize=2g",
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
            "-Dlogback.configurationFile=logback-jmh.xml",
            "-Dchronicle.disk.monitor.disable=true",
            "-Dchronicle.announcer.disable=true");

    /** One suite after the other; each benchmark in JVMs of its own that have this one's class path. */
    Collection<RunResult> run(List<Suite> suites) throws RunnerException {
        List<RunResult> results = new ArrayList<>();
        for (Suite suite : suites) {
            for (Measure measure : suite.measures()) {
                results.addAll(run(suite, measure));
            }
        }
        return results;
    }

    private Collection<RunResult> run(Suite suite, Measure measure) throws RunnerException {
        List<String> jvm = new ArrayList<>(JVM);
        jvm.add("-D" + Workplace.ROOT_PROPERTY + "=" + directory);
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(measure.type().getName()) + "\\.")
                .jvmArgsAppend(jvm.toArray(String[]::new))
                .verbosity(verbosity)
                .shouldFailOnError(false); // a peer that fails does not keep the others from being measured
        if (suite.countsAllocation()) {
            options.addProfiler(GCProfiler.class);
        }
        if (brief) {
            measure.brief().forEach((name, value) -> {
                if (!params.containsKey(name)) { // JMH would run both
                    options.param(name, value);
                }
            });
        }
        params.forEach(options::param);
        if (forks != null) {
            options.forks(forks);
        }
        if (warmUps != null) {
            options.warmupIterations(warmUps);
        }
        if (iterations != null) {
            options.measurementIterations(iterations);
        }
        if (iterationMs != null) {
            options.warmupTime(TimeValue.milliseconds(iterationMs))
                    .measurementTime(TimeValue.milliseconds(iterationMs));
        }
        return new Runner(options.build()).run();
    }
}
