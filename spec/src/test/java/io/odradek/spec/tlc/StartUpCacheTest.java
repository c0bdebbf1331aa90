package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("tlc")
class StartUpCacheTest {
    private static final String CACHE = "-XX:AOTCache=";
    private static final TlcJvm JVMS = new TlcJvm(List.of(Path.of("..", "tla")), Path.of("target", "tla", "start"));

    @TempDir
    private Path directory;

    @Test
    void classesOfTlcAndOursComeFromIt() throws Exception {
        assertThat(cache()).exists();
        assertThat(loadedFromIt(JVMS.startUp().jvmOptions()))
                .anyMatch(line -> line.contains(" tlc2.TLC "))
                .anyMatch(line -> line.contains(" " + CheckedTlc.class.getName() + " "));
    }

    @Test
    void oneThatIsMissingOrCutIsNotSpokenOf() throws Exception {
        Path cut = directory.resolve("cut.aot");
        byte[] whole = Files.readAllBytes(cache());
        Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
        String missing = said(with(directory.resolve("missing.aot")));
        assertThat(said(JVMS.startUp().jvmOptions())).isEqualTo(missing);
        assertThat(said(with(cut))).isEqualTo(missing);
    }

    /** What TLC says when it is asked for nothing, and with it what the JVM says. */
    private static String said(List<String> jvmOptions) throws Exception {
        return String.join("\n", run(jvmOptions)).replaceAll("\\d+ms|\\(?20\\d\\d-\\S+ \\S+\\)?", "");
    }

    private static List<String> loadedFromIt(List<String> jvmOptions) throws Exception {
        List<String> options = new ArrayList<>(jvmOptions);
        options.add("-Xlog:class+load");
        return run(options).stream()
                .filter(line -> line.contains("shared objects file"))
                .toList();
    }

    private static List<String> run(List<String> jvmOptions) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseParallelGC");
        command.addAll(jvmOptions);
        command.addAll(List.of(CheckedTlc.class.getName(), "-tool", "-noSuchOption"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        process.waitFor();
        assertThat(lines).isNotEmpty();
        return lines;
    }

    private static List<String> with(Path other) throws Exception {
        return JVMS.startUp().jvmOptions().stream()
                .map(option -> option.startsWith(CACHE) ? CACHE + other : option)
                .toList();
    }

    private static Path cache() throws Exception {
        return JVMS.startUp().jvmOptions().stream()
                .filter(option -> option.startsWith(CACHE))
                .map(option -> Path.of(option.substring(CACHE.length())))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is none"));
    }
}
