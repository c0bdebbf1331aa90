package io.odradek.spec.tlc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The shortest ways of a model to each of its actions, and to each state that it has to reach. TLC looks for them in one run: the first
 * step of each name, and the first state of each kind, count as mistakes, and it goes on.
 */
final class Cover {
    private static final String NEWS = "CheckedNews";
    private static final String REACHED = "CheckedReached_";

    private Cover() {}

    /** @param goal the name of an action or of a state */
    record Way(String goal, Counterexample states) {}

    /**
     * @throws IllegalArgumentException for a model that is about liveness
     * @throws IllegalStateException if TLC could not look at all of it
     */
    static List<Way> of(TlcJvm jvms, TraceModule module, Check model) throws IOException, InterruptedException {
        TlcResult result = jvms.coverOf(check(module, model));
        if (result.verdict() instanceof Verdict.Failed(String message)) {
            throw new IllegalStateException("no ways of " + model.module() + " could be found: " + message);
        }
        List<Way> ways = new ArrayList<>();
        for (TlcResult.Found found : result.found()) {
            String name = switch (found.verdict()) {
                case Verdict.UnsafeBy(String property) -> property;
                case Verdict.Unnamed(String place) -> place;
                case Verdict.Holds(), Verdict.Deadlock(), Verdict.Failed _, Verdict.TooSlow _ ->
                    throw new IllegalStateException(found.verdict().describe());
            };
            ways.add(new Way(
                    name.startsWith(REACHED) ? name.substring(REACHED.length()) : taken(found.counterexample()),
                    found.counterexample()));
        }
        return ways;
    }

    private static String taken(Counterexample way) {
        TlaValue said = way.steps().getLast().state().get(Check.SAID);
        if (!(said instanceof TlaValue.Atom(String name))) {
            throw new IllegalStateException("no action was taken in the last step of\n" + way.table());
        }
        return TlcValues.unquoted(name);
    }

    private static Check check(TraceModule module, Check model) {
        Map<String, String> operators = new LinkedHashMap<>();
        operators.put(
                "CheckedInit", initial(model.behaviour()) + " /\\ run = 1 /\\ next = 2 /\\ " + Check.SAID + " = \"\"");
        operators.put("CheckedNext", "TraceNext /\\ " + Check.SAID + "' = TraceTaken(run, next)");
        operators.put("CheckedView", model.view().orElse("vars"));
        operators.put(NEWS, "[][" + isOld(Check.SAID + "'") + "]_<<vars, recordedVars, " + Check.SAID + ">>");
        List<String> invariants = new ArrayList<>();
        for (String state : model.reached()) {
            operators.put(REACHED + state, "~" + state + " \\/ " + isOld('"' + state + '"'));
            invariants.add(REACHED + state);
        }
        return model.with(it -> it.module(module.name() + ", " + model.module())
                .variables(List.of(Check.SAID))
                .operators(operators)
                .behaviour(new Check.Behaviour.InitNext("CheckedInit", "CheckedNext"))
                .view(Optional.of("CheckedView"))
                .invariants(invariants)
                .properties(List.of(NEWS))
                .reached(List.of()));
    }

    private static String isOld(String name) {
        return "(WitnessHas(" + name + ") \\/ ~WitnessAdd(" + name + "))";
    }

    /** By how formulas are named: {@code Spec} begins with {@code Init}, {@code LedSpec} with {@code LedInit}. */
    private static String initial(Check.Behaviour behaviour) {
        return switch (behaviour) {
            case Check.Behaviour.InitNext(String init, String next) when next.equals("Next") -> init;
            case Check.Behaviour.InitNext(String _, String next) ->
                throw new IllegalArgumentException("its steps are those of " + next + ", not of Next");
            case Check.Behaviour.Formula(String spec)
            when spec.endsWith("Spec") && !spec.equals("LiveSpec") && !spec.equals("FairSpec") ->
                spec.substring(0, spec.length() - "Spec".length()) + "Init";
            case Check.Behaviour.Formula(String spec) ->
                throw new IllegalArgumentException(spec + " is about liveness, and has no shortest ways");
        };
    }
}
