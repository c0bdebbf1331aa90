package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads what TLC prints with {@code -tool}: messages between lines that name their code and severity, and between the messages what its
 * parser prints. Confined to the thread that reads.
 */
final class TlcOutput {
    private static final Pattern BEGIN = Pattern.compile("@!@!@STARTMSG (\\d+):(\\d+) @!@!@");
    private static final Pattern END = Pattern.compile("@!@!@ENDMSG (\\d+) @!@!@");

    // tlc2.output.EC; the severities are those of tlc2.output.MP.
    private static final int SUCCESS = 2193;
    private static final int INVARIANT_INITIAL = 2107;
    private static final int PROPERTY_INITIAL = 2108;
    private static final int INVARIANT = 2110;
    private static final int ACTION_PROPERTY = 2112;
    private static final int DEADLOCK = 2114;
    private static final int TEMPORAL = 2116;
    private static final int BEHAVIOUR_BEGINS = 2121;
    private static final int BACK_TO_STATE = 2122;
    private static final int COUNTEREXAMPLE_BEGINS = 2264;
    private static final int RANDOM_WALKS = 2188;
    private static final int FINISHED = 2186;
    private static final int STATE = 2217;
    private static final int STUTTERING = 2218;
    private static final int STATISTICS = 2199;
    private static final int DEPTH = 2194;
    private static final int ERROR = 1;
    private static final int BUG_OF_TLC = 2;
    private static final int WARNING = 3;

    private static final Pattern INVARIANT_TEXT = Pattern.compile("Invariant (.+) is violated");
    private static final Pattern ACTION_TEXT = Pattern.compile("Action property (.+) is violated");
    private static final Pattern PROPERTY_TEXT = Pattern.compile("Property (.+) is violated by the initial state");
    private static final Pattern PLACE = Pattern.compile("line \\d+, col \\d+ .*");
    private static final Pattern STATE_HEAD = Pattern.compile("(\\d+): <(.*)>");
    private static final Pattern NAMED_ACTION = Pattern.compile("(\\w+) line \\d+, col \\d+ .*");
    private static final Pattern BACK = Pattern.compile("(\\d+): Back to state.*", Pattern.DOTALL);
    private static final Pattern COUNTS =
            Pattern.compile("([\\d,]+) states generated, ([\\d,]+) distinct states found");
    private static final Pattern DEPTH_TEXT = Pattern.compile("is (\\d+)\\.");
    private static final Pattern STATE_OF_WALK = Pattern.compile("(?m)^STATE_\\d+ == *$");
    private static final Pattern VARIABLE = Pattern.compile("(?m)^(?:/\\\\ )?(\\w+) = ");

    private final List<String> warnings = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<String> outsideMessages = new ArrayList<>();
    private final List<Counterexample.Step> steps = new ArrayList<>();
    private final List<TlcResult.Found> found = new ArrayList<>();
    private final List<TlcResult.Shown> shown = new ArrayList<>();
    private final Map<String, Long> taken = new TreeMap<>();
    private final Map<Integer, Integer> explained = new TreeMap<>();
    private final Set<String> reached = new TreeSet<>();
    private final StringBuilder message = new StringBuilder();

    private int code = -1;
    private int severity;
    private @Nullable Verdict verdict;
    private @Nullable Verdict last;
    private OptionalInt backTo = OptionalInt.empty();
    private long generated;
    private long distinct;
    private OptionalInt depth = OptionalInt.empty();
    private boolean walks;
    private boolean succeeded;

    /** @param line without its end */
    void accept(String line) {
        if (line.startsWith(CheckedTlc.MARK)) {
            ours(line.substring(CheckedTlc.MARK.length()));
            return;
        }
        Matcher begin = BEGIN.matcher(line);
        if (begin.matches()) {
            code = Integer.parseInt(begin.group(1));
            severity = Integer.parseInt(begin.group(2));
            message.setLength(0);
            return;
        }
        Matcher end = END.matcher(line);
        if (end.matches()) {
            message(message.toString().strip());
            code = -1;
        } else if (code >= 0) {
            message.append(line).append('\n');
        } else {
            outside(line);
        }
    }

    /** What TLC has found, once there is nothing more to read. */
    TlcResult result() {
        keepFound();
        return new TlcResult(
                verdict(),
                generated,
                distinct,
                depth,
                List.copyOf(warnings),
                found.isEmpty() ? Counterexample.NONE : found.getFirst().counterexample(),
                List.copyOf(found),
                taken,
                reached,
                explained,
                List.copyOf(shown));
    }

    private Verdict verdict() {
        if (verdict != null) {
            return verdict;
        }
        if (!errors.isEmpty()) {
            return new Verdict.Failed(String.join("\n", errors));
        }
        if (!succeeded) {
            return new Verdict.Failed(
                    "TLC ended without a word. Before, it said:\n" + String.join("\n", outsideMessages));
        }
        return new Verdict.Holds();
    }

    private void ours(String line) {
        List<String> words = CheckedTlc.words(line);
        switch (words.getFirst()) {
            case "reached" -> reached.add(words.get(1));
            case "action" -> taken.put(words.get(1), Long.parseLong(words.get(2)));
            case "explained" -> explained.put(Integer.parseInt(words.get(1)), Integer.parseInt(words.get(2)));
            case "shown" -> {
                List<String> parts = List.of(line.split(" ", 4));
                shown.add(new TlcResult.Shown(
                        Integer.parseInt(parts.get(1)),
                        Integer.parseInt(parts.get(2)),
                        TraceStep.of(Json.parse(parts.get(3)))));
            }
            case "progress" -> distinct = Math.max(distinct, Long.parseLong(words.get(1)));
            default -> errors.add("not one of our lines: " + line);
        }
    }

    /** The parser's warnings are no messages. */
    private void outside(String line) {
        String trimmed = line.strip();
        if (trimmed.isEmpty() || trimmed.startsWith("Parsing file ") || trimmed.startsWith("Semantic processing of ")) {
            return;
        }
        if (trimmed.toLowerCase(Locale.ROOT).contains("warning")) {
            warnings.add(trimmed);
        }
        outsideMessages.add(trimmed);
    }

    private void message(String text) {
        if (severity == WARNING) {
            warnings.add(text);
            return;
        }
        switch (code) {
            case SUCCESS -> succeeded = true;
            case INVARIANT -> found(new Verdict.UnsafeBy(first(INVARIANT_TEXT, text)));
            case INVARIANT_INITIAL -> {
                found(new Verdict.UnsafeBy(first(INVARIANT_TEXT, text)));
                initialState(text);
            }
            case PROPERTY_INITIAL -> {
                // It names a part of the property: what initial states have to be.
                found(new Verdict.Unnamed(first(PROPERTY_TEXT, text)));
                initialState(text);
            }
            case ACTION_PROPERTY -> {
                String name = first(ACTION_TEXT, text);
                found(PLACE.matcher(name).matches() ? new Verdict.Unnamed(name) : new Verdict.UnsafeBy(name));
            }
            case DEADLOCK -> found(new Verdict.Deadlock());
            case TEMPORAL -> found(new Verdict.Unnamed(""));
            case STATE -> state(text);
            case STUTTERING -> backTo = OptionalInt.of(steps.size());
            case BACK_TO_STATE -> {
                Matcher back = BACK.matcher(text);
                backTo = back.matches() ? OptionalInt.of(Integer.parseInt(back.group(1))) : OptionalInt.of(1);
            }
            case STATISTICS -> statistics(text);
            case DEPTH -> depth = OptionalInt.of(Integer.parseInt(first(DEPTH_TEXT, text)));
            case BEHAVIOUR_BEGINS, COUNTEREXAMPLE_BEGINS -> {}
            case RANDOM_WALKS -> walks = true;
            case FINISHED -> succeeded |= walks; // walks hold as far as they went
            default -> {
                if (severity == ERROR || severity == BUG_OF_TLC) {
                    errors.add(text);
                }
            }
        }
    }

    /** The first that is found is the verdict; where TLC goes on, there are others. */
    private void found(Verdict next) {
        keepFound();
        last = next;
        if (verdict == null) {
            verdict = next;
        }
    }

    private void keepFound() {
        if (!steps.isEmpty()) {
            // Where TLC could not go on, what it says of it comes before the states.
            Verdict of = last == null ? new Verdict.Failed(String.join("\n", errors)) : last;
            found.add(new TlcResult.Found(of, new Counterexample(List.copyOf(steps), backTo)));
        }
        last = null;
        steps.clear();
        backTo = OptionalInt.empty();
    }

    private void state(String text) {
        int headEnd = text.indexOf('\n');
        String head = headEnd < 0 ? text : text.substring(0, headEnd);
        Matcher back = BACK.matcher(head);
        if (back.matches()) {
            backTo = OptionalInt.of(Integer.parseInt(back.group(1)));
            return;
        }
        Matcher numbered = STATE_HEAD.matcher(head);
        String action = numbered.matches() ? numbered.group(2) : head;
        Matcher named = NAMED_ACTION.matcher(action);
        steps.add(new Counterexample.Step(
                named.matches() ? named.group(1) : action, variables(headEnd < 0 ? "" : text.substring(headEnd + 1))));
    }

    private void initialState(String text) {
        int headEnd = text.indexOf('\n');
        if (headEnd >= 0) {
            steps.add(new Counterexample.Step("Initial predicate", variables(text.substring(headEnd + 1))));
        }
    }

    /** A random walk, as TLC writes it into a file. */
    static Counterexample walk(String text) {
        List<Counterexample.Step> steps = new ArrayList<>();
        List<String> states = List.of(STATE_OF_WALK.split(text, -1));
        for (String state : states.subList(1, states.size())) {
            int end = state.indexOf("\n====");
            steps.add(new Counterexample.Step(
                    Counterexample.UNKNOWN, variables(end < 0 ? state : state.substring(0, end))));
        }
        return new Counterexample(steps, OptionalInt.empty());
    }

    private static Map<String, TlaValue> variables(String text) {
        Map<String, TlaValue> variables = new LinkedHashMap<>();
        Matcher next = VARIABLE.matcher(text);
        boolean more = next.find();
        while (more) {
            String name = next.group(1);
            int begin = next.end();
            more = next.find();
            variables.put(name, TlaValue.parse(text.substring(begin, more ? next.start() : text.length())));
        }
        return variables;
    }

    private void statistics(String text) {
        Matcher counts = COUNTS.matcher(text);
        if (counts.find()) {
            generated = Long.parseLong(counts.group(1).replace(",", ""));
            distinct = Long.parseLong(counts.group(2).replace(",", ""));
        }
    }

    private static String first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : text;
    }
}
