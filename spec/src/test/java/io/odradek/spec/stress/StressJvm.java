package io.odradek.spec.stress;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** JVMs that run stress tests, and other checks of a product that may have been changed. */
public final class StressJvm {
    /** Where they leave their files. */
    private static final Path DIRECTORY = Path.of("target", "stress");

    /** Only the second compiler, which moves what nothing orders: here at random, as jcstress has it in one of its modes. */
    private static final List<String> MOVE_WHAT_IS_NOT_ORDERED = List.of(
            "-XX:-TieredCompilation",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:+StressLCM",
            "-XX:+StressGCM",
            "-XX:+StressIGVN",
            "-XX:+StressCCP");

    private static final String ASSERTIONS = "-ea:io.odradek...";
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    /** @param lines what it printed */
    public record Ran(int exitCode, List<String> lines) {
        public boolean isRight() {
            return exitCode == 0;
        }

        @Override
        public String toString() {
            return String.join(System.lineSeparator(), lines);
        }
    }

    private StressJvm() {}

    public static String classPath() {
        return System.getProperty("java.class.path");
    }

    /** One {@link StressRound} of the tests that fit. */
    static Ran round(String classPath, String tests, int iterationMs, int iterations) throws Exception {
        List<String> command = java(classPath);
        // Serial: other collectors add fences to the writes of references, and take processors away.
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC"));
        command.addAll(MOVE_WHAT_IS_NOT_ORDERED);
        command.addAll(List.of(
                StressRound.class.getName(), tests, Integer.toString(iterationMs), Integer.toString(iterations)));
        return run(command, _ -> {});
    }

    /** Another program, that takes some seconds: by the class that has its {@code main}. */
    public static Ran program(String classPath, Class<?> main, List<String> arguments) throws Exception {
        List<String> command = java(classPath);
        // One compiler, the quicker one: there is no time in which the other would pay off.
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", main.getName()));
        command.addAll(arguments);
        return run(command, _ -> {});
    }

    /** jcstress as a whole: each test by each combination of interpreter and compilers for its actors, each in a JVM of its own. */
    static Ran jcstress(String tests, int iterationMs, int iterations, Consumer<String> progress) throws Exception {
        List<String> command = java(classPath());
        command.addAll(List.of(
                "org.openjdk.jcstress.Main",
                "-t",
                tests,
                "-m",
                "quick",
                "-time",
                Integer.toString(iterationMs),
                "-iters",
                Integer.toString(iterations),
                "-jvmArgsPrepend",
                ASSERTIONS + " " + NATIVE_ACCESS));
        return run(command, progress);
    }

    private static List<String> java(String classPath) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ArrayList<>(List.of(java, ASSERTIONS, NATIVE_ACCESS, "-cp", classPath));
    }

    private static Ran run(List<String> command, Consumer<String> progress) throws Exception {
        Files.createDirectories(DIRECTORY);
        Process process = new ProcessBuilder(command)
                .directory(DIRECTORY.toFile())
                .redirectErrorStream(true)
                .start();
        Thread endsWithUs = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(endsWithUs);
        try {
            List<String> lines = lines(process, progress);
            return new Ran(process.waitFor(), lines);
        } finally {
            Runtime.getRuntime().removeShutdownHook(endsWithUs);
        }
    }

    private static List<String> lines(Process process, Consumer<String> progress) throws IOException {
        List<String> lines = new ArrayList<>();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = output.readLine()) != null) {
                lines.add(line);
                progress.accept(line);
            }
        }
        return lines;
    }
}
