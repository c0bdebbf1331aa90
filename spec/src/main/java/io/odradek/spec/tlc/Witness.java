package io.odradek.spec.tlc;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import tla2sany.semantic.SemanticNode;
import tlc2.TLCGlobals;
import tlc2.overrides.TLAPlusOperator;
import tlc2.tool.Action;
import tlc2.tool.coverage.CostModel;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;

/**
 * The operators of {@code tla/lib/Witness.tla}: which states were reached, and which actions led to states. One for a JVM, as all of
 * TLC.
 *
 * <p>TLC's own coverage counts each expression and doubles the time of a run; this counts one number for each action.
 */
public final class Witness {
    private static final Set<String> REACHED = ConcurrentHashMap.newKeySet();
    private static final Map<String, Fired> FIRED = new ConcurrentHashMap<>();

    private Witness() {}

    /** Whether a state of this name was seen. */
    @TLAPlusOperator(identifier = "WitnessHas", module = "Witness", warn = false)
    public static Value has(StringValue name) {
        return REACHED.contains(name.val.toString()) ? BoolValue.ValTrue : BoolValue.ValFalse;
    }

    /** A state of this name was seen. */
    @TLAPlusOperator(identifier = "WitnessAdd", module = "Witness", warn = false)
    public static Value add(StringValue name) {
        if (REACHED.add(name.val.toString())) {
            CheckedTlc.say("reached", name.val.toString());
        }
        return BoolValue.ValTrue;
    }

    static Map<String, Fired> fired() {
        return Map.copyOf(FIRED);
    }

    /** To be called when TLC has its actions and has taken none. */
    static void countActions() {
        for (Action action : TLCGlobals.mainChecker.tool.getActions()) {
            // TLC may split an action of one name into several.
            action.cm = FIRED.computeIfAbsent(action.getName().toString(), _ -> new Fired());
        }
    }

    /** How often an action was taken, and how often it led to a state that was new. */
    static final class Fired implements CostModel {
        private final LongAdder taken = new LongAdder();
        private final LongAdder found = new LongAdder();

        long taken() {
            return taken.sum();
        }

        long found() {
            return found.sum();
        }

        @Override
        public CostModel incInvocations() {
            taken.increment();
            return this;
        }

        @Override
        public CostModel incInvocations(long times) {
            taken.add(times);
            return this;
        }

        @Override
        public CostModel incSecondary() {
            found.increment();
            return this;
        }

        @Override
        public CostModel incSecondary(long times) {
            found.add(times);
            return this;
        }

        @Override
        public CostModel report() {
            return this;
        }

        @Override
        public CostModel get(SemanticNode expression) {
            return DO_NOT_RECORD;
        }

        @Override
        public CostModel getAndIncrement(SemanticNode expression) {
            return DO_NOT_RECORD;
        }

        @Override
        public CostModel getRoot() {
            return this;
        }
    }
}
