package io.odradek.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class JmhCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter errors = new StringWriter();

    private int call(String... arguments) {
        return new CommandLine(new JmhCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(errors, true))
                .execute(arguments);
    }

    @Test
    void withoutASuiteAllAreListed() {
        assertThat(call()).isZero();
        assertThat(out.toString().lines()).hasSameSizeAs(Suite.ALL);
        assertThat(out.toString()).contains("append-sync").contains("recovery");
    }

    @Test
    void anUnknownSuiteIsRefusedWithThoseThereAre() {
        assertThat(call("append", "apend")).isEqualTo(2);
        assertThat(errors.toString()).contains("there is no suite apend").contains("group-sync");
    }

    @Test
    void anUnknownParameterIsRefusedWithThoseThereAre() {
        assertThat(call("append", "-p", "submitters=1")).isEqualTo(2);
        assertThat(errors.toString()).contains("-p submitters").contains("partitions, shape, volumeMiB");
    }

    @Test
    void countsThatMeanNothingAreRefused() {
        assertThat(call("append", "--forks", "0")).isEqualTo(2);
        assertThat(call("append", "--iterations", "0")).isEqualTo(2);
        assertThat(call("append", "--warm-ups", "-1")).isEqualTo(2);
        assertThat(errors.toString()).contains("--forks 0 is less than 1", "--iterations 0", "--warm-ups -1");
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsRefusedBeforeAnythingRuns(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "in the way");

        assertThat(call("append", "--dir", file.resolve("below").toString())).isEqualTo(2);
        assertThat(errors.toString()).contains("cannot write there").contains("file");
    }
}
