package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./odradek tla trace} says before it starts TLC. */
class TraceCommandTest {
    @TempDir
    private Path directory;

    @Test
    void aFileThatIsNoRunIsNamedWithItsLine() throws Exception {
        Path file = directory.resolve("run.ndjson");
        Files.writeString(file, "{\"event\": \"Begin\"}\n{\"event\": \"Write\", \"node\":}\n");
        assertThat(refused("trace", "Isr", file.toString())).contains(file + ":2: ");
    }

    @Test
    void aMachineThatHasNoRunsIsRefusedWithThoseThatHave() {
        assertThat(refused("trace", "Majority", "run.ndjson"))
                .contains("no runs of \"Majority\" can be checked, but of Controller, IdempotentProducer, Isr, Quorum,"
                        + " Truncation");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThat(refused("trace", "Isr", "none.ndjson")).contains("there is no file none.ndjson");
    }

    @Test
    void aScheduleThatIsNoneIsRefused() throws Exception {
        Path file = directory.resolve("schedule.json");
        Files.writeString(file, "{\"schedule\": \"Isr.fence\"}");
        assertThat(refused("trace", "Isr", file.toString())).contains(file + ": not a schedule");
    }

    private static String refused(String... arguments) {
        StringWriter said = new StringWriter();
        int code = TlaCommand.commandLine(Path.of(".."))
                .setErr(new PrintWriter(said))
                .execute(arguments);
        assertThat(code).isEqualTo(2);
        return said.toString();
    }
}
