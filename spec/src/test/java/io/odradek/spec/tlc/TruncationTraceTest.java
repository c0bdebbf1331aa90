package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recorded runs of a truncation are told from such as cannot have happened. */
@Tag("tlc")
class TruncationTraceTest {
    private static final Map<String, String> CONSTANTS = Map.of("MaxEpoch", "3", "MaxLength", "4", "FetchSize", "4");
    private static final List<String> ACTIONS =
            List.of("BecomeFollower", "SendFetch", "AnswerFetch", "Cut", "AppendFetched", "Write");

    /** Of a hundred corrupted runs at least so many have to be rejected. */
    private static final double FLOOR = 99;

    private static final TlcJvm JVMS = new TlcJvm(List.of(Path.of("..", "tla")), Path.of("target", "tla", "traces"));

    private final TraceChecker checker = new TraceChecker(JVMS, "TruncationTrace", CONSTANTS, 120);

    @TempDir
    private Path directory;

    @Test
    void aRunWrittenByHandIsAcceptedAndTheFirstWrongEventIsNamed() throws Exception {
        List<String> run = List.of(
                "{\"event\": \"Begin\", \"leader\": [1, 1, 3], \"follower\": [1, 2, 2], \"highWatermark\": 1}",
                "{\"event\": \"BecomeFollower\", \"logEndOffset\": 3, \"highWatermark\": 1}",
                "{\"event\": \"SendFetch\", \"fetchOffset\": 3, \"lastFetchedEpoch\": 2}",
                "{\"event\": \"AnswerFetch\", \"epoch\": 1, \"endOffset\": 2}",
                "{\"event\": \"Cut\", \"logEndOffset\": 1, \"highWatermark\": 1}",
                "{\"event\": \"SendFetch\", \"fetchOffset\": 1, \"lastFetchedEpoch\": 1}",
                "{\"event\": \"AnswerFetch\", \"records\": [1, 3]}",
                "{\"event\": \"AppendFetched\", \"logEndOffset\": 3, \"lastEpoch\": 3}");
        List<String> wrong = new ArrayList<>(run);
        wrong.set(4, "{\"event\": \"Cut\", \"logEndOffset\": 2, \"highWatermark\": 1}");
        List<TraceChecker.Explained> explained = checker.explain(List.of(run, wrong), directory);
        assertThat(explained.getFirst().describe()).isEqualTo("accepted: 8 events");
        assertThat(explained.getLast().describe()).isEqualTo("event 5 of 8 cannot be explained: " + wrong.get(4));
    }

    @Test
    void runsOfTlcItselfAreAcceptedAndCorruptedOnesAreNot() throws Exception {
        List<List<String>> runs = new ArrayList<>();
        for (String none : List.of("NoneCutsTwice", "NoneWritesMeanwhile", "NoneCutsEverything")) {
            runs.add(runThatRefutes(none));
        }
        assertThat(checker.explain(runs, directory.resolve("runs"))).allMatch(TraceChecker.Explained::isAccepted);

        List<Corruptions.Corrupted> corrupted = runs.stream()
                .flatMap(run -> Corruptions.of(run, ACTIONS).stream())
                .toList();
        List<TraceChecker.Explained> explained = checker.explain(
                corrupted.stream().map(Corruptions.Corrupted::events).toList(), directory.resolve("corrupted"));
        List<String> accepted = IntStream.range(0, corrupted.size())
                .filter(i -> explained.get(i).isAccepted())
                .mapToObj(
                        i -> corrupted.get(i).what() + " in " + corrupted.get(i).events())
                .toList();
        double rejected = 100.0 * (corrupted.size() - accepted.size()) / corrupted.size();
        System.out.printf("%d runs, %d corrupted ones: %.1f %% rejected%n", runs.size(), corrupted.size(), rejected);
        assertThat(rejected).as("accepted: %s", String.join("\n", accepted)).isGreaterThanOrEqualTo(FLOOR);
    }

    private static List<String> runThatRefutes(String none) throws Exception {
        Check check = new Check(
                "TruncationRuns",
                CONSTANTS,
                Map.of(),
                Optional.of(List.of()),
                new Check.Behaviour.Formula("Spec"),
                List.of(none),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                List.of(),
                new Check.Resources(120, 1024, 1));
        Counterexample run = JVMS.run(check, TlcJvm.Progress.NONE).result().counterexample();
        assertThat(run.states()).as("states of the run that refutes %s", none).isGreaterThan(1);
        List<String> events = new ArrayList<>();
        for (Counterexample.Step step : run.steps()) {
            events.add(Json.write(new Json.Members(events.isEmpty() ? begin(step) : event(step))));
        }
        return events;
    }

    private static Map<String, Json> begin(Counterexample.Step step) {
        Map<String, Json> fields = new LinkedHashMap<>();
        fields.put("event", new Json.Text("Begin"));
        fields.put("leader", json(log(step, "leader")));
        fields.put("follower", json(log(step, "follower")));
        fields.put("highWatermark", json(variable(step, "highWatermark")));
        return fields;
    }

    private static Map<String, Json> event(Counterexample.Step step) {
        Map<String, Json> fields = new LinkedHashMap<>();
        List<TlaValue> follower = log(step, "follower").elements();
        fields.put("event", new Json.Text(step.action()));
        if (step.action().equals("SendFetch") || step.action().equals("AnswerFetch")) {
            exchange(step).forEach((field, value) -> {
                if (!field.equals("type") && !field.equals("baseOffset")) {
                    fields.put(field, json(value));
                }
            });
        }
        fields.put("logEndOffset", new Json.Whole(follower.size()));
        fields.put("lastEpoch", follower.isEmpty() ? new Json.Whole(0) : json(follower.getLast()));
        fields.put(
                "leaderEndOffset", new Json.Whole(log(step, "leader").elements().size()));
        fields.put("highWatermark", json(variable(step, "highWatermark")));
        return fields;
    }

    private static TlaValue variable(Counterexample.Step step, String name) {
        return Objects.requireNonNull(step.state().get(name), name);
    }

    private static TlaValue.Sequence log(Counterexample.Step step, String replica) {
        TlaValue.Fields logs = (TlaValue.Fields) variable(step, "log");
        return (TlaValue.Sequence) Objects.requireNonNull(logs.fields().get(replica), replica);
    }

    private static Map<String, TlaValue> exchange(Counterexample.Step step) {
        return ((TlaValue.Fields) variable(step, "exchange")).fields();
    }

    private static Json json(TlaValue value) {
        return switch (value) {
            case TlaValue.Atom(String number) -> new Json.Whole(Long.parseLong(number));
            case TlaValue.Sequence(List<TlaValue> elements) ->
                new Json.Elements(
                        elements.stream().map(TruncationTraceTest::json).toList());
            case TlaValue.Collection _, TlaValue.Fields _, TlaValue.Mapping _ ->
                throw new IllegalArgumentException("not in events: " + value);
        };
    }
}
