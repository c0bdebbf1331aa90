package io.odradek.engine.recovery;

import io.odradek.engine.LogConfig;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.NotedStore;
import io.odradek.engine.recovery.LogRecovery.Remembered;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.WrittenSegment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The files of one log as a process left them, and what opens them. */
final class StoredLog implements AutoCloseable {
    static final int BATCH_BYTES = 100;
    /** Every second batch has an index entry, beginning with the third. */
    static final int INTERVAL = 150;

    final NotedStore store = new NotedStore(new DiskFileStore());
    final Path directory;
    LogConfig config = LogConfig.defaults().withIndexIntervalBytes(INTERVAL);
    private final NavigableMap<Long, WrittenSegment> segments = new TreeMap<>();
    private final List<RecoveredLog> opened = new ArrayList<>();

    StoredLog(Path directory) {
        this.directory = directory;
    }

    /** Adds a segment of {@code batches} batches, each two records in {@link #BATCH_BYTES} bytes, leader epoch 4. */
    StoredLog segment(long baseOffset, int batches) throws IOException {
        return written(new WrittenSegment(directory, baseOffset, INTERVAL).filled(batches));
    }

    /** Adds a segment with its indexes as a roll or a clean stop writes them. */
    StoredLog written(WrittenSegment segment) throws IOException {
        segment.active.finishTimeIndex();
        segment.active.persistIndexes(true);
        segment.close();
        segments.put(segment.active.baseOffset(), segment);
        return this;
    }

    /** Such as {@code "4 0", "7 12"}. */
    StoredLog epochs(String... lines) throws IOException {
        Files.writeString(epochsFile(), "0\n" + lines.length + "\n" + String.join("\n", lines) + "\n");
        return this;
    }

    Path epochsFile() {
        return directory.resolve(LeaderEpochs.FILE_NAME);
    }

    WrittenSegment at(long baseOffset) {
        WrittenSegment segment = segments.get(baseOffset);
        if (segment == null) {
            throw new AssertionError("no segment at " + baseOffset);
        }
        return segment;
    }

    Path path(long baseOffset, String suffix) {
        return SegmentNames.in(directory, baseOffset, suffix);
    }

    /** After a crash with this recovery point in the checkpoint, and nothing else. */
    static Remembered crashed(long recoveryPoint) {
        return new Remembered(false, recoveryPoint, 0, 0, 0);
    }

    /** After a clean stop of a log that ended there. */
    static Remembered stopped(long logEndOffset) {
        return new Remembered(true, logEndOffset, 0, logEndOffset, 0);
    }

    RecoveredLog open(Remembered remembered) throws IOException {
        store.operations.clear();
        RecoveredLog log = LogRecovery.open(store, directory, config, remembered, null, 0);
        opened.add(log);
        return log;
    }

    /** Content of each file, by name. */
    Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                contents.put(file.getFileName().toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    @Override
    public void close() {
        for (RecoveredLog log : opened) {
            List<Segment> all = new ArrayList<>(log.sealed());
            all.add(log.active());
            all.stream()
                    .filter(segment -> !segment.files().isRemoved())
                    .forEach(segment -> segment.files().remove());
        }
    }
}
