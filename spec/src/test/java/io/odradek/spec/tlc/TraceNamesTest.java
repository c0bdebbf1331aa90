package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.tlc.SanyModules.Explanation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An event is called as the action is that it is a step of, and every action has an event. */
class TraceNamesTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");

    @TempDir
    private Path modules;

    @BeforeEach
    void layOut() throws Exception {
        SanyModules.layOut(SPECIFICATIONS, modules);
    }

    static Stream<TraceModule> traceModules() throws Exception {
        return TraceModule.all(SPECIFICATIONS).stream();
    }

    @Test
    void everyMachineOfTheReplicationHasATraceModule() throws Exception {
        assertThat(traceModules().map(TraceModule::machine))
                .contains("Controller", "IdempotentProducer", "Isr", "Quorum", "Truncation");
    }

    @ParameterizedTest
    @MethodSource("traceModules")
    void eventsAreCalledAsActionsAre(TraceModule module) {
        assertThat(misnamed(module)).isEmpty();
        assertThat(named(module)).isEqualTo(actions(module)).isEqualTo(module.actions());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            value = {
                "Is(\"Write\", r) > Is(\"Wrote\", r)",
                "Shows(\"Write\", r > Shows(\"Sync\", r",
                "/\\ Write(r) > /\\ Sync(r)",
                "Is(\"TakeDivergence\", r) > Is(\"TakeDivergnce\", r)"
            })
    void aMisspeltNameIsNoticed(String right, String wrong) throws Exception {
        TraceModule module = TraceModule.named(SPECIFICATIONS, "Isr");
        plant(module, right, wrong);
        assertThat(misnamed(module)).hasSize(1);
    }

    @Test
    void anActionWithoutAnEventIsNoticed() throws Exception {
        TraceModule module = TraceModule.named(SPECIFICATIONS, "Truncation");
        plant(
                module,
                "  \\/ Is(\"Cut\", \"follower\")            /\\ Cut            /\\ Shows(\"Cut\", \"follower\","
                        + " NoChoice, Follower)\n",
                "");
        assertThat(misnamed(module)).isEmpty();
        assertThat(named(module)).isNotEqualTo(actions(module));
    }

    private void plant(TraceModule module, String right, String wrong) throws Exception {
        Path file = modules.resolve(module.name() + ".tla");
        String text = Files.readString(file);
        assertThat(text).containsOnlyOnce(right);
        Files.writeString(file, text.replace(right, wrong));
    }

    private List<Explanation> misnamed(TraceModule module) {
        return SanyModules.read(modules, module.name()).explanations(module.machine()).stream()
                .filter(explanation -> !explanation.isOfOneName())
                .toList();
    }

    private Set<String> named(TraceModule module) {
        Set<String> named = new TreeSet<>();
        SanyModules.read(modules, module.name())
                .explanations(module.machine())
                .forEach(explanation -> named.addAll(explanation.is()));
        return named;
    }

    private Set<String> actions(TraceModule module) {
        return SanyModules.read(modules, module.machine()).actions();
    }
}
