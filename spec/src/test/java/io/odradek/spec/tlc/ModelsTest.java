package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * The models and mutants under {@code tla/}: {@code -Dodradek.tla.profile=nightly} for all of them. They run side by side, and each
 * test waits for its own.
 */
@Tag("tlc")
class ModelsTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final int SIDE_BY_SIDE = 2;
    private static final List<ModelFile> FILES = files();
    private static final Suite SUITE = new Suite(
            new TlcJvm(List.of(SPECIFICATIONS), Path.of("target", "tla", "models")),
            Optional.of(StoredTraces.of(SPECIFICATIONS, FILES)),
            SIDE_BY_SIDE);

    private static List<ModelFile> files() {
        try {
            return ModelFile.below(SPECIFICATIONS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TestFactory
    Stream<DynamicTest> everythingIsAsTheFilesSay() {
        Profile profile = Profile.named(System.getProperty("odradek.tla.profile", "ci"));
        List<Task> tasks = Plan.of(FILES, profile, Plan.Wanted.BOTH);
        assertThat(tasks).isNotEmpty();
        return SUITE.begin(tasks, Suite.Listener.NONE).stream()
                .map(begun -> DynamicTest.dynamicTest(begun.task().name(), () -> {
                    Suite.Outcome outcome = begun.outcome();
                    assertThat(outcome.isRight()).as(Report.of(outcome)).isTrue();
                }));
    }

    @AfterAll
    static void endWhatStillRuns() {
        SUITE.close();
    }
}
