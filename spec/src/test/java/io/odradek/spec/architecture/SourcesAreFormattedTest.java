package io.odradek.spec.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Main;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every source looks as the formatter would leave it, so that no change is about looks. */
class SourcesAreFormattedTest {
    private static final Set<String> NOT_OURS = Set.of("target", ".git", "node_modules", "data", ".idea");

    @Test
    void everySourceIsFormatted() throws Exception {
        Path root = repositoryRoot();
        List<Path> sources = sourcesUnder(root);
        assertThat(sources).hasSizeGreaterThan(50);
        if ("apply".equals(System.getProperty("odradek.format"))) { // ./odradek format
            assertThat(formatter("--replace", sources)).isEmpty();
        }
        assertThat(unformatted(sources))
                .as("files that the formatter would change; run ./odradek format in %s", root)
                .isEmpty();
    }

    @Test
    void aFileOutOfShapeIsFound(@TempDir Path directory) throws Exception {
        Path straight = Files.writeString(directory.resolve("Straight.java"), "class Straight {}\n");
        Path crooked = Files.writeString(directory.resolve("Crooked.java"), "class   Crooked {\n  int a ; }\n");
        assertThat(unformatted(List.of(straight, crooked))).containsExactly(crooked.toString());
    }

    /** The formatter's own program, asked which files it would change: the same options as the command that changes them. */
    private static List<String> unformatted(List<Path> sources) throws Exception {
        return formatter("--dry-run", sources);
    }

    private static List<String> formatter(String mode, List<Path> sources) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--palantir", mode));
        sources.forEach(source -> arguments.add(source.toString()));
        StringWriter changed = new StringWriter();
        StringWriter errors = new StringWriter();
        new Main(new PrintWriter(changed, true), new PrintWriter(errors, true), InputStream.nullInputStream())
                .format(arguments.toArray(String[]::new));
        assertThat(errors.toString()).as("what the formatter could not read").isEmpty();
        return changed.toString().lines().sorted().toList();
    }

    /** Tests run in their module's directory, an IDE may run them in the root. */
    private static Path repositoryRoot() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("engine")) || !Files.isDirectory(directory.resolve("spec"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no directory above " + Path.of("").toAbsolutePath() + " holds the modules");
            }
            directory = parent;
        }
        return directory;
    }

    private static List<Path> sourcesUnder(Path root) throws IOException {
        List<Path> sources = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                boolean skipped = NOT_OURS.contains(String.valueOf(directory.getFileName())) && !directory.equals(root);
                return skipped && !insideSources(root, directory)
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".java")) {
                    sources.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return sources;
    }

    /** A package may be called data or target. */
    private static boolean insideSources(Path root, Path directory) {
        for (Path name : root.relativize(directory)) {
            if (name.toString().equals("src")) {
                return true;
            }
        }
        return false;
    }
}
