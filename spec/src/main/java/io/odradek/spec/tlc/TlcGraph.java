package io.odradek.spec.tlc;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Every state that a specification can come to, and every step between them, as TLC found them. What is the same value is the same text:
 * {@link CanonicalText}.
 *
 * @param actions the names of all that there are, taken or not
 * @param states by number, each the text of its variables
 * @param initial numbers of states
 */
record TlcGraph(
        Set<String> actions, List<String> variables, List<List<String>> states, Set<Integer> initial, Set<Step> steps) {

    /** @param action with its parameters, as far as TLC chose them before it looked at a state */
    record Step(int from, String action, int to) {
        String name() {
            int parameters = action.indexOf('(');
            return parameters < 0 ? action : action.substring(0, parameters);
        }

        boolean hasParameters() {
            return action.contains("(");
        }
    }

    /** What {@link GraphWriter} wrote. */
    static TlcGraph read(Path file) throws IOException {
        Set<String> actions = new HashSet<>();
        Map<String, Integer> numbers = new HashMap<>();
        List<List<String>> states = new ArrayList<>();
        Set<Integer> initial = new HashSet<>();
        Set<Step> steps = new HashSet<>();
        List<String> variables = List.of();
        List<String> texts = new ArrayList<>();
        Map<String, String> labels = new HashMap<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            String line;
            while ((line = lines.readLine()) != null) {
                List<String> parts = List.of(line.split("\t", -1));
                switch (parts.getFirst()) {
                    case GraphWriter.VARIABLES -> variables = parts.subList(1, parts.size());
                    case GraphWriter.ACTION -> actions.add(parts.get(1));
                    case GraphWriter.TEXT -> texts.add(parts.get(1));
                    case GraphWriter.STATE -> {
                        numbers.put(parts.get(1), states.size());
                        states.add(parts.subList(2, parts.size()).stream()
                                .map(Integer::parseInt)
                                .map(texts::get)
                                .toList());
                    }
                    case GraphWriter.INITIAL -> initial.add(number(numbers, parts.get(1)));
                    case GraphWriter.STEP ->
                        steps.add(new Step(
                                number(numbers, parts.get(1)),
                                labels.computeIfAbsent(parts.get(2), it -> it),
                                number(numbers, parts.get(3))));
                    default -> throw new IllegalArgumentException("not a line of a graph: " + line);
                }
            }
        }
        return new TlcGraph(actions, variables, states, initial, steps);
    }

    private static int number(Map<String, Integer> numbers, String fingerprint) {
        return Objects.requireNonNull(numbers.get(fingerprint), fingerprint);
    }
}
