package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Tells which steps a run of TLC consists of, and so what would have been recorded of it: TLC itself prints states, and names at best. */
final class TraceRecorder {
    /** Variables of the runner and of trace modules. */
    private static final Set<String> NOT_OF_THE_MACHINE = Set.of("run", "next", Check.SAID);

    private final TlcJvm jvms;
    private final TraceModule module;

    TraceRecorder(TlcJvm jvms, TraceModule module) {
        this.jvms = jvms;
        this.module = module;
    }

    /**
     * A run with all that can be known of it.
     *
     * @param constants of the machine, as they were in the run
     * @param begins what a recorded run says at its beginning; empty where no run begins so, and then there is the state
     * @param state with which it begins, as TLC prints it
     */
    record Run(
            Map<String, Json> constants,
            Optional<Map<String, Json>> begins,
            Map<String, Json> state,
            List<TraceStep> steps) {
        Run {
            steps = List.copyOf(steps);
        }

        /** As machines would record it that know everything. */
        RecordedRun recorded() {
            Map<String, Json> begin = new LinkedHashMap<>();
            begin.put("event", new Json.Text(RecordedRun.BEGIN));
            begin.put(RecordedRun.CONSTANTS, new Json.Members(constants));
            begins.ifPresentOrElse(begin::putAll, () -> begin.put(RecordedRun.STATE, new Json.Members(state)));
            List<Json.Members> events = new ArrayList<>(List.of(new Json.Members(begin)));
            steps.forEach(step -> events.add(new Json.Members(step.event())));
            return new RecordedRun(events);
        }
    }

    /**
     * @param check of which these are runs, of the machine or of a module that extends it
     * @param directory where they are written for TLC
     * @throws IllegalStateException if a run is none of the trace module, which is then wrong
     */
    List<Run> record(Check check, List<Counterexample> runs, Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        TraceFiles.write(directory, runs.stream().map(this::states).toList());
        List<String> variables = states(runs.getFirst()).variablesAtFirst();
        TlcResult result = jvms.read(following(check, variables), directory, TraceIo.Purpose.RECORD);
        if (!(result.verdict() instanceof Verdict.Holds) || !result.warnings().isEmpty()) {
            throw new IllegalStateException(result.verdict().describe() + " " + result.warnings());
        }
        Map<Integer, Map<Integer, TraceStep>> steps = new TreeMap<>();
        result.shown()
                .forEach(shown ->
                        steps.computeIfAbsent(shown.run(), _ -> new TreeMap<>()).put(shown.event(), shown.step()));
        Map<String, Json> constants = constants(check);
        List<Run> recorded = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            recorded.add(run(constants, runs.get(i), steps.getOrDefault(i + 1, Map.of())));
        }
        return recorded;
    }

    private Run run(Map<String, Json> constants, Counterexample states, Map<Integer, TraceStep> steps) {
        List<TraceStep> taken = new ArrayList<>();
        for (int n = 2; n <= states.states(); n++) {
            TraceStep step = steps.get(n);
            if (step == null) {
                throw new IllegalStateException(
                        module.name() + " has no step to state " + n + " of\n" + states.table());
            }
            taken.add(step);
        }
        return new Run(
                constants,
                Optional.ofNullable(steps.get(1)).map(TraceStep::fields),
                state(states.steps().getFirst()),
                taken);
    }

    /** Only the states, and the names that TLC knows. */
    private RecordedRun states(Counterexample run) {
        List<Json.Members> events = new ArrayList<>();
        for (Counterexample.Step step : run.steps()) {
            Map<String, Json> event = new LinkedHashMap<>();
            if (events.isEmpty()) {
                event.put("event", new Json.Text(RecordedRun.BEGIN));
            } else {
                // Two actions may come to the same state.
                name(step).ifPresent(name -> event.put("event", new Json.Text(name)));
            }
            event.put(RecordedRun.STATE, new Json.Members(state(step)));
            events.add(new Json.Members(event));
        }
        return new RecordedRun(events);
    }

    private Optional<String> name(Counterexample.Step step) {
        String name = step.state().get(Check.SAID) instanceof TlaValue.Atom(String said)
                ? TlcValues.unquoted(said)
                : step.action();
        return module.actions().contains(name) ? Optional.of(name) : Optional.empty();
    }

    private static Map<String, Json> state(Counterexample.Step step) {
        Map<String, Json> state = new LinkedHashMap<>();
        step.state().forEach((variable, value) -> {
            if (!NOT_OF_THE_MACHINE.contains(variable)) {
                state.put(variable, new Json.Text(value.toString()));
            }
        });
        return state;
    }

    private Check following(Check check, List<String> variables) {
        Map<String, String> definitions = new LinkedHashMap<>(ofTheMachine(check.definitions()));
        Map<String, String> constants = ofTheMachine(check.constants());
        module.constants().stream()
                .filter(constant -> !constants.containsKey(constant)
                        && !(constant.equals("Bugs") && check.bugs().isPresent()))
                .forEach(constant -> definitions.putIfAbsent(constant, "Given_" + constant));
        Map<String, String> operators = new LinkedHashMap<>();
        operators.put(
                "CheckedInit",
                TraceChecker.begins(variables) + " /\\ ((TraceInit /\\ TraceTaken(run, 1) # \"\") \\/ Begins)");
        operators.put(
                "CheckedNext",
                "next <= Len(Traces[run]) /\\ TraceNext"
                        + variables.stream()
                                .map(variable -> " /\\ " + variable + "' = TraceState(run, next, \"" + variable + "\")")
                                .collect(Collectors.joining())
                        + " /\\ TraceTaken(run, next) # \"\"");
        return Check.of(module.name())
                .with(it -> it.constants(constants)
                        .definitions(definitions)
                        .operators(operators)
                        .bugs(check.bugs())
                        .behaviour(new Check.Behaviour.InitNext("CheckedInit", "CheckedNext")));
    }

    private <T> Map<String, T> ofTheMachine(Map<String, T> constants) {
        Map<String, T> known = new LinkedHashMap<>(constants);
        known.keySet().retainAll(module.constants());
        return known;
    }

    /** What a recorded run says of the constants of a check. */
    private Map<String, Json> constants(Check check) {
        Map<String, Json> constants = new LinkedHashMap<>();
        ofTheMachine(ModelFile.over(check.constants(), check.definitions()))
                .forEach((name, text) -> constants.put(name, json(name, TlaValue.parse(text))));
        check.bugs()
                .filter(bugs -> !bugs.isEmpty())
                .ifPresent(bugs -> constants.put(
                        "Bugs",
                        new Json.Elements(
                                bugs.stream().<Json>map(Json.Text::new).toList())));
        return constants;
    }

    private static Json json(String constant, TlaValue value) {
        return switch (value) {
            case TlaValue.Atom(String text) when text.matches("-?\\d+") -> new Json.Whole(Long.parseLong(text));
            case TlaValue.Atom(String text)
            when text.equals("TRUE") || text.equals("FALSE") -> new Json.Truth(text.equals("TRUE"));
            case TlaValue.Atom(String text) when text.startsWith("\"") -> new Json.Text(TlcValues.unquoted(text));
            case TlaValue.Atom(String text) when text.matches("\\w+") -> new Json.Text(text);
            case TlaValue.Collection(List<TlaValue> elements) -> all(constant, elements);
            case TlaValue.Fields(Map<String, TlaValue> fields) -> {
                Map<String, Json> members = new LinkedHashMap<>();
                fields.forEach((name, field) -> members.put(name, json(constant, field)));
                yield new Json.Members(members);
            }
            case TlaValue.Atom _, TlaValue.Sequence _, TlaValue.Mapping _ ->
                throw new IllegalArgumentException("a run cannot say that the constant " + constant + " is " + value);
        };
    }

    private static Json all(String constant, List<TlaValue> elements) {
        return new Json.Elements(
                elements.stream().map(element -> json(constant, element)).toList());
    }
}
