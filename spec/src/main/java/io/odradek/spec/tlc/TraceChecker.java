package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Asks TLC whether recorded runs are behaviours of a specification, any number of runs at once. */
final class TraceChecker {
    private final TlcJvm jvms;
    private final TraceModule module;
    private final int limitSeconds;

    TraceChecker(TlcJvm jvms, TraceModule module, int limitSeconds) {
        this.jvms = jvms;
        this.module = module;
        this.limitSeconds = limitSeconds;
    }

    /** @param explained how many of the events are steps of the specification, one after the other */
    record Explained(RecordedRun run, int explained) {
        boolean isAccepted() {
            return explained == run.events().size();
        }

        String describe() {
            return isAccepted()
                    ? "accepted: " + explained + " events"
                    : "event " + (explained + 1) + " of " + run.events().size() + " cannot be explained: "
                            + Json.write(new Json.Members(run.event(explained + 1)));
        }
    }

    /**
     * @param directory where they are written for TLC
     * @throws IllegalStateException if TLC could not look at them to the end
     * @throws IllegalArgumentException for constants that the machine has not
     */
    List<Explained> explain(List<RecordedRun> runs, Path directory) throws IOException, InterruptedException {
        Map<Integer, Integer> explained = new LinkedHashMap<>();
        read(runs, directory, TraceIo.Purpose.EXPLAIN, (number, result) -> explained.putAll(of(number, result)));
        return IntStream.range(0, runs.size())
                .mapToObj(i -> new Explained(runs.get(i), explained.getOrDefault(i, 0)))
                .toList();
    }

    private static Map<Integer, Integer> of(List<Integer> numbers, TlcResult result) {
        return result.explained().entrySet().stream()
                .collect(Collectors.toMap(entry -> numbers.get(entry.getKey() - 1), Map.Entry::getValue));
    }

    /** What could have been in place of the first event that cannot be explained, for each of these runs, none of which is accepted. */
    List<Nearest> nearest(List<Explained> rejected, Path directory) throws IOException, InterruptedException {
        List<RecordedRun> upToThere = rejected.stream()
                .map(one -> one.run().first(one.explained() + 1))
                .toList();
        Map<Integer, List<TraceStep>> steps = new LinkedHashMap<>();
        read(
                upToThere,
                directory,
                TraceIo.Purpose.NEAREST,
                (numbers, result) -> result.shown()
                        .forEach(shown -> steps.computeIfAbsent(numbers.get(shown.run() - 1), _ -> new ArrayList<>())
                                .add(shown.step())));
        return IntStream.range(0, rejected.size())
                .mapToObj(i -> Nearest.to(
                        rejected.get(i).run().event(rejected.get(i).explained() + 1),
                        module,
                        steps.getOrDefault(i, List.of())))
                .toList();
    }

    private interface Results {
        /** @param numbers of the runs, in the order in which TLC has them */
        void of(List<Integer> numbers, TlcResult result);
    }

    /** What runs are looked at together: those that agree on the constants, and on how they begin. */
    private record Beginning(Map<String, Json> constants, List<String> variables) {}

    private void read(List<RecordedRun> runs, Path directory, TraceIo.Purpose purpose, Results results)
            throws IOException, InterruptedException {
        Map<Beginning, List<Integer>> together = IntStream.range(0, runs.size())
                .boxed()
                .collect(Collectors.groupingBy(
                        i -> new Beginning(runs.get(i).constants(), runs.get(i).variablesAtFirst()),
                        LinkedHashMap::new,
                        Collectors.toList()));
        int number = 0;
        for (Map.Entry<Beginning, List<Integer>> group : together.entrySet()) {
            Path files = Files.createDirectories(directory.resolve(Integer.toString(number++)));
            TraceFiles.write(files, group.getValue().stream().map(runs::get).toList());
            TlcResult result = jvms.read(check(group.getKey()), files, purpose);
            if (!(result.verdict() instanceof Verdict.Holds)
                    || !result.warnings().isEmpty()) {
                throw new IllegalStateException(result.verdict().describe() + " " + result.warnings());
            }
            results.of(group.getValue(), result);
        }
    }

    private Check check(Beginning beginning) {
        beginning.constants().keySet().forEach(constant -> {
            if (!module.constants().contains(constant)) {
                throw new IllegalArgumentException("\"" + constant + "\" is no constant of " + module.machine()
                        + ", which has " + String.join(", ", module.constants()));
            }
        });
        Map<String, String> names = new TreeMap<>(module.names());
        names.replaceAll((constant, otherwise) ->
                beginning.constants().get(constant) instanceof Json.Text(String given) ? given : otherwise);
        Check all = Check.of(module.name())
                .with(it -> it.constants(names)
                        .definitions(module.constants().stream()
                                .filter(constant -> !names.containsKey(constant))
                                .collect(Collectors.toMap(constant -> constant, constant -> "Given_" + constant)))
                        .bugs(Optional.empty())
                        .behaviour(new Check.Behaviour.Formula("TraceSpec"))
                        .invariants(List.of("Matched"))
                        .resources(new Check.Resources(limitSeconds, 1024, 1)));
        return beginning.variables().isEmpty()
                ? all
                : all.with(it -> it.operators(Map.of("CheckedInit", begins(beginning.variables())))
                        .behaviour(new Check.Behaviour.InitNext("CheckedInit", "TraceNext")));
    }

    /** The first state is the one that was recorded. */
    static String begins(List<String> variables) {
        return "Begins"
                + variables.stream()
                        .map(variable -> " /\\ " + variable + " = TraceState(run, 1, \"" + variable + "\")")
                        .collect(Collectors.joining());
    }
}
