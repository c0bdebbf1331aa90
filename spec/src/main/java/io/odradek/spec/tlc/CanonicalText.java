package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Enumerable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.ModelValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import tlc2.value.impl.ValueEnumeration;

/**
 * Values of TLA+ as text, the same text for the same value: elements of sets, fields of records and arguments of functions are in the order
 * of their texts. {@link TlaValue} reads it.
 */
final class CanonicalText {
    private CanonicalText() {}

    static String of(Value value) {
        return switch (value) {
            case IntValue number -> Integer.toString(number.val);
            case BoolValue truth -> truth(truth.val);
            case StringValue text -> string(text.val.toString());
            case ModelValue model -> model.val.toString();
            case TupleValue tuple -> sequence(texts(tuple.elems));
            case RecordValue fields -> fields(fields);
            case Enumerable set -> set(elements(set));
            default -> function(value);
        };
    }

    static String truth(boolean truth) {
        return truth ? "TRUE" : "FALSE";
    }

    static String string(String text) {
        return '"' + text + '"';
    }

    static String sequence(Collection<String> elements) {
        return joined(elements, "<<", ">>");
    }

    static String set(Collection<String> elements) {
        return joined(new TreeSet<>(elements), "{", "}");
    }

    /** @param fields a name and a text, and so on */
    static String record(String... fields) {
        Map<String, String> sorted = new TreeMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            sorted.put(fields[i], fields[i + 1]);
        }
        return record(sorted);
    }

    private static String record(Map<String, String> sorted) {
        return sorted.entrySet().stream()
                .map(field -> field.getKey() + " |-> " + field.getValue())
                .collect(Collectors.joining(", ", "[", "]"));
    }

    /** Neither of 1..n nor of strings: such are sequences and records. The one that is empty is the empty sequence. */
    static String function(Map<String, String> values) {
        return values.isEmpty()
                ? sequence(List.of())
                : new TreeMap<>(values)
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + " :> " + entry.getValue())
                                .collect(Collectors.joining(" @@ ", "(", ")"));
    }

    private static String function(Value value) {
        if (value.toTuple() instanceof TupleValue tuple) {
            return sequence(texts(tuple.elems));
        }
        if (!(value.toFcnRcd() instanceof FcnRcdValue function)) {
            throw new IllegalArgumentException(value.getClass() + " has no text: " + value);
        }
        if (function.toTuple() instanceof TupleValue tuple) {
            return sequence(texts(tuple.elems));
        }
        if (function.toRcd() instanceof RecordValue fields) {
            return fields(fields);
        }
        Value[] arguments = function.getDomainAsValues();
        Map<String, String> values = new TreeMap<>();
        for (Value argument : arguments) {
            values.put(of(argument), of(function.select(argument)));
        }
        return function(values);
    }

    private static String fields(RecordValue fields) {
        Map<String, String> sorted = new TreeMap<>();
        for (int i = 0; i < fields.names.length; i++) {
            sorted.put(fields.names[i].toString(), of(fields.values[i]));
        }
        return record(sorted);
    }

    private static List<String> texts(Value[] values) {
        List<String> texts = new ArrayList<>();
        for (Value value : values) {
            texts.add(of(value));
        }
        return texts;
    }

    private static List<String> elements(Enumerable set) {
        List<String> elements = new ArrayList<>();
        ValueEnumeration all = set.elements();
        Value element;
        while ((element = all.nextElement()) != null) {
            elements.add(of(element));
        }
        return elements;
    }

    private static String joined(Collection<String> elements, String begin, String end) {
        return elements.stream().collect(Collectors.joining(", ", begin, end));
    }
}
