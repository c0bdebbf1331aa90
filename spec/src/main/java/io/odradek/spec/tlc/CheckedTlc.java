package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tlc2.TLC;
import tlc2.TLCGlobals;
import tlc2.output.EC;
import tlc2.output.MP;
import tlc2.output.MPRecorder;
import tlc2.tool.AbstractChecker;

/** TLC in a JVM of its own, where it says more than by itself: how far it is every few seconds, and which actions were taken. */
public final class CheckedTlc {
    /** Begins each line that is ours, among those of TLC. */
    static final String MARK = "@!odradek ";

    private static final long PROGRESS_EVERY_MS = 2_000;

    private CheckedTlc() {}

    public static void main(String[] arguments) throws IOException {
        countActions();
        TLC tlc = new TLC();
        if (!tlc.handleParameters(arguments)) {
            System.exit(1);
        }
        Thread progress = new Thread(CheckedTlc::sayHowFar, "progress");
        progress.setDaemon(true);
        progress.start();
        String graph = System.getProperty(GraphWriter.FILE);
        int code = graph == null ? tlc.process() : processWritingGraph(Path.of(graph), tlc);
        for (Map.Entry<String, Witness.Fired> action : new TreeMap<>(Witness.fired()).entrySet()) {
            say(
                    "action",
                    action.getKey() + " " + action.getValue().taken() + " "
                            + action.getValue().found());
        }
        TraceIo.sayAll();
        System.out.flush();
        // Threads of its own would keep the JVM.
        System.exit(code == 0 ? 0 : 1);
    }

    private static int processWritingGraph(Path file, TLC tlc) throws IOException {
        try (GraphWriter _ = GraphWriter.into(file, tlc)) {
            return tlc.process();
        }
    }

    /**
     * TLC's workers count actions when coverage is asked for as their class is loaded. Afterwards it is not, or each expression would be
     * counted as well.
     */
    private static void countActions() {
        TLCGlobals.coverageInterval = 0;
        try {
            Class.forName("tlc2.tool.Worker");
        } catch (ClassNotFoundException e) {
            throw new LinkageError("not the TLC that this was written for", e);
        }
        TLCGlobals.coverageInterval = -1;
        MP.setRecorder(new MPRecorder() {
            @Override
            public void record(int code, Object... details) {
                if (code == EC.TLC_COMPUTING_INIT) {
                    Witness.countActions();
                }
            }
        });
    }

    /** Of what was said. */
    static List<String> words(String said) {
        return List.of(said.split(" ", -1));
    }

    static void say(String what, String details) {
        System.out.println(MARK + what + " " + details);
    }

    @SuppressWarnings("BusyWait") // it is the clock that it waits for
    private static void sayHowFar() {
        try {
            while (true) {
                Thread.sleep(PROGRESS_EVERY_MS);
                AbstractChecker checker = TLCGlobals.mainChecker;
                if (checker != null) {
                    say("progress", checker.getDistinctStatesGenerated() + " " + checker.getStateQueueSize());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
