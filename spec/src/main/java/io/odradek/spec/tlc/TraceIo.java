package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** The operators of {@code tla/lib/TraceIo.tla}: recorded runs, an event a line of JSON, one file for each run. */
public final class TraceIo {
    /** A directory: the runs are its files, in the order of their names. */
    static final String DIRECTORY = "odradek.traces";

    private static final ConcurrentMap<Integer, Integer> EXPLAINED = new ConcurrentHashMap<>();
    private static volatile @Nullable Value traces;

    private TraceIo() {}

    /** All runs. */
    @TLAPlusOperator(identifier = "Traces", module = "TraceIo", warn = false)
    public static Value traces() throws IOException {
        Value read = traces;
        if (read == null) {
            read = read(Path.of(System.getProperty(DIRECTORY, ".")));
            traces = read;
        }
        return read;
    }

    /** The first events of a run, so many, can be explained. */
    @TLAPlusOperator(identifier = "TraceExplained", module = "TraceIo", warn = false)
    public static Value explained(IntValue trace, IntValue events) {
        EXPLAINED.merge(trace.val, events.val, Math::max);
        return BoolValue.ValTrue;
    }

    /** How many events of each run can be explained, those of which none can left out; by number, from 1. */
    static ConcurrentMap<Integer, Integer> explained() {
        return EXPLAINED;
    }

    private static Value read(Path directory) throws IOException {
        List<Value> runs = new ArrayList<>();
        for (Path file : TraceFiles.in(directory)) {
            List<Value> events = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                events.add(value(Json.parse(line)));
            }
            runs.add(tuple(events));
        }
        return tuple(runs);
    }

    private static Value value(Json json) {
        return switch (json) {
            case Json.Text(String text) -> new StringValue(text);
            case Json.Whole(long number) -> IntValue.gen(Math.toIntExact(number));
            case Json.Truth(boolean truth) -> truth ? BoolValue.ValTrue : BoolValue.ValFalse;
            case Json.Nothing() -> new StringValue("null");
            case Json.Elements(List<Json> elements) ->
                tuple(elements.stream().map(TraceIo::value).toList());
            case Json.Members members ->
                new RecordValue(
                        members.members().keySet().stream()
                                .map(UniqueString::uniqueStringOf)
                                .toArray(UniqueString[]::new),
                        members.members().values().stream().map(TraceIo::value).toArray(Value[]::new),
                        false);
        };
    }

    private static Value tuple(List<Value> values) {
        return new TupleValue(values.toArray(Value[]::new));
    }
}
