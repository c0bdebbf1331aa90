package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Enumerable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.IntervalValue;
import tlc2.value.impl.ModelValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Values of TLC, as JSON and back. In JSON a set is a sorted array, and a model value the string that is its name. */
final class TlcValues {
    private static final Pattern WHOLE = Pattern.compile("-?\\d+");
    private static final Pattern INTERVAL = Pattern.compile("(-?\\d+)\\.\\.(-?\\d+)");

    private TlcValues() {}

    static Json json(Value value) {
        return switch (value) {
            case IntValue number -> new Json.Whole(number.val);
            case BoolValue truth -> new Json.Truth(truth.val);
            case StringValue text -> new Json.Text(text.val.toString());
            case ModelValue model -> new Json.Text(model.val.toString());
            case TupleValue tuple ->
                new Json.Elements(Stream.of(tuple.elems).map(TlcValues::json).toList());
            case RecordValue fields -> {
                Map<String, Json> members = new LinkedHashMap<>();
                for (int i = 0; i < fields.names.length; i++) {
                    members.put(fields.names[i].toString(), json(fields.values[i]));
                }
                yield new Json.Members(members);
            }
            case Enumerable _ -> sorted(elements((SetEnumValue) expected(value.toSetEnum(), value)));
            case FcnRcdValue function -> function(function);
            default -> json(expected(value.toFcnRcd(), value));
        };
    }

    static boolean isSet(Value value) {
        return value instanceof Enumerable;
    }

    /** As a set has them. */
    static Json sorted(Json elements) {
        return elements instanceof Json.Elements(List<Json> unsorted)
                ? new Json.Elements(unsorted.stream()
                        .sorted(Comparator.comparing(Json::write))
                        .toList())
                : elements;
    }

    private static Json elements(SetEnumValue set) {
        set.normalize();
        List<Json> elements = new ArrayList<>();
        for (int i = 0; i < set.elems.size(); i++) {
            elements.add(json(set.elems.elementAt(i)));
        }
        return new Json.Elements(elements);
    }

    private static Json function(FcnRcdValue function) {
        if (function.toTuple() instanceof TupleValue tuple) {
            return json(tuple);
        }
        Value[] domain = function.getDomainAsValues();
        Map<String, Json> members = new LinkedHashMap<>();
        for (int i = 0; i < domain.length; i++) {
            Json key = json(domain[i]);
            members.put(key instanceof Json.Text(String text) ? text : Json.write(key), json(function.values[i]));
        }
        return new Json.Members(members);
    }

    private static Value expected(@Nullable Value converted, Value value) {
        if (converted == null) {
            throw new IllegalArgumentException("not a value that can be recorded: " + value);
        }
        return converted;
    }

    /** Arrays as sequences. */
    static Value recorded(Json json) {
        return value(json, elements -> new TupleValue(elements.toArray(Value[]::new)));
    }

    /** Arrays as sets: a constant is hardly ever a sequence. */
    static Value constant(Json json) {
        return value(json, elements -> new SetEnumValue(elements.toArray(Value[]::new), false));
    }

    private static Value value(Json json, Function<List<Value>, Value> array) {
        return switch (json) {
            case Json.Text(String text) -> new StringValue(text);
            case Json.Whole(long number) -> IntValue.gen(Math.toIntExact(number));
            case Json.Truth(boolean truth) -> truth ? BoolValue.ValTrue : BoolValue.ValFalse;
            case Json.Nothing() -> new StringValue("null");
            case Json.Elements(List<Json> elements) ->
                array.apply(
                        elements.stream().map(element -> value(element, array)).toList());
            case Json.Members(Map<String, Json> members) ->
                new RecordValue(
                        names(members.keySet().stream()),
                        members.values().stream()
                                .map(member -> value(member, array))
                                .toArray(Value[]::new),
                        false);
        };
    }

    /** What TLC has printed. */
    static Value printed(TlaValue value) {
        return switch (value) {
            case TlaValue.Atom(String text) -> atom(text);
            case TlaValue.Sequence(List<TlaValue> elements) -> new TupleValue(all(elements));
            case TlaValue.Collection(List<TlaValue> elements) -> new SetEnumValue(all(elements), false);
            case TlaValue.Fields(Map<String, TlaValue> fields) ->
                new RecordValue(names(fields.keySet().stream()), all(List.copyOf(fields.values())), false);
            case TlaValue.Mapping(Map<TlaValue, TlaValue> entries) ->
                new FcnRcdValue(all(List.copyOf(entries.keySet())), all(List.copyOf(entries.values())), false);
        };
    }

    private static Value atom(String text) {
        if (WHOLE.matcher(text).matches()) {
            return IntValue.gen(Integer.parseInt(text));
        }
        Matcher interval = INTERVAL.matcher(text);
        if (interval.matches()) {
            return new IntervalValue(Integer.parseInt(interval.group(1)), Integer.parseInt(interval.group(2)));
        }
        if (text.startsWith("\"")) {
            return new StringValue(unquoted(text));
        }
        return switch (text) {
            case "TRUE" -> BoolValue.ValTrue;
            case "FALSE" -> BoolValue.ValFalse;
            default -> named(text);
        };
    }

    static String unquoted(String text) {
        return text.substring(1, text.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\");
    }

    private static Value[] all(List<TlaValue> values) {
        return values.stream().map(TlcValues::printed).toArray(Value[]::new);
    }

    private static UniqueString[] names(Stream<String> names) {
        return names.map(UniqueString::uniqueStringOf).toArray(UniqueString[]::new);
    }

    /** The model value of this name; where there is none, the string: who recorded it did not know of model values. */
    static Value named(String name) {
        for (ModelValue value : ModelValue.mvs) {
            if (value.val.toString().equals(name)) {
                return value;
            }
        }
        return new StringValue(name);
    }
}
