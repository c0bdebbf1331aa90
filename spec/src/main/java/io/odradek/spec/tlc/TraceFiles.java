package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Recorded runs, as files of newline-delimited JSON. */
final class TraceFiles {
    private static final String SUFFIX = ".ndjson";

    private TraceFiles() {}

    static List<Path> in(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        }
    }

    /** In the order in which they are read again. */
    static void write(Path directory, List<RecordedRun> runs) throws IOException {
        for (int i = 0; i < runs.size(); i++) {
            Files.write(
                    directory.resolve(String.format(Locale.ROOT, "%06d", i) + SUFFIX),
                    runs.get(i).lines());
        }
    }
}
