package io.odradek.spec.tlc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
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

/**
 * The operators of {@code tla/lib/TraceIo.tla}: recorded runs, an event a line of JSON, one file for each run. What a trace module
 * says of an event is asked for three purposes.
 */
public final class TraceIo {
    /** A directory: the runs are its files, in the order of their names. */
    static final String DIRECTORY = "odradek.traces";

    static final String PURPOSE = "odradek.traces.purpose";

    /** What a trace module is evaluated for. */
    enum Purpose {
        /** How far runs can be explained. */
        EXPLAIN,
        /** What could have been instead of the last event of each run, when those before it can be explained. */
        NEAREST,
        /** Which events belong to runs of which only the states are known. */
        RECORD,
        /** Which steps there are, without any run. */
        COVER
    }

    /** So many of what could have been instead are told for a run. */
    static final int NEAREST_AT_MOST = 500;

    private static final ConcurrentMap<Integer, Integer> EXPLAINED = new ConcurrentHashMap<>();

    /** By run and event. Confined by its lock. */
    private static final Map<Integer, Map<Integer, Set<Json>>> SHOWN = new TreeMap<>();

    /** What was shown last, of the state that is being made: TLC makes one after the other, from left to right. */
    private static final ThreadLocal<Json> SHOWN_LAST = new ThreadLocal<>();

    private TraceIo() {}

    /** Read when they are first asked for, in a JVM of TLC. */
    private static final class Read {
        static final Purpose PURPOSE = Purpose.valueOf(System.getProperty(TraceIo.PURPOSE, Purpose.EXPLAIN.name()));
        static final List<RecordedRun> RUNS = runs();
        static final Value VALUE = new TupleValue(RUNS.stream()
                .map(run -> new TupleValue(
                        run.events().stream().map(TlcValues::recorded).toArray(Value[]::new)))
                .toArray(Value[]::new));

        private static List<RecordedRun> runs() {
            List<RecordedRun> runs = new ArrayList<>();
            try {
                for (Path file : TraceFiles.in(Path.of(System.getProperty(DIRECTORY, ".")))) {
                    runs.add(RecordedRun.read(file));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return runs;
        }
    }

    /** All runs. */
    @TLAPlusOperator(identifier = "Traces", module = "TraceIo", warn = false)
    public static Value traces() {
        return Read.VALUE;
    }

    /** Runs that are looked at together agree on their constants. */
    @TLAPlusOperator(identifier = "TraceConstant", module = "TraceIo", warn = false)
    public static Value constant(StringValue name, Value otherwise) {
        Json given = Read.PURPOSE == Purpose.COVER
                ? null
                : Read.RUNS.getFirst().constants().get(name.val.toString());
        return given == null ? otherwise : TlcValues.constant(given);
    }

    /** The runner has TLC make the value, where it looks at runs. */
    @TLAPlusOperator(identifier = "TraceName", module = "TraceIo", warn = false)
    public static Value name(StringValue name, StringValue otherwise) {
        return TlcValues.named(
                Read.RUNS.getFirst().constants().get(name.val.toString()) instanceof Json.Text(String given)
                        ? given
                        : otherwise.val.toString());
    }

    /** Whether an event may be a step of this name. */
    @TLAPlusOperator(identifier = "TraceIs", module = "TraceIo", warn = false)
    public static Value is(IntValue trace, IntValue n, StringValue name, Value node) {
        if (Read.PURPOSE == Purpose.COVER) {
            return BoolValue.ValTrue;
        }
        RecordedRun run = Read.RUNS.get(trace.val - 1);
        if (n.val > run.events().size()) {
            return BoolValue.ValFalse;
        }
        Map<String, Json> event = run.event(n.val);
        boolean any = isSought(run, n.val);
        return truth(any || (isOrUnknown(event, "event", name) && isOrUnknown(event, "node", node)));
    }

    private static boolean isOrUnknown(Map<String, Json> event, String field, Value value) {
        Json recorded = event.get(field);
        return recorded == null || recorded.equals(TlcValues.json(value));
    }

    private static boolean isSought(RecordedRun run, int n) {
        return Read.PURPOSE == Purpose.NEAREST && n == run.events().size();
    }

    /** Whether an event is this one. */
    @TLAPlusOperator(identifier = "TraceShows", module = "TraceIo", warn = false)
    public static Value shows(IntValue trace, IntValue n, StringValue name, Value node, Value parameters, Value after) {
        if (Read.PURPOSE == Purpose.RECORD || Read.PURPOSE == Purpose.COVER) {
            SHOWN_LAST.set(shown(name, node, parameters, after));
            return BoolValue.ValTrue;
        }
        RecordedRun run = Read.RUNS.get(trace.val - 1);
        if (isSought(run, n.val)) {
            note(trace.val, n.val, shown(name, node, parameters, after));
            return BoolValue.ValFalse;
        }
        Map<String, Value> fields = new LinkedHashMap<>(fields(parameters));
        fields.putAll(fields(after));
        return truth(run.event(n.val).entrySet().stream()
                .filter(field -> !RecordedRun.OF_EVERY_EVENT.contains(field.getKey()))
                .allMatch(field -> isSame(field.getValue(), fields.get(field.getKey()))));
    }

    private static boolean isSame(Json recorded, @Nullable Value value) {
        return value != null
                && TlcValues.json(value).equals(TlcValues.isSet(value) ? TlcValues.sorted(recorded) : recorded);
    }

    private static Map<String, Value> fields(Value shown) {
        Map<String, Value> fields = new LinkedHashMap<>();
        if (shown.toRcd() instanceof RecordValue all) {
            for (int i = 0; i < all.names.length; i++) {
                fields.put(all.names[i].toString(), all.values[i]);
            }
        }
        return fields;
    }

    private static Json shown(StringValue name, Value node, Value parameters, Value after) {
        Map<String, Json> shown = new LinkedHashMap<>();
        shown.put("action", TlcValues.json(name));
        shown.put("node", TlcValues.json(node));
        shown.put("parameters", members(fields(parameters)));
        shown.put("after", members(fields(after)));
        return new Json.Members(shown);
    }

    private static Json members(Map<String, Value> fields) {
        Map<String, Json> members = new LinkedHashMap<>();
        fields.forEach((name, value) -> members.put(name, TlcValues.json(value)));
        return new Json.Members(members);
    }

    private static void note(int run, int event, Json shown) {
        synchronized (SHOWN) {
            Set<Json> all =
                    SHOWN.computeIfAbsent(run, _ -> new TreeMap<>()).computeIfAbsent(event, _ -> new LinkedHashSet<>());
            if (all.size() < (Read.PURPOSE == Purpose.RECORD ? 1 : NEAREST_AT_MOST)) {
                all.add(shown);
            }
        }
    }

    /** The step that was shown last is that of an event; the name of its action. */
    @TLAPlusOperator(identifier = "TraceTaken", module = "TraceIo", warn = false)
    public static Value taken(IntValue trace, IntValue n) {
        Json step = Objects.requireNonNull(SHOWN_LAST.get(), "nothing was shown");
        if (Read.PURPOSE == Purpose.RECORD) {
            note(trace.val, n.val, step);
        }
        return new StringValue(TraceStep.of(step).action());
    }

    /** Of an event that has the whole state. */
    @TLAPlusOperator(identifier = "TraceState", module = "TraceIo", warn = false)
    public static Value state(IntValue trace, IntValue n, StringValue variable) {
        Json.Members state = Objects.requireNonNull(
                (Json.Members) Read.RUNS.get(trace.val - 1).event(n.val).get(RecordedRun.STATE), RecordedRun.STATE);
        Json.Text text = (Json.Text)
                Objects.requireNonNull(state.members().get(variable.val.toString()), variable.val.toString());
        return TlcValues.printed(TlaValue.parse(text.value()));
    }

    /** The first events of a run, so many, can be explained. */
    @TLAPlusOperator(identifier = "TraceExplained", module = "TraceIo", warn = false)
    public static Value explained(IntValue trace, IntValue events) {
        EXPLAINED.merge(trace.val, events.val, Math::max);
        return BoolValue.ValTrue;
    }

    /** What was found, for who runs TLC. */
    static void sayAll() {
        new TreeMap<>(EXPLAINED).forEach((run, events) -> CheckedTlc.say("explained", run + " " + events));
        synchronized (SHOWN) {
            SHOWN.forEach((run, events) -> events.forEach((event, all) ->
                    all.forEach(shown -> CheckedTlc.say("shown", run + " " + event + " " + Json.write(shown)))));
        }
    }

    private static Value truth(boolean truth) {
        return truth ? BoolValue.ValTrue : BoolValue.ValFalse;
    }
}
