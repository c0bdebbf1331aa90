package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.recovery.CleanStopRecord;
import io.odradek.engine.segment.CheckpointText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a clean stop leaves in a log directory besides the logs: Kafka's marker, and the record of what lies in each log's
 * directory, which the marker names.
 *
 * <p>The marker says {@code {"version":0,"brokerEpoch":12}}. Its being there is what counts for the logs; the epoch lets a broker
 * show its controller that it has lost nothing since (KIP-966). Kafka before 3.7 left it empty.
 */
final class CleanStop {
    private static final String MARKER = ".kafka_cleanshutdown";
    static final long UNKNOWN = -1;

    /** Kafka passes over what it does not know. */
    private static final Pattern RECORD = Pattern.compile("\"odradekRecord\"\\s*:\\s*\"([0-9a-f-]{36})\"\\s*[,}]");

    private static final Pattern VERSION = field("version");
    private static final Pattern BROKER_EPOCH = field("brokerEpoch");

    private final boolean marked;
    private final long brokerEpoch;
    private final CleanStopRecord logs;

    private CleanStop(boolean marked, long brokerEpoch, CleanStopRecord logs) {
        this.marked = marked;
        this.brokerEpoch = brokerEpoch;
        this.logs = logs;
    }

    // ---- at the start

    /** What the last stop has left, if it was clean. */
    static CleanStop find(FileStore store, Path directory) throws IOException {
        Path marker = directory.resolve(MARKER);
        boolean marked = store.exists(marker);
        String said = marked ? CheckpointText.read(store, marker) : "";
        return new CleanStop(marked, brokerEpoch(said), CleanStopRecord.read(store, directory, recordId(said)));
    }

    /** Whether the last stop was one. */
    boolean happened() {
        return marked;
    }

    /** Of the broker that stopped; {@link #UNKNOWN} when nobody says. */
    long brokerEpoch() {
        return brokerEpoch;
    }

    /** Of logs that were not opened yet. */
    CleanStopRecord logs() {
        return logs;
    }

    /** Removes what was found, so that from here on a crash is a crash; durable when the directory is synced. */
    void remove(FileStore store, Path directory) throws IOException {
        if (marked) {
            store.delete(directory.resolve(MARKER));
        }
        Path record = directory.resolve(CleanStopRecord.FILE_NAME);
        if (store.exists(record)) {
            store.delete(record);
        }
    }

    // ---- at the stop

    /** The last that is written: everything {@code logs} speaks of is durable. */
    static void leave(FileStore store, Path directory, long brokerEpoch, CleanStopRecord logs) throws IOException {
        UUID recordId = UUID.randomUUID();
        logs.prepare(store, directory, recordId);
        CleanStopRecord.publish(store, directory);
        // Makes both names durable. One without the other is worth nothing.
        CheckpointText.replace(store, directory.resolve(MARKER), text(brokerEpoch, recordId));
    }

    // ---- what the marker says

    private static Pattern field(String name) {
        return Pattern.compile("\"" + name + "\"\\s*:\\s*(-?[0-9]{1,19})\\s*[,}]");
    }

    private static String text(long brokerEpoch, UUID recordId) {
        return "{\"version\":0,\"brokerEpoch\":" + brokerEpoch + ",\"odradekRecord\":\"" + recordId + "\"}";
    }

    /** Null for a marker of somebody else's. */
    private static @Nullable UUID recordId(String text) {
        Matcher record = RECORD.matcher(text);
        return record.find() ? UUID.fromString(record.group(1)) : null;
    }

    /** {@link #UNKNOWN} for a marker that doesn't say, or that another version wrote: a guess could claim what is lost. */
    private static long brokerEpoch(String text) {
        Matcher version = VERSION.matcher(text);
        Matcher epoch = BROKER_EPOCH.matcher(text);
        if (!version.find() || !version.group(1).equals("0") || !epoch.find()) {
            return UNKNOWN;
        }
        try {
            return Math.max(UNKNOWN, Long.parseLong(epoch.group(1)));
        } catch (NumberFormatException tooLarge) {
            return UNKNOWN;
        }
    }
}
