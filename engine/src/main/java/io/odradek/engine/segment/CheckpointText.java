package io.odradek.engine.segment;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Kafka's small text files, version 0, and how any small file is replaced so that a crash leaves the old one or the new one.
 *
 * <pre>
 *  0            version
 *  2            number of lines that follow
 *  ...          one entry per line
 * </pre>
 */
public final class CheckpointText {
    private static final String VERSION = "0";

    private CheckpointText() {}

    public static String encode(List<String> entries) {
        StringBuilder text =
                new StringBuilder(VERSION).append('\n').append(entries.size()).append('\n');
        for (String entry : entries) {
            text.append(entry).append('\n');
        }
        return text.toString();
    }

    /** @throws CorruptLogException when version, count and lines do not fit each other */
    public static List<String> parse(Path file, String text) throws CorruptLogException {
        List<String> lines = text.lines().toList();
        if (lines.size() < 2) {
            throw new CorruptLogException(
                    file, -1, -1, "a checkpoint has a version and a count; this has " + lines.size() + " lines");
        }
        if (!lines.getFirst().strip().equals(VERSION)) {
            throw new CorruptLogException(
                    file, -1, -1, "checkpoint version " + lines.getFirst() + " is unknown, expected " + VERSION);
        }
        List<String> entries = lines.subList(2, lines.size());
        if (!lines.get(1).strip().equals(Integer.toString(entries.size()))) {
            throw new CorruptLogException(
                    file, -1, -1, "the checkpoint announces " + lines.get(1) + " entries and has " + entries.size());
        }
        return entries;
    }

    /** The whole of a small text file. */
    public static String read(FileStore store, Path file) throws IOException {
        try (StoreFile opened = store.open(file, OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(opened.size()));
            opened.read(content, 0);
            return new String(content.array(), 0, content.position(), StandardCharsets.UTF_8);
        }
    }

    /** Writes {@code <file>.tmp}, syncs it, renames it over {@code file} and syncs the directory. */
    public static void replace(FileStore store, Path file, String text) throws IOException {
        Path directory = directoryOf(file);
        prepare(store, file, text, true);
        publish(store, file);
        store.syncDirectory(directory);
    }

    /** Writes {@code <file>.tmp}; when not {@code durably}, it has to be synced before {@link #publish}. */
    public static void prepare(FileStore store, Path file, String text, boolean durably) throws IOException {
        try (StoreFile written = store.open(temporary(file), OpenMode.READ_WRITE)) {
            written.truncate(0);
            written.append(new ByteBuffer[] {ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))}, 1);
            if (durably) {
                written.sync();
            }
        }
    }

    /** Renames {@code <file>.tmp} over {@code file}; durable once the directory is synced. */
    public static void publish(FileStore store, Path file) throws IOException {
        store.rename(temporary(file), file);
    }

    private static Path temporary(Path file) {
        return file.resolveSibling(file.getFileName() + SegmentNames.TEMPORARY);
    }

    private static Path directoryOf(Path file) {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(file + " names no directory");
        }
        return parent;
    }
}
