package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A run as it was recorded: its beginning, and then an event for each step. Events are numbered from 1, which is the beginning, as
 * the lines of its file are.
 */
record RecordedRun(List<Json.Members> events) {
    static final String BEGIN = "Begin";
    static final String CONSTANTS = "constants";
    static final String STATE = "state";

    /** Fields that are not a module's. */
    static final Set<String> OF_EVERY_EVENT = Set.of("event", "node", CONSTANTS, STATE);

    RecordedRun {
        events = List.copyOf(events);
    }

    /** @throws IllegalArgumentException if a line is no JSON object, or there is none; its message has the file and the line */
    static RecordedRun read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + ": is not UTF-8", e);
        }
        return parse(file.toString(), lines);
    }

    static RecordedRun parse(String name, List<String> lines) {
        List<Json.Members> events = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String where = name + ":" + (i + 1) + ": ";
            Json json;
            try {
                json = Json.parse(lines.get(i));
            } catch (Json.Malformed e) {
                throw new IllegalArgumentException(where + e.getMessage(), e);
            }
            if (!(json instanceof Json.Members event)) {
                throw new IllegalArgumentException(where + "an event is an object, {\"event\": ...}");
            }
            if (i > 0
                    && !(event.members().get("event") instanceof Json.Text)
                    && !event.members().containsKey(STATE)) {
                throw new IllegalArgumentException(where + "\"event\" is missing, the name of the action");
            }
            events.add(event);
        }
        RecordedRun run = new RecordedRun(events);
        if (events.isEmpty() || !new Json.Text(BEGIN).equals(run.event(1).get("event"))) {
            throw new IllegalArgumentException(name + ":1: a run begins with {\"event\": \"" + BEGIN + "\", ...}");
        }
        for (String object : List.of(CONSTANTS, STATE)) {
            Json given = run.event(1).get(object);
            if (given != null && !(given instanceof Json.Members)) {
                throw new IllegalArgumentException(name + ":1: \"" + object + "\" wants an object");
            }
        }
        return run;
    }

    /** @param n from 1 */
    Map<String, Json> event(int n) {
        return events.get(n - 1).members();
    }

    /** What it says of the specification's constants. */
    Map<String, Json> constants() {
        return event(1).get(CONSTANTS) instanceof Json.Members(Map<String, Json> constants) ? constants : Map.of();
    }

    /** The variables whose values it begins with; empty when it begins as the specification does. */
    List<String> variablesAtFirst() {
        return event(1).get(STATE) instanceof Json.Members(Map<String, Json> state)
                ? List.copyOf(state.keySet())
                : List.of();
    }

    RecordedRun first(int count) {
        return new RecordedRun(events.subList(0, count));
    }

    RecordedRun with(int n, Map<String, Json> event) {
        List<Json.Members> changed = new ArrayList<>(events);
        changed.set(n - 1, new Json.Members(event));
        return new RecordedRun(changed);
    }

    RecordedRun without(int n) {
        List<Json.Members> changed = new ArrayList<>(events);
        changed.remove(n - 1);
        return new RecordedRun(changed);
    }

    /** Of an event and the next, the next comes first. */
    RecordedRun swapped(int n) {
        List<Json.Members> changed = new ArrayList<>(events);
        Collections.swap(changed, n - 1, n);
        return new RecordedRun(changed);
    }

    /** An event of it with one field changed. */
    RecordedRun with(int n, String field, Json value) {
        Map<String, Json> changed = new LinkedHashMap<>(event(n));
        changed.put(field, value);
        return with(n, changed);
    }

    /** What was not recorded of any event. */
    RecordedRun hiding(Set<String> fields) {
        return new RecordedRun(events.stream()
                .map(event -> {
                    Map<String, Json> left = new LinkedHashMap<>(event.members());
                    left.keySet().removeAll(fields);
                    return new Json.Members(left);
                })
                .toList());
    }

    List<String> lines() {
        return events.stream().map(Json::write).toList();
    }
}
