package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void everyTypeOfValueIsRead() {
        assertThat(Json.parse(" {\"a\": [1, -2, true, false, null], \"b\\n\\u00e9\": {}, \"c\": [\"\\\"\"]} "))
                .isEqualTo(new Json.Members(Map.of(
                        "a",
                        new Json.Elements(List.of(
                                new Json.Whole(1),
                                new Json.Whole(-2),
                                new Json.Truth(true),
                                new Json.Truth(false),
                                new Json.Nothing())),
                        "b\né",
                        new Json.Members(Map.of()),
                        "c",
                        new Json.Elements(List.of(new Json.Text("\""))))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1",
                "[1,]",
                "{\"a\"}",
                "{\"a\": 1, \"a\": 2}",
                "1 2",
                "\"open",
                "\"\\x\"",
                "\"\\u00g0\"",
                "1.5",
                "-",
                "tru",
                "{a: 1}",
                "\"\n\""
            })
    void whatIsNoJsonIsRefused(String text) {
        assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(Json.Malformed.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\": [1, -2, true, null], \"b\": {}}", "\"\\\" \\\\ \\u000a\"", "[]"})
    void aValueIsWrittenAsItIsRead(String text) {
        assertThat(Json.write(Json.parse(text))).isEqualTo(text);
    }

    @Test
    void theLineIsNamed() {
        assertThatThrownBy(() -> Json.parse("{\n\"a\": 1,\n?}")).hasMessageStartingWith("line 3:");
    }
}
