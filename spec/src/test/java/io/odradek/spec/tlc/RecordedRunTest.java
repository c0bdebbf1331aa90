package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordedRunTest {
    private static final String BEGIN = "{\"event\": \"Begin\", \"constants\": {\"MinIsr\": 1}}";

    @Test
    void aRunIsItsLines() {
        RecordedRun run = RecordedRun.parse("a.ndjson", List.of(BEGIN, "{\"event\": \"Write\", \"node\": \"r1\"}"));
        assertThat(run.constants()).containsEntry("MinIsr", new Json.Whole(1));
        assertThat(run.event(2)).containsEntry("node", new Json.Text("r1"));
        assertThat(run.lines()).hasSize(2).first().isEqualTo(BEGIN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "{\"event\": > a.ndjson:2: ",
                "[] > a.ndjson:2: an event is an object",
                "{\"node\": \"r1\"} > a.ndjson:2: \"event\" is missing",
                "{\"event\": 1} > a.ndjson:2: \"event\" is missing",
                "{\"event\": \"Write\", \"leo\": 1.5} > a.ndjson:2: "
            })
    void aLineThatIsNoEventIsNamed(String line, String message) {
        assertThatThrownBy(() -> RecordedRun.parse("a.ndjson", List.of(BEGIN, line)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aRunHasABeginning() {
        assertThatThrownBy(() -> RecordedRun.parse("a.ndjson", List.of()))
                .hasMessageContaining("a.ndjson:1: a run begins with");
        assertThatThrownBy(() -> RecordedRun.parse("a.ndjson", List.of("{\"event\": \"Write\"}")))
                .hasMessageContaining("a.ndjson:1: a run begins with");
        assertThatThrownBy(() -> RecordedRun.parse("a.ndjson", List.of("{\"event\": \"Begin\", \"constants\": []}")))
                .hasMessageContaining("a.ndjson:1: \"constants\" wants an object");
    }
}
