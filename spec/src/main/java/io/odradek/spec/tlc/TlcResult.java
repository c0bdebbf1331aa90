package io.odradek.spec.tlc;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a run of TLC printed.
 *
 * @param generated states, with those that were found before
 * @param depth unless TLC did not say it
 * @param found all counterexamples: more than one only if TLC was to go on
 * @param taken how often each action was taken
 * @param explained how many events of each recorded run are steps of the specification, runs by their numbers from 1
 * @param shown what a trace module says of events, in the order of runs and events
 */
@RecordBuilder
record TlcResult(
        Verdict verdict,
        long generated,
        long distinct,
        OptionalInt depth,
        List<String> warnings,
        Counterexample counterexample,
        List<Found> found,
        Map<String, Long> taken,
        Set<String> reached,
        Map<Integer, Integer> explained,
        List<Shown> shown)
        implements TlcResultBuilder.With {

    /** A counterexample and what it is one to. */
    record Found(Verdict verdict, Counterexample counterexample) {}

    /**
     * What an event of a recorded run is, or could have been.
     *
     * @param run its number, from 1
     * @param event its number, from 1
     */
    record Shown(int run, int event, TraceStep step) {}
}
