package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What became of one part of a state.
 *
 * @param part as one would write it in TLA+: {@code log[r1]}, {@code net[r2].off}
 * @param what {@code 1 -> 2}, or what was appended or cut
 */
record Change(String part, String what) {

    /** The smallest parts that differ. */
    static List<Change> between(Map<String, TlaValue> before, Map<String, TlaValue> after) {
        List<Change> changes = new ArrayList<>();
        after.forEach((variable, value) -> {
            TlaValue old = before.get(variable);
            if (old == null) {
                first(variable, value, changes);
            } else {
                compare(variable, old, value, changes);
            }
        });
        return changes;
    }

    /** A function as one value where it has but one; else what differs has a row of its own. */
    private static void first(String part, TlaValue value, List<Change> changes) {
        if (value instanceof TlaValue.Mapping(var entries) && !isEvery(entries)) {
            entries.forEach((key, at) -> first(part + "[" + key + "]", at, changes));
        } else {
            changes.add(new Change(part, every(value)));
        }
    }

    private static boolean isEvery(Map<TlaValue, TlaValue> entries) {
        return entries.values().stream().distinct().count() == 1;
    }

    private static String every(TlaValue value) {
        if (value instanceof TlaValue.Mapping(var entries) && isEvery(entries)) {
            return "each " + every(entries.values().iterator().next());
        }
        // TLC prints a function of strings as a record. One of plain values is short.
        if (value instanceof TlaValue.Fields(var fields)
                && fields.values().stream().distinct().count() == 1
                && fields.values().stream().noneMatch(TlaValue.Atom.class::isInstance)) {
            return "each " + every(fields.values().iterator().next());
        }
        return value.toString();
    }

    private static void compare(String part, TlaValue before, TlaValue after, List<Change> changes) {
        if (before.equals(after)) {
            return;
        }
        if (before instanceof TlaValue.Mapping(var old)
                && after instanceof TlaValue.Mapping(var now)
                && old.keySet().equals(now.keySet())) {
            now.forEach((key, value) ->
                    compare(part + "[" + key + "]", Objects.requireNonNull(old.get(key)), value, changes));
        } else if (before instanceof TlaValue.Fields(var old)
                && after instanceof TlaValue.Fields(var now)
                && old.keySet().equals(now.keySet())) {
            now.forEach(
                    (key, value) -> compare(part + "." + key, Objects.requireNonNull(old.get(key)), value, changes));
        } else if (before instanceof TlaValue.Sequence(var old) && after instanceof TlaValue.Sequence(var now)) {
            sequences(part, old, now, changes);
        } else if (before instanceof TlaValue.Collection(var old) && after instanceof TlaValue.Collection(var now)) {
            changes.add(new Change(part, sets(old, now)));
        } else if (before instanceof TlaValue.Atom && after instanceof TlaValue.Atom) {
            changes.add(new Change(part, before + " -> " + after));
        } else {
            // Of another shape than before, as a message that follows another: what it was stands further up.
            changes.add(new Change(part, "now " + after));
        }
    }

    private static void sequences(String part, List<TlaValue> old, List<TlaValue> now, List<Change> changes) {
        if (old.size() == now.size()) {
            for (int i = 0; i < old.size(); i++) {
                compare(part + "[" + (i + 1) + "]", old.get(i), now.get(i), changes);
            }
            return;
        }
        int same = 0;
        while (same < old.size() && same < now.size() && old.get(same).equals(now.get(same))) {
            same++;
        }
        List<TlaValue> gone = old.subList(same, old.size());
        List<TlaValue> added = now.subList(same, now.size());
        if (gone.isEmpty()) {
            changes.add(new Change(part, "appended " + listed(added)));
        } else if (added.isEmpty()) {
            changes.add(new Change(part, "cut to " + same + ", lost " + listed(gone)));
        } else {
            changes.add(new Change(part, new TlaValue.Sequence(old) + " -> " + new TlaValue.Sequence(now)));
        }
    }

    private static String sets(List<TlaValue> old, List<TlaValue> now) {
        List<TlaValue> gone = new ArrayList<>(old);
        gone.removeAll(now);
        List<TlaValue> added = new ArrayList<>(now);
        added.removeAll(old);
        if (gone.isEmpty()) {
            return "added " + listed(added);
        }
        if (added.isEmpty()) {
            return "removed " + listed(gone);
        }
        return new TlaValue.Collection(old) + " -> " + new TlaValue.Collection(now);
    }

    private static String listed(List<TlaValue> values) {
        return String.join(", ", values.stream().map(TlaValue::toString).toList());
    }
}
