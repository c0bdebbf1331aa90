package io.odradek.spec.tlc;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tlc2.TLC;
import tlc2.TLCGlobals;
import tlc2.tool.Action;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.TLCState;
import tlc2.tool.ToolGlobals;
import tlc2.util.BitVector;
import tlc2.util.FP64;
import tlc2.util.IStateWriter;
import tlc2.value.impl.Value;

/**
 * Writes every state that TLC finds and every step between them, in TLC's JVM; {@link TlcGraph} reads it. Stands in for what TLC writes
 * with {@code -dump}: that has no parameters of actions, and sets in an order of its own.
 *
 * <p>A line each, parts apart by tabs: {@code variables}, their names; {@code action}, the name of one that there is; {@code text}, the text
 * of a value: these are numbered from 0; {@code state}, its fingerprint, the numbers of the texts of its variables; {@code initial}, a
 * fingerprint; {@code step}, from, the action, to.
 */
final class GraphWriter implements IStateWriter, AutoCloseable {
    /** A file: where the graph is written to. Without it none is. */
    static final String FILE = "odradek.graph";

    static final String VARIABLES = "variables";
    static final String ACTION = "action";
    static final String TEXT = "text";
    static final String STATE = "state";
    static final String INITIAL = "initial";
    static final String STEP = "step";

    private final Path file;
    private final PrintWriter lines;
    private final Set<Long> written = new HashSet<>();

    /** Numbers of texts, by the fingerprints of values. */
    private final Map<Long, Integer> texts = new HashMap<>();

    private GraphWriter(Path file) throws IOException {
        this.file = file;
        lines = new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8));
    }

    /** TLC takes a writer of its own from its command line, and no other. */
    static GraphWriter into(Path file, TLC tlc) throws IOException {
        GraphWriter writer = new GraphWriter(file);
        try {
            Field field = TLC.class.getDeclaredField("stateWriter");
            field.setAccessible(true);
            field.set(tlc, writer);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("not the TLC that this was written for", e);
        }
        return writer;
    }

    @Override
    public synchronized void writeState(TLCState initial) {
        lines.println(INITIAL + "\t" + known(initial));
    }

    @Override
    public synchronized void writeState(TLCState from, TLCState to, boolean isNew, Action action) {
        lines.println(STEP + "\t" + known(from) + "\t" + label(action) + "\t" + known(to));
    }

    @Override
    public void writeState(TLCState from, TLCState to, boolean isNew) {
        throw new IllegalStateException("TLC does not say by which action");
    }

    /** Stuttering, which only liveness looks at. */
    @Override
    public void writeState(TLCState from, TLCState to, boolean isNew, Visualization visualization) {}

    @Override
    public void writeState(TLCState from, TLCState to, BitVector actions, int begin, int length, boolean isNew) {
        throw new IllegalStateException("a graph is not written with liveness");
    }

    @Override
    public void writeState(
            TLCState from,
            TLCState to,
            BitVector actions,
            int begin,
            int length,
            boolean isNew,
            Visualization visualization) {
        throw new IllegalStateException("a graph is not written with liveness");
    }

    private String known(TLCState state) {
        long fingerprint = state.fingerPrint();
        if (written.isEmpty()) {
            begin();
        }
        if (written.add(fingerprint)) {
            StringBuilder line = new StringBuilder(STATE).append('\t').append(Long.toHexString(fingerprint));
            for (OpDeclNode variable : TLCState.vars) {
                line.append('\t').append(text((Value) state.lookup(variable.getName())));
            }
            lines.println(line);
        }
        return Long.toHexString(fingerprint);
    }

    private void begin() {
        StringBuilder names = new StringBuilder(VARIABLES);
        for (OpDeclNode variable : TLCState.vars) {
            names.append('\t').append(variable.getName());
        }
        lines.println(names);
        for (Action action : TLCGlobals.mainChecker.tool.getActions()) {
            lines.println(ACTION + "\t" + definition(action).getName());
        }
    }

    private int text(Value value) {
        return texts.computeIfAbsent(value.fingerPrint(FP64.New()), _ -> {
            lines.println(TEXT + "\t" + CanonicalText.of(value));
            return texts.size();
        });
    }

    /** As it is called, with the parameters that TLC chose before it looked at a state: as <code>Fence(r1)</code>. */
    private static String label(Action action) {
        OpDefNode definition = definition(action);
        List<String> parameters = new ArrayList<>();
        for (FormalParamNode parameter : definition.getParams()) {
            if (action.con.lookup(parameter) instanceof Value value) {
                parameters.add(CanonicalText.of(value));
            }
        }
        return parameters.isEmpty()
                ? definition.getName().toString()
                : definition.getName() + "(" + String.join(", ", parameters) + ")";
    }

    /** Where TLC can't choose the parameters beforehand, it names the action by the definition in which that is quantified. */
    private static OpDefNode definition(Action action) {
        OpDefNode definition = action.getOpDef();
        if (!action.pred.equals(definition.getBody())
                && action.pred instanceof OpApplNode quantified
                && BuiltInOPs.getOpCode(quantified.getOperator().getName()) == ToolGlobals.OPCODE_be
                && quantified.getArgs()[0] instanceof OpApplNode applied
                && applied.getOperator() instanceof OpDefNode quantifiedOver
                && BuiltInOPs.getOpCode(quantifiedOver.getName()) == 0) {
            return quantifiedOver;
        }
        return definition;
    }

    @Override
    public synchronized void close() {
        lines.close();
    }

    @Override
    public String getDumpFileName() {
        return file.toString();
    }

    @Override
    public boolean isNoop() {
        return false;
    }

    @Override
    public boolean isDot() {
        return false;
    }

    @Override
    public void snapshot() {}
}
