package io.odradek.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark once, in this process, with the least work that it takes. */
class EveryBenchmarkRunsTest {
    /** One value of each parameter, but where they do different things. */
    private static final Map<String, String[]> ONE_OF_EACH = Map.ofEntries(
            Map.entry("shape", new String[] {"16x1KiB"}),
            Map.entry("volumeMiB", new String[] {"4"}),
            Map.entry("batches", new String[] {"160"}),
            Map.entry("partitions", new String[] {"3"}),
            Map.entry("submitters", new String[] {"2"}),
            Map.entry("crash", new String[] {"nothing-written-down", "as-killed"}),
            Map.entry("durability", new String[] {"sync"}),
            Map.entry("pairs", new String[] {"1"}),
            Map.entry("ratePerS", new String[] {"200"}),
            Map.entry("inFlight", new String[] {"5"}),
            Map.entry("appendAhead", new String[] {"131072"}),
            Map.entry("strategy", new String[] {"auto"}),
            Map.entry("fetchBytes", new String[] {"65536"}),
            Map.entry("group", new String[] {"16"}),
            Map.entry("burst", new String[] {"16"}),
            Map.entry("waitStrategy", new String[] {"block"}),
            Map.entry("codec", new String[] {"lz4"}),
            Map.entry("width", new String[] {"mixed"}));

    private Path directory = Path.of("");

    @BeforeEach
    void writeThere() throws IOException {
        // Nothing here depends on a real disk, and its syncs would only cost time.
        Path memory = Path.of("/dev/shm");
        directory = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "odradek-jmh")
                : Files.createTempDirectory("odradek-jmh");
        System.setProperty(Workplace.ROOT_PROPERTY, directory.toString());
    }

    @AfterEach
    void deleteIt() throws IOException {
        System.clearProperty(Workplace.ROOT_PROPERTY);
        Files.delete(directory);
    }

    @TestFactory
    Stream<DynamicTest> everyBenchmarkOfASuiteGivesAFigureAndLeavesNoFile() {
        JmhRun run = new JmhRun(directory, 0, 0, 1, 1, true, ONE_OF_EACH, VerboseMode.SILENT);
        return Suite.ALL.stream()
                .map(suite -> DynamicTest.dynamicTest(suite.name(), () -> {
                    Collection<RunResult> results = run.run(List.of(suite));
                    List<Figure> figures = results.stream().map(Figure::of).toList();
                    for (Measure measure : suite.measures()) {
                        Comparison comparison = new Comparison(measure, figures);
                        assertThat(measure.systems()).contains("odradek").hasSizeGreaterThan(1);
                        assertThat(comparison.missing()).isEmpty();
                        assertThat(comparison.table())
                                .hasSizeGreaterThan(measure.systems().size());
                        assertThat(figures.stream()
                                        .filter(figure -> figure.measure().equals(measure.name())))
                                .allSatisfy(figure -> {
                                    assertThat(figure.nanos()).isPositive();
                                    assertThat(measure.amount()
                                                    .apply(figure.parameters())
                                                    .operations())
                                            .isNotNegative();
                                });
                    }
                    assertThat(figures)
                            .allSatisfy(figure -> assertThat(figure.params())
                                    .allSatisfy((name, value) ->
                                            assertThat(ONE_OF_EACH.get(name)).contains(value)));
                    assertThat(directory).isEmptyDirectory();
                }));
    }
}
