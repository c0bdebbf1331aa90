package io.odradek.spec.stress;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A change of the product that breaks what a check looks after.
 *
 * @param check the test that has to notice
 * @param what is wrong then
 * @param source the changed file, from the repository's root
 * @param was lines that the file has once; how they are indented does not matter
 * @param becomes what they become
 */
public record PlantedMistake(String check, String what, String source, String was, String becomes) {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String SOURCES = "src/main/java/";

    /** How often the file has what is to be changed: once, or the mistake can't be planted any more. */
    public int places() throws IOException {
        String text = lines(text());
        String wanted = lines(was);
        int places = 0;
        for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
            places++;
        }
        return places;
    }

    /** Compiles the changed file into {@code directory}; returns the class path that begins there. */
    public String plant(Path directory) throws IOException {
        deleteTree(directory);
        String name = source.substring(source.indexOf(SOURCES) + SOURCES.length());
        Path changed = directory.resolve("src").resolve(name);
        Files.createDirectories(changed.getParent());
        Files.writeString(changed, lines(text()).replace(lines(was), lines(becomes)));
        Path classes = Files.createDirectories(directory.resolve("classes")).toAbsolutePath();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            said,
                            files,
                            null,
                            List.of("-proc:none", "-nowarn", "-cp", StressJvm.classPath(), "-d", classes.toString()),
                            null,
                            files.getJavaFileObjects(changed))
                    .call();
            if (!compiled) {
                throw new IllegalStateException(this + " does not compile: " + said);
            }
        }
        return classes + File.pathSeparator + StressJvm.classPath();
    }

    private String text() throws IOException {
        return Files.readString(ROOT.resolve(source));
    }

    private static String lines(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    private static void deleteTree(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> tree = Files.walk(directory)) {
                for (Path gone : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(gone);
                }
            }
        }
    }

    @Override
    public String toString() {
        return check + ": " + what;
    }
}
