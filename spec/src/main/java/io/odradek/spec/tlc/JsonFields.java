package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** The fields of a JSON object, each to be asked for: one that nobody asked for is a misspelt one. */
final class JsonFields {
    private final String where;
    private final Map<String, Json> fields;
    private final Set<String> notAskedFor;

    JsonFields(String where, Json value) {
        if (!(value instanceof Json.Members(Map<String, Json> members))) {
            throw new IllegalArgumentException(where + ": an object expected");
        }
        this.where = where;
        fields = members;
        notAskedFor = new LinkedHashSet<>(members.keySet());
    }

    void expectNoOthers() {
        if (!notAskedFor.isEmpty()) {
            throw wrong("no such key: " + String.join(", ", notAskedFor));
        }
    }

    boolean has(String key) {
        return fields.containsKey(key);
    }

    String text(String key) {
        return optionalText(key).orElseThrow(() -> wrong("\"" + key + "\" is missing"));
    }

    Optional<String> optionalText(String key) {
        return get(key).map(value -> switch (value) {
            case Json.Text(String text) -> text;
            case Json.Members _, Json.Elements _, Json.Whole _, Json.Truth _, Json.Nothing _ ->
                throw wrong("\"" + key + "\" wants a string");
        });
    }

    OptionalLong whole(String key) {
        return get(key).map(value -> switch (value) {
                    case Json.Whole(long number) -> OptionalLong.of(number);
                    case Json.Members _, Json.Elements _, Json.Text _, Json.Truth _, Json.Nothing _ ->
                        throw wrong("\"" + key + "\" wants a number");
                })
                .orElse(OptionalLong.empty());
    }

    OptionalInt smallWhole(String key) {
        OptionalLong value = whole(key);
        return value.isPresent() ? OptionalInt.of(Math.toIntExact(value.getAsLong())) : OptionalInt.empty();
    }

    boolean truth(String key, boolean otherwise) {
        return get(key).map(value -> switch (value) {
                    case Json.Truth(boolean truth) -> truth;
                    case Json.Members _, Json.Elements _, Json.Text _, Json.Whole _, Json.Nothing _ ->
                        throw wrong("\"" + key + "\" wants true or false");
                })
                .orElse(otherwise);
    }

    Optional<List<String>> texts(String key) {
        return get(key).map(value -> {
            if (!(value instanceof Json.Elements(List<Json> elements))) {
                throw wrong("\"" + key + "\" wants an array");
            }
            List<String> texts = new ArrayList<>();
            for (Json element : elements) {
                if (!(element instanceof Json.Text(String text))) {
                    throw wrong("\"" + key + "\" wants strings");
                }
                texts.add(text);
            }
            return List.copyOf(texts);
        });
    }

    /** Numbers, booleans and strings, as they are written without quotes. */
    Map<String, String> values(String key) {
        Map<String, String> values = new LinkedHashMap<>();
        object(key).ifPresent(object -> {
            for (Map.Entry<String, Json> field : object.fields.entrySet()) {
                values.put(
                        field.getKey(),
                        switch (field.getValue()) {
                            case Json.Text(String text) -> text;
                            case Json.Whole(long number) -> Long.toString(number);
                            case Json.Truth(boolean truth) -> truth ? "TRUE" : "FALSE";
                            case Json.Members _, Json.Elements _, Json.Nothing _ ->
                                throw object.wrong("\"" + field.getKey() + "\" wants a number, a boolean or a string");
                        });
            }
        });
        return values;
    }

    Optional<JsonFields> object(String key) {
        return get(key).map(value -> new JsonFields(where + ", " + key, value));
    }

    /** All fields, each an object. */
    Map<String, JsonFields> objects() {
        notAskedFor.clear();
        Map<String, JsonFields> objects = new LinkedHashMap<>();
        fields.forEach((key, value) -> objects.put(key, new JsonFields(where + ", " + key, value)));
        return objects;
    }

    IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(where + ": " + what);
    }

    private Optional<Json> get(String key) {
        notAskedFor.remove(key);
        return Optional.ofNullable(fields.get(key));
    }
}
