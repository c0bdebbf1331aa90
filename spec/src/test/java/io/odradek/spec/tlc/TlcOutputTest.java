package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What TLC 2.18 prints with {@code -tool}, recorded from runs of it. */
class TlcOutputTest {
    private static final String STATISTICS = """
        @!@!@STARTMSG 2199:0 @!@!@
        1,403 states generated, 1,240 distinct states found, 0 states left on queue.
        @!@!@ENDMSG 2199 @!@!@
        @!@!@STARTMSG 2194:0 @!@!@
        The depth of the complete state graph search is 10.
        @!@!@ENDMSG 2194 @!@!@
        """;
    private static final String SUCCESS = """
        @!@!@STARTMSG 2193:0 @!@!@
        Model checking completed. No error has been found.
          Estimates of the probability that TLC did not check all reachable states
        @!@!@ENDMSG 2193 @!@!@
        """;
    private static final String STATES = """
        @!@!@STARTMSG 2121:1 @!@!@
        The behavior up to this point is:
        @!@!@ENDMSG 2121 @!@!@
        @!@!@STARTMSG 2217:4 @!@!@
        1: <Initial predicate>
        /\\ x = (a :> 0 @@ b :> 0)
        /\\ y = 0

        @!@!@ENDMSG 2217 @!@!@
        @!@!@STARTMSG 2217:4 @!@!@
        2: <Two line 9, col 14 to line 9, col 126 of module T>
        /\\ x = (a :> 0 @@ b :>
            1)
        /\\ y = 1

        @!@!@ENDMSG 2217 @!@!@
        """;

    @Test
    void whatHoldsIsCounted() {
        TlcResult result = read("""
            Parsing file /somewhere/T.tla
            Semantic processing of module T
            """ + SUCCESS + STATISTICS + "@!odradek reached Full\n@!odradek action Inc 360 197\n");
        assertThat(result)
                .isEqualTo(new TlcResult(
                        new Verdict.Holds(),
                        1403,
                        1240,
                        OptionalInt.of(10),
                        List.of(),
                        Counterexample.NONE,
                        List.of(),
                        Map.of("Inc", 360L),
                        Set.of("Full"),
                        Map.of(),
                        List.of()));
    }

    @Test
    void anInvariantIsNamedAndTheWayToItRead() {
        TlcResult result = read(error(2110, "Invariant Small is violated.") + STATES + STATISTICS);
        assertThat(result.verdict()).isEqualTo(new Verdict.UnsafeBy("Small"));
        assertThat(result.counterexample().table()).isEqualTo("""
               1  (initial)  x  each 0
                             y  0
               2  Two        x[b]  0 -> 1
                             y     0 -> 1
            """);
    }

    @Test
    void anInvariantOfTheFirstStateIsNamed() {
        TlcResult result =
                read(error(2107, "Invariant Small is violated by the initial state:\n/\\ x = 1\n/\\ y = 0\n"));
        assertThat(result.verdict()).isEqualTo(new Verdict.UnsafeBy("Small"));
        assertThat(result.counterexample().states()).isEqualTo(1);
    }

    @Test
    void anActionPropertyIsNamedAndAPartOfARefinementIsNot() {
        assertThat(read(error(2112, "Action property Grows is violated.")).verdict())
                .isEqualTo(new Verdict.UnsafeBy("Grows"));
        String place = "line 6, col 19 to line 6, col 26 of module A";
        assertThat(read(error(2112, "Action property " + place + " is violated."))
                        .verdict())
                .isEqualTo(new Verdict.Unnamed(place));
        assertThat(read(error(2108, "Property AInit is violated by the initial state:\n/\\ x = 1\n"))
                        .verdict())
                .isEqualTo(new Verdict.Unnamed("AInit"));
    }

    @Test
    void livenessEndsInALassoOrInNothing() {
        TlcResult stops = read(error(2116, "Temporal properties were violated.") + STATES
                + "@!@!@STARTMSG 2218:4 @!@!@\n3: Stuttering\n@!@!@ENDMSG 2218 @!@!@\n");
        assertThat(stops.verdict()).isEqualTo(new Verdict.Unnamed(""));
        assertThat(stops.counterexample().backTo()).hasValue(2);
        TlcResult lasso = read(error(2116, "Temporal properties were violated.") + STATES
                + "@!@!@STARTMSG 2122:4 @!@!@\n"
                + "1: Back to state: <Two line 9, col 1 of module T>\n"
                + "@!@!@ENDMSG 2122 @!@!@\n");
        assertThat(lasso.counterexample().backTo()).hasValue(1);
    }

    @Test
    void warningsOfTlcAndOfItsParserAreBoth() {
        assertThat(read("@!@!@STARTMSG 2401:3 @!@!@\nPlease run\n@!@!@ENDMSG 2401 @!@!@\n" + SUCCESS)
                        .warnings())
                .containsExactly("Please run");
        assertThat(read("*** Warnings: 1\n\nline 3, multiple declarations\n" + SUCCESS)
                        .warnings())
                .containsExactly("*** Warnings: 1");
    }

    @Test
    void whatWentWrongIsSaid() {
        assertThat(read(error(2229, "The invariant Nope specified in the configuration file\nis not defined"))
                        .verdict())
                .isEqualTo(
                        new Verdict.Failed("The invariant Nope specified in the configuration file\nis not defined"));
        assertThat(read(error(2114, "Deadlock reached.")).verdict()).isEqualTo(new Verdict.Deadlock());
        assertThat(read("Error: could not create the Java Virtual Machine\n").verdict())
                .isInstanceOf(Verdict.Failed.class);
    }

    @Test
    void anErrorAfterSuccessIsNoSuccess() {
        assertThat(read(SUCCESS + error(1000, "disk full")).verdict()).isEqualTo(new Verdict.Failed("disk full"));
    }

    private static String error(int code, String text) {
        return "@!@!@STARTMSG " + code + ":1 @!@!@\n" + text + "\n@!@!@ENDMSG " + code + " @!@!@\n";
    }

    private static TlcResult read(String text) {
        TlcOutput output = new TlcOutput();
        text.lines().forEach(output::accept);
        return output.result();
    }
}
