package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs written by hand, in {@code src/test/resources/traces}: short histories, in which nodes tell as little as they would. Those called
 * accepted are explained. Those called rejected are not, and a text beside each has what is said of it: the first event that cannot be
 * explained, and what was possible there.
 */
@Tag("tlc")
class HandMadeRunsTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final Path RUNS = Path.of("src", "test", "resources", "traces");
    private static final TlcJvm JVMS = new TlcJvm(List.of(SPECIFICATIONS), Path.of("target", "tla", "traces"));

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void whatIsSaidOfThemIsWhatIsWrittenBesideThem(RecordedMachine machine) throws Exception {
        List<Path> files = files(RUNS.resolve(machine.module()));
        List<RecordedRun> runs = new ArrayList<>();
        for (Path file : files) {
            runs.add(RecordedRun.read(file));
        }
        TraceChecker checker = new TraceChecker(JVMS, TraceModule.named(SPECIFICATIONS, machine.module()), 120);
        List<TraceChecker.Explained> explained = checker.explain(runs, directory.resolve("runs"));
        List<TraceChecker.Explained> rejected =
                explained.stream().filter(one -> !one.isAccepted()).toList();
        List<Nearest> nearest = checker.nearest(rejected, directory.resolve("nearest"));
        assertThat(rejected).isNotEmpty();
        assertThat(rejected.size()).isLessThan(runs.size());
        for (int i = 0; i < files.size(); i++) {
            TraceChecker.Explained one = explained.get(i);
            String said = one.isAccepted()
                    ? one.describe()
                    : one.describe() + "\n" + nearest.get(rejected.indexOf(one)).describe() + "\n";
            assertThat(said).as(files.get(i).toString()).isEqualTo(expected(files.get(i), runs.get(i)));
        }
    }

    private static String expected(Path file, RecordedRun run) throws Exception {
        String name = file.getFileName().toString();
        return name.startsWith("accepted")
                ? "accepted: " + run.events().size() + " events"
                : Files.readString(file.resolveSibling(name.replace(".ndjson", ".txt")));
    }

    private static List<Path> files(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".ndjson"))
                    .sorted()
                    .toList();
        }
    }
}
