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
 * @param taken how often each action was taken
 * @param explained how many events of each recorded run are steps of the specification, runs by their numbers from 1
 */
@RecordBuilder
record TlcResult(
        Verdict verdict,
        long generated,
        long distinct,
        OptionalInt depth,
        List<String> warnings,
        Counterexample counterexample,
        Map<String, Long> taken,
        Set<String> reached,
        Map<Integer, Integer> explained)
        implements TlcResultBuilder.With {}
