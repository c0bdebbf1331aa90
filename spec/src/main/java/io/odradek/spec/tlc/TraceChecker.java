package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks TLC whether recorded runs are behaviours of a specification, any number of runs at once. */
final class TraceChecker {
    private final TlcJvm jvms;
    private final Check check;

    /**
     * @param module a trace module: its specification is {@code TraceSpec}, and its invariant {@code Matched} says how far it came
     * @param constants as of a model, large enough for the runs
     */
    TraceChecker(TlcJvm jvms, String module, Map<String, String> constants, int limitSeconds) {
        this.jvms = jvms;
        check = new Check(
                module,
                constants,
                Map.of(),
                Optional.of(List.of()),
                new Check.Behaviour.Formula("TraceSpec"),
                List.of("Matched"),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                List.of(),
                new Check.Resources(limitSeconds, 1024, 1));
    }

    /** @param explained how many of the events are steps of the specification, one after the other */
    record Explained(List<String> events, int explained) {
        boolean isAccepted() {
            return explained == events.size();
        }

        String describe() {
            return isAccepted()
                    ? "accepted: " + events.size() + " events"
                    : "event " + (explained + 1) + " of " + events.size() + " cannot be explained: "
                            + events.get(explained);
        }
    }

    /**
     * @param runs each by its events, an object of JSON each
     * @param directory where they are written for TLC
     * @throws IllegalStateException if TLC could not look at them to the end
     */
    List<Explained> explain(List<List<String>> runs, Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        TraceFiles.write(directory, runs);
        TlcResult result = jvms.explain(check, directory);
        if (!(result.verdict() instanceof Verdict.Holds) || !result.warnings().isEmpty()) {
            throw new IllegalStateException(result.verdict().describe() + " " + result.warnings());
        }
        List<Explained> explained = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            explained.add(new Explained(runs.get(i), result.explained().getOrDefault(i + 1, 0)));
        }
        return explained;
    }
}
