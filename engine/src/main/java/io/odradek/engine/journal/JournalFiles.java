package io.odradek.engine.journal;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalFormat.Label;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The two files of a journal, in the log directory: how they are called, made, labelled and removed. */
final class JournalFiles {
    static final int HALVES = 2;
    private static final String PREFIX = "odradek-journal-";
    private static final String TEMPORARY = ".tmp";
    private static final Pattern NAME = Pattern.compile(Pattern.quote(PREFIX) + "(.+)\\.([01])(\\.tmp)?");
    private static final int ZEROS_BYTES = 1 << 20;

    private JournalFiles() {}

    /**
     * What a file's name says.
     *
     * @param half 0 or 1
     * @param made whether it is more than the beginning of one
     */
    record Named(String journal, int half, boolean made) {}

    static Path path(Path directory, String journal, int half) {
        return directory.resolve(PREFIX + journal + "." + half);
    }

    /** Null for a file that is no journal's. */
    static @Nullable Named parse(Path file) {
        String text = file.getFileName().toString();
        if (!text.startsWith(PREFIX)) {
            return null; // as most are
        }
        Matcher name = NAME.matcher(text);
        return name.matches() ? new Named(name.group(1), Integer.parseInt(name.group(2)), name.group(3) == null) : null;
    }

    /**
     * Makes both files, their bytes really written, so that a later {@code fdatasync} has no metadata to commit. Written in
     * small pieces, each synced: who syncs at the same time shall not wait for all of it. Returns when both are durable.
     */
    static void make(FileStore store, Path directory, String journal, Label label) throws IOException {
        for (int half = 0; half < HALVES; half++) {
            Path file = path(directory, journal, half);
            try (StoreFile made = store.open(temporary(file), FileStore.OpenMode.READ_WRITE)) {
                made.truncate(0);
                ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZEROS_BYTES, label.halfBytes()));
                for (long at = 0; at < label.halfBytes(); at += zeros.limit()) {
                    zeros.clear().limit((int) Math.min(zeros.capacity(), label.halfBytes() - at));
                    made.write(zeros, at);
                    made.sync();
                }
                made.write(JournalFormat.encode(label), 0);
                made.sync();
            }
            store.rename(temporary(file), file);
        }
        store.syncDirectory(directory);
    }

    /** Durable in both halves, one after the other, when it returns. */
    static void writeLabel(StoreFile[] halves, Label label) throws IOException {
        ByteBuffer block = JournalFormat.encode(label);
        for (StoreFile half : halves) {
            half.write(block.duplicate(), 0);
            half.sync();
        }
    }

    /** The files of a journal that holds nothing any more, or that was never finished; durable when the directory is synced. */
    static void remove(FileStore store, Path directory, String journal) throws IOException {
        for (int half = 0; half < HALVES; half++) {
            Path file = path(directory, journal, half);
            for (Path gone : new Path[] {temporary(file), file}) {
                if (store.exists(gone)) {
                    store.delete(gone);
                }
            }
        }
    }

    private static Path temporary(Path file) {
        return file.resolveSibling(file.getFileName() + TEMPORARY);
    }
}
