package io.odradek.bench.jmh;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A directory as a crash has left it, to be recovered again and again. Recovering and stopping changes everything but the segments,
 * which end at a batch: all other files are kept here, in memory, and put back.
 */
final class CrashedLogs {
    private final Path directory;
    private final Map<Path, Content> kept = new HashMap<>();

    private static final byte[] ZEROS = new byte[4096];

    /** Kafka's index files are as long as they may become, and zero behind their entries. */
    private record Content(byte[] head, long length) {
        static Content of(Path file) throws IOException {
            byte[] bytes = Files.readAllBytes(file);
            int end = bytes.length;
            while (end >= ZEROS.length && Arrays.equals(bytes, end - ZEROS.length, end, ZEROS, 0, ZEROS.length)) {
                end -= ZEROS.length;
            }
            return new Content(Arrays.copyOf(bytes, end), bytes.length);
        }

        void writeTo(Path file) throws IOException {
            Files.write(file, head);
            try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
                opened.setLength(length);
            }
        }
    }

    /** @param survives by file name, of those that are no segments */
    CrashedLogs(Path directory, Predicate<String> survives) throws IOException {
        this.directory = directory;
        syncSegments();
        forEachOther(file -> {
            if (survives.test(file.getFileName().toString())) {
                kept.put(file, Content.of(file));
            }
        });
    }

    /** Else the kernel would write them while they are read. */
    private void syncSegments() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(CrashedLogs::isSegment).toList()) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.force(false);
                }
            }
        }
    }

    private static boolean isSegment(Path file) {
        return file.toString().endsWith(".log");
    }

    private interface Visit {
        void of(Path file) throws IOException;
    }

    private void forEachOther(Visit visit) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!isSegment(file)) {
                    visit.of(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** As the crash left it. Nothing in it may be open. */
    void putBack() throws IOException {
        forEachOther(Files::delete);
        for (Map.Entry<Path, Content> file : kept.entrySet()) {
            file.getValue().writeTo(file.getKey());
        }
    }
}
