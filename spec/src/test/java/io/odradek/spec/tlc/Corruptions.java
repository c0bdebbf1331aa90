package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything that can be wrong with one place of a recorded run. */
final class Corruptions {
    private Corruptions() {}

    /** @param what the mistake, for who reads that it was accepted */
    record Corrupted(String what, List<String> events) {}

    static List<Corrupted> of(List<String> run, List<String> actions) {
        List<Corrupted> corrupted = new ArrayList<>();
        for (int i = 1; i < run.size(); i++) {
            Map<String, Json> event = ((Json.Members) Json.parse(run.get(i))).members();
            for (Map.Entry<String, Json> field : event.entrySet()) {
                if (field.getValue() instanceof Json.Whole(long number)) {
                    for (long wrong : new long[] {number - 1, number + 1}) {
                        corrupted.add(new Corrupted(
                                "event " + (i + 1) + ": " + field.getKey() + " is " + wrong + ", not " + number,
                                with(run, i, changed(event, field.getKey(), new Json.Whole(wrong)))));
                    }
                }
            }
            for (String action : actions) {
                Json.Text name = new Json.Text(action);
                if (!name.equals(event.get("event"))) {
                    corrupted.add(new Corrupted(
                            "event " + (i + 1) + " is called " + action, with(run, i, changed(event, "event", name))));
                }
            }
            // Without its last event a run is one that ended earlier.
            if (i < run.size() - 1) {
                List<String> dropped = new ArrayList<>(run);
                dropped.remove(i);
                corrupted.add(new Corrupted("event " + (i + 1) + " is missing", dropped));
                List<String> swapped = new ArrayList<>(run);
                swapped.set(i, run.get(i + 1));
                swapped.set(i + 1, run.get(i));
                corrupted.add(new Corrupted("events " + (i + 1) + " and " + (i + 2) + " are swapped", swapped));
            }
        }
        return corrupted;
    }

    private static String changed(Map<String, Json> event, String field, Json value) {
        Map<String, Json> changed = new LinkedHashMap<>(event);
        changed.put(field, value);
        return Json.write(new Json.Members(changed));
    }

    private static List<String> with(List<String> run, int at, String event) {
        List<String> changed = new ArrayList<>(run);
        changed.set(at, event);
        return changed;
    }
}
