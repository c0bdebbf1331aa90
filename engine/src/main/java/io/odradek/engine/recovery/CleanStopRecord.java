package io.odradek.engine.recovery;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.Crc32c;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which a clean stop writes down what is in the directory of each log, so that the next start looks whether it still is
 * so instead of reading it together from many small files.
 *
 * <pre>
 *  0 int   CRC-32C of 4..end
 *  4 int   0x4F644373 "OdCs"
 *  8 int   version 1
 * 12 16 bytes  the stop's id
 * 28 int   logs; each:
 *      short   length of the directory's name
 *      ...     the name, ASCII
 *      int     length of what follows
 *      ...     {@link StoppedLog}
 * </pre>
 *
 * Kafka's marker of a clean stop names the id. Whoever else opens the directory removes the marker, and writes one of his own that
 * names none: then this file is void. Any thread.
 */
public final class CleanStopRecord {
    public static final String FILE_NAME = ".odradek-clean-stop";

    private static final Logger LOG = LoggerFactory.getLogger(CleanStopRecord.class);
    private static final int MAGIC = 0x4F644373;
    private static final int VERSION = 1;
    private static final int MAGIC_AT = 4;
    private static final int VERSION_AT = 8;
    private static final int ID_AT = 12;
    private static final int LOGS_AT = 28;

    /** By name of the directory; what was not asked for yet is not taken apart yet. */
    private final Map<String, ByteBuffer> logs = new ConcurrentHashMap<>();

    private CleanStopRecord() {}

    /** One that says nothing. */
    public static CleanStopRecord none() {
        return new CleanStopRecord();
    }

    // ---- at the stop

    /** Adds what was found of the log in a directory of this name. */
    public void put(String directoryName, StoppedLog log) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        log.write(new DataOutputStream(bytes));
        logs.put(directoryName, ByteBuffer.wrap(bytes.toByteArray()));
    }

    /** Takes over what {@code earlier} says of directories that are still there and have no entry here: nobody has opened them. */
    public void keep(CleanStopRecord earlier, FileStore store, Path directory) {
        earlier.logs.forEach((name, log) -> {
            if (store.isDirectory(directory.resolve(name))) {
                logs.putIfAbsent(name, log);
            }
        });
    }

    /** Writes it under the name of a temporary file, synced: {@link #publish} has to follow. */
    public void prepare(FileStore store, Path directory, UUID id) throws IOException {
        try (StoreFile written = store.open(temporary(directory), OpenMode.READ_WRITE)) {
            written.truncate(0);
            written.append(new ByteBuffer[] {encode(id)}, 1);
            written.sync();
        }
    }

    /** Gives it its name; durable when the directory is synced. */
    public static void publish(FileStore store, Path directory) throws IOException {
        store.rename(temporary(directory), directory.resolve(FILE_NAME));
    }

    private static Path temporary(Path directory) {
        return directory.resolve(FILE_NAME + ".tmp");
    }

    private ByteBuffer encode(UUID id) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(0);
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeLong(id.getMostSignificantBits());
        out.writeLong(id.getLeastSignificantBits());
        out.writeInt(logs.size());
        for (Map.Entry<String, ByteBuffer> log : logs.entrySet()) {
            byte[] name = log.getKey().getBytes(StandardCharsets.UTF_8);
            ByteBuffer content = log.getValue();
            out.writeShort(name.length);
            out.write(name);
            out.writeInt(content.remaining());
            out.write(content.array(), content.arrayOffset() + content.position(), content.remaining());
        }
        ByteBuffer record = ByteBuffer.wrap(bytes.toByteArray());
        return record.putInt(0, Crc32c.of(record, MAGIC_AT, record.limit() - MAGIC_AT));
    }

    // ---- at the start

    /**
     * Reads the record of the stop whose marker was found.
     *
     * @param id what the marker names; null when it names none
     * @return one that says nothing when there is none of this stop that can be read: the logs tell by themselves
     */
    public static CleanStopRecord read(FileStore store, Path directory, @Nullable UUID id) {
        CleanStopRecord record = none();
        if (id == null) {
            return record;
        }
        Path file = directory.resolve(FILE_NAME);
        try {
            String problem = record.decode(StoppedLog.read(store, file), id);
            if (problem != null) {
                report(file, problem);
            }
        } catch (NoSuchFileException missing) {
            report(file, "it is missing");
        } catch (IOException unreadable) {
            report(file, String.valueOf(unreadable.getMessage()));
        }
        return record;
    }

    private static void report(Path file, String problem) {
        LOG.warn(
                "Not using {}: {}. The start takes longer, and whether sealed segments were changed since the clean"
                        + " stop is not looked at",
                file,
                problem);
    }

    /** Returns why it is not what the stop has written, and has taken nothing from it then; null when it is. */
    private @Nullable String decode(ByteBuffer in, UUID id) {
        if (in.limit() < LOGS_AT + Integer.BYTES || in.getInt(MAGIC_AT) != MAGIC) {
            return "it is no record of a clean stop";
        }
        int computed = Crc32c.of(in, MAGIC_AT, in.limit() - MAGIC_AT);
        if (in.getInt(0) != computed) {
            return "it has CRC " + Integer.toHexString(computed) + ", its header says "
                    + Integer.toHexString(in.getInt(0));
        }
        if (in.getInt(VERSION_AT) != VERSION) {
            return "it has version " + in.getInt(VERSION_AT) + ", expected " + VERSION;
        }
        if (!id.equals(new UUID(in.getLong(ID_AT), in.getLong(ID_AT + Long.BYTES)))) {
            return "it is of another stop than the marker";
        }
        in.position(LOGS_AT);
        int count = in.getInt();
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[in.getShort()];
            in.get(name);
            int length = in.getInt();
            logs.put(new String(name, StandardCharsets.UTF_8), in.slice(in.position(), length));
            in.position(in.position() + length);
        }
        return null;
    }

    /** What is known of the log in a directory of this name; null when nothing is. */
    public @Nullable StoppedLog get(String directoryName) {
        ByteBuffer log = logs.get(directoryName);
        return log == null ? null : StoppedLog.read(log.duplicate());
    }

    /** The log was opened, or is no more: what was written down says nothing any longer. */
    public void forget(String directoryName) {
        logs.remove(directoryName);
    }
}
