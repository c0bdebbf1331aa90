package io.odradek.spec.tlc;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A step as a trace module says it.
 *
 * @param node who took it
 * @param parameters choices that the action leaves open
 * @param after what the node has afterwards
 */
record TraceStep(String action, Json node, Map<String, Json> parameters, Map<String, Json> after) {
    static TraceStep of(Json json) {
        Map<String, Json> fields = ((Json.Members) json).members();
        return new TraceStep(
                ((Json.Text) field(fields, "action")).value(),
                field(fields, "node"),
                ((Json.Members) field(fields, "parameters")).members(),
                ((Json.Members) field(fields, "after")).members());
    }

    private static Json field(Map<String, Json> fields, String name) {
        return Objects.requireNonNull(fields.get(name), name);
    }

    /** As a machine would record it that knows everything. */
    Map<String, Json> event() {
        Map<String, Json> event = new LinkedHashMap<>();
        event.put("event", new Json.Text(action));
        event.put("node", node);
        event.putAll(fields());
        return event;
    }

    /** Where both have a field, it is one and the same. */
    Map<String, Json> fields() {
        Map<String, Json> fields = new LinkedHashMap<>(parameters);
        fields.putAll(after);
        return fields;
    }

    Json json() {
        Map<String, Json> json = new LinkedHashMap<>();
        json.put("action", new Json.Text(action));
        json.put("node", node);
        json.put("parameters", new Json.Members(parameters));
        json.put("after", new Json.Members(after));
        return new Json.Members(json);
    }
}
