package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.TreeMap;

/** Kafka's checkpoint of one offset per partition: lines of topic, partition, offset. Maps are keyed by directory name. */
final class OffsetCheckpoint {
    private OffsetCheckpoint() {}

    /** Empty when the file is missing; mutable. */
    static Map<String, Long> read(FileStore store, Path file) throws IOException {
        return store.exists(file) ? parse(file, CheckpointText.read(store, file)) : new TreeMap<>();
    }

    static Map<String, Long> parse(Path file, String text) throws CorruptLogException {
        Map<String, Long> offsets = new TreeMap<>();
        for (String line : CheckpointText.parse(file, text)) {
            StringTokenizer columns = new StringTokenizer(line);
            try {
                if (columns.countTokens() != 3) {
                    throw new NumberFormatException();
                }
                offsets.put(
                        columns.nextToken() + "-" + Integer.parseInt(columns.nextToken()),
                        Long.parseLong(columns.nextToken()));
            } catch (NumberFormatException e) {
                throw new CorruptLogException(file, -1, -1, "'" + line + "' is not a topic, a partition and an offset");
            }
        }
        return offsets;
    }

    static String encode(Map<String, Long> offsets) {
        List<String> lines = new ArrayList<>(offsets.size());
        offsets.forEach((name, offset) -> {
            int dash = name.lastIndexOf('-');
            lines.add(name.substring(0, dash) + " " + name.substring(dash + 1) + " " + offset);
        });
        return CheckpointText.encode(lines);
    }

    static void write(FileStore store, Path file, Map<String, Long> offsets) throws IOException {
        CheckpointText.replace(store, file, encode(offsets));
    }
}
