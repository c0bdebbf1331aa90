package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the specification would have allowed in place of an event that cannot be explained.
 *
 * @param lines the nearest first
 */
record Nearest(List<String> lines) {
    /** So many steps of the recorded name are told. */
    private static final int STEPS_AT_MOST = 3;

    /** @param steps all that could be taken there, or as many of them as TLC tells */
    static Nearest to(Map<String, Json> event, TraceModule module, List<TraceStep> steps) {
        List<String> lines = new ArrayList<>();
        String name = event.get("event") instanceof Json.Text(String text) ? text : "";
        if (!module.actions().contains(name) && !name.equals(RecordedRun.BEGIN)) {
            lines.add(module.machine() + " has no action \"" + name + "\"; it has "
                    + String.join(", ", new TreeSet<>(module.actions())));
        }
        List<TraceStep> named =
                steps.stream().filter(step -> step.action().equals(name)).toList();
        Set<String> unknown = unknown(event, named);
        if (!unknown.isEmpty()) {
            lines.add(name + " has no field " + String.join(", ", unknown) + "; it has "
                    + String.join(", ", named.getFirst().fields().keySet()));
        }
        named.stream()
                .sorted(Comparator.comparingInt(step -> differences(event, step).size()))
                .map(step -> differing(event, step))
                .distinct()
                .limit(STEPS_AT_MOST)
                .forEach(lines::add);
        if (named.isEmpty() && module.actions().contains(name)) {
            lines.add(name + " could not be taken there, by any node");
        }
        if (steps.size() >= TraceIo.NEAREST_AT_MOST) {
            lines.add("more steps than " + TraceIo.NEAREST_AT_MOST + " could be taken there; of these:");
        }
        lines.addAll(others(event, steps));
        return new Nearest(lines);
    }

    private static Set<String> unknown(Map<String, Json> event, List<TraceStep> named) {
        Set<String> unknown = new TreeSet<>(event.keySet());
        unknown.removeAll(RecordedRun.OF_EVERY_EVENT);
        named.forEach(step -> unknown.removeAll(step.fields().keySet()));
        return named.isEmpty() ? Set.of() : unknown;
    }

    /** Fields by name: what was recorded differs from what the step has. The node is one of them. */
    private static Set<String> differences(Map<String, Json> event, TraceStep step) {
        Map<String, Json> allowed = step.event();
        Set<String> differing = new LinkedHashSet<>();
        event.forEach((field, recorded) -> {
            Json value = allowed.get(field);
            if (value != null
                    && !recorded.equals(value)
                    && !TlcValues.sorted(recorded).equals(value)) {
                differing.add(field);
            }
        });
        return differing;
    }

    private static String differing(Map<String, Json> event, TraceStep step) {
        Map<String, Json> allowed = step.event();
        String with = differences(event, step).stream()
                .map(field -> field + " " + Json.write(Objects.requireNonNull(allowed.get(field))) + ", not "
                        + Json.write(Objects.requireNonNull(event.get(field))))
                .collect(Collectors.joining("; "));
        return with.isEmpty()
                ? step.action() + " could be taken as it was recorded, but for what it has too much"
                : step.action() + " could be taken with " + with;
    }

    /** By node, that of the event first. */
    private static List<String> others(Map<String, Json> event, List<TraceStep> steps) {
        Map<String, Set<String>> byNode = new TreeMap<>();
        steps.stream()
                .filter(step -> !new Json.Text(step.action()).equals(event.get("event")))
                .forEach(step -> byNode.computeIfAbsent(Json.write(step.node()), _ -> new TreeSet<>())
                        .add(step.action()));
        String own = event.containsKey("node") ? Json.write(Objects.requireNonNull(event.get("node"))) : "";
        List<String> others = new ArrayList<>();
        byNode.entrySet().stream()
                .sorted(Comparator.comparing(entry -> !entry.getKey().equals(own)))
                .forEach(entry ->
                        others.add(entry.getKey() + " could have taken " + String.join(", ", entry.getValue())));
        return steps.isEmpty() ? List.of("nothing could be done there") : others;
    }

    String describe() {
        return String.join("\n", lines);
    }
}
