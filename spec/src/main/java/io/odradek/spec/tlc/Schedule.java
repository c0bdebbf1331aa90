package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A run of a specification, to be taken step by step by something else: a counterexample, or a way to some action or state. Its file is
 * described in {@code tla/README.md}.
 *
 * @param name of the model or mutant
 * @param purpose what it shows: {@code violates} and properties, {@code takes} and an action, {@code reaches} and a state
 * @param backTo of a run that goes on for ever: the step, from 1, before which it begins anew
 */
record Schedule(String name, String machine, Purpose purpose, TraceRecorder.Run run, Optional<Integer> backTo) {
    /** Of a schedule. */
    record Purpose(String verb, String what) {}

    static Schedule parse(String where, String text) {
        Json json;
        try {
            json = Json.parse(text);
        } catch (Json.Malformed e) {
            throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
        }
        if (!(json instanceof Json.Members(Map<String, Json> fields))
                || !(fields.get("schedule") instanceof Json.Text(String name))
                || !(fields.get("machine") instanceof Json.Text(String machine))
                || !(fields.get("purpose") instanceof Json.Members(Map<String, Json> purpose))
                || !(fields.get("constants") instanceof Json.Members(Map<String, Json> constants))
                || !(fields.get("steps") instanceof Json.Elements(List<Json> steps))
                || purpose.size() != 1) {
            throw new IllegalArgumentException(where + ": not a schedule");
        }
        Map.Entry<String, Json> shown = purpose.entrySet().iterator().next();
        Optional<Map<String, Json>> begins = members(fields, "begins");
        return new Schedule(
                name,
                machine,
                new Purpose(shown.getKey(), shown.getValue() instanceof Json.Text(String what) ? what : ""),
                new TraceRecorder.Run(
                        constants,
                        begins,
                        members(fields, "state").orElse(Map.of()),
                        steps.stream().map(TraceStep::of).toList()),
                fields.get("backTo") instanceof Json.Whole(long step) ? Optional.of((int) step) : Optional.empty());
    }

    private static Optional<Map<String, Json>> members(Map<String, Json> fields, String name) {
        return fields.get(name) instanceof Json.Members(Map<String, Json> members)
                ? Optional.of(members)
                : Optional.empty();
    }

    /** A step a line. */
    String text() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("schedule", Json.write(new Json.Text(name)));
        fields.put("machine", Json.write(new Json.Text(machine)));
        fields.put("purpose", Json.write(new Json.Members(Map.of(purpose.verb(), new Json.Text(purpose.what())))));
        fields.put("constants", Json.write(new Json.Members(run.constants())));
        run.begins()
                .ifPresentOrElse(
                        begins -> fields.put("begins", Json.write(new Json.Members(begins))),
                        () -> fields.put("state", Json.write(new Json.Members(run.state()))));
        backTo.ifPresent(step -> fields.put("backTo", Integer.toString(step)));
        List<String> steps = new ArrayList<>();
        run.steps().forEach(step -> steps.add("    " + Json.write(step.json())));
        fields.put("steps", "[\n" + String.join(",\n", steps) + "\n  ]");
        return fields.entrySet().stream()
                .map(field -> "  \"" + field.getKey() + "\": " + field.getValue())
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }

    String fileName() {
        return name.replaceAll("[^\\w.-]+", "-")
                + (purpose.verb().equals("violates") ? "" : "." + purpose.verb() + "-" + purpose.what()) + ".json";
    }
}
