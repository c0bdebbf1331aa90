package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Of two states, the smallest parts that differ. */
class ChangeTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "-1",
                "\"a \\\" b\"",
                "TRUE",
                "r1",
                "<<>>",
                "<<1, <<2>>>>",
                "{}",
                "{r1, r2}",
                "[epoch |-> 1, id |-> \"x\"]",
                "(r1 :> <<[e |-> 1]>> @@ r2 :> <<>>)",
                "(<<1, 2>> :> {})",
                "1..3"
            })
    void aValueIsPrintedAsItWasRead(String text) {
        TlaValue value = TlaValue.parse(text);
        assertThat(value).hasToString(text);
        assertThat(TlaValue.parse(value.toString())).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[S -> T]", "<<1", "\"open", "1 2"})
    void whatIsNotReadIsComparedAsAWhole(String text) {
        assertThat(TlaValue.parse(text)).isEqualTo(new TlaValue.Atom(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '%',
            value = {
                "1 ; 2 % v: 1 -> 2",
                "(r1 :> 1 @@ r2 :> 1) ; (r1 :> 1 @@ r2 :> 5) % v[r2]: 1 -> 5",
                "[a |-> 1, b |-> 2] ; [a |-> 1, b |-> 3] % v.b: 2 -> 3",
                "<<1>> ; <<1, 2, 3>> % v: appended 2, 3",
                "<<1, 2, 3>> ; <<1>> % v: cut to 1, lost 2, 3",
                "<<1, [a |-> 1]>> ; <<1, [a |-> 2]>> % v[2].a: 1 -> 2",
                "<<[a |-> 1], 1>> ; <<[a |-> 2], 1>> % v[1].a: 1 -> 2",
                "<<1, 2>> ; <<3>> % v: <<1, 2>> -> <<3>>",
                "{1} ; {1, 2} % v: added 2",
                "{1, 2} ; {2} % v: removed 1",
                "{1} ; {2} % v: {1} -> {2}",
                "[t |-> 1] ; [t |-> 1, u |-> 2] % v: now [t |-> 1, u |-> 2]"
            })
    void aChangeIsAsSmallAsItCanBe(String values, String expected) {
        List<String> both = List.of(values.split(" ; ", -1));
        assertThat(Change.between(Map.of("v", TlaValue.parse(both.get(0))), Map.of("v", TlaValue.parse(both.get(1)))))
                .singleElement()
                .satisfies(change ->
                        assertThat(change.part() + ": " + change.what()).isEqualTo(expected));
    }

    @Test
    void whatIsTheSameIsNotListed() {
        assertThat(Change.between(Map.of("v", TlaValue.parse("1")), Map.of("v", TlaValue.parse("1"))))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '%',
            value = {
                "7 % v: 7",
                "[a |-> 1] % v: [a |-> 1]",
                "(r1 :> 0 @@ r2 :> 0) % v: each 0",
                "(r1 :> (r1 :> 0 @@ r2 :> 0) @@ r2 :> (r1 :> 0 @@ r2 :> 0)) % v: each each 0",
                "[r1 |-> [a |-> 1, b |-> 2], r2 |-> [a |-> 1, b |-> 2]] % v: each [a |-> 1, b |-> 2]",
                "[a |-> 0, b |-> 0] % v: [a |-> 0, b |-> 0]",
                "(r1 :> 0 @@ r2 :> 5) % v[r1]: 0, v[r2]: 5",
                "(r1 :> (r1 :> 0 @@ r2 :> 0) @@ r2 :> (r1 :> 0 @@ r2 :> 1)) % v[r1]: each 0, v[r2][r1]: 0, v[r2][r2]: 1"
            })
    void aFirstValueIsShownByItsPartsUnlessAllAreAlike(String value, String expected) {
        assertThat(Change.between(Map.of(), Map.of("v", TlaValue.parse(value))))
                .extracting(change -> change.part() + ": " + change.what())
                .containsExactly(expected.split(", (?=v)"));
    }
}
