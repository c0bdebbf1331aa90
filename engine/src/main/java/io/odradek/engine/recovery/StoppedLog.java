package io.odradek.engine.recovery;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.FileStore.Status;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SegmentNames;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a clean stop has written down of one log: which files were in its directory, how large and when last changed, and what the
 * small ones hold that a start reads. A start that finds them so need not list the directory, nor open the small files.
 *
 * <pre>
 *  16 bytes  topic id
 *  long      when the directory was last changed, ns
 *  byte      1: nothing in it is a leftover
 *  long      max timestamp of the first batch of the active segment, -1: none
 *  int       files, in the order of their names; each:
 *    short     length of the name
 *    ...       the name, ASCII
 *    long      bytes of the file
 *    long      when it was last changed, ns
 *    short     length of the content that follows, -1: it is not here
 * </pre>
 *
 * Times tell whether somebody changed a file; they are never a reason to refuse a log. Sizes of sealed segments are: all there was
 * had been synced, and nobody who knows Kafka's marker of a clean stop has been there since.
 */
public final class StoppedLog {
    /** A file up to this size is kept whole: one of Kafka's text files, the index of a segment of half a MiB. */
    static final int CONTENT_UP_TO = 1024;

    private static final int NO_CONTENT = -1;

    /** @param content null when it has to be read from the file */
    private record StoppedFile(
            String name,
            long sizeBytes,
            long modifiedNs,
            @Nullable ByteBuffer content) {

        boolean isAsItWas(@Nullable Status now) {
            return now != null && !now.isDirectory() && now.sizeBytes() == sizeBytes && now.modifiedNs() == modifiedNs;
        }
    }

    private final UUID topicId;
    private final long directoryModifiedNs;
    private final boolean tidy;
    private final long firstTimestamp;
    private final List<StoppedFile> files;

    private StoppedLog(
            UUID topicId, long directoryModifiedNs, boolean tidy, long firstTimestamp, List<StoppedFile> files) {
        this.topicId = topicId;
        this.directoryModifiedNs = directoryModifiedNs;
        this.tidy = tidy;
        this.firstTimestamp = firstTimestamp;
        this.files = files;
    }

    // ---- at the stop

    /**
     * Looks at the log in {@code directory}, which nobody changes any more; null when files come and go all the same.
     *
     * @param firstTimestamp max timestamp of the first batch of the active segment
     */
    public static @Nullable StoppedLog of(FileStore store, Path directory, UUID topicId, long firstTimestamp)
            throws IOException {
        Status status = store.status(directory); // before the listing: what comes later is seen by its time
        List<Path> found = store.list(directory);
        if (status == null) {
            return null;
        }
        String active = newest(found, SegmentNames.LOG);
        String producers = newest(found, SegmentNames.PRODUCER_SNAPSHOT);
        List<StoppedFile> files = new ArrayList<>(found.size());
        for (Path file : found) {
            String name = nameOf(file);
            Status now = store.status(file);
            if (now == null) {
                return null;
            }
            if (now.isDirectory()) {
                continue; // none of ours
            }
            boolean isRead = name.equals(LeaderEpochs.FILE_NAME)
                    || name.equals(producers)
                    || (active != null && isIndexOf(active, name));
            ByteBuffer content = isRead && now.sizeBytes() <= CONTENT_UP_TO ? read(store, file) : null;
            files.add(new StoppedFile(name, now.sizeBytes(), now.modifiedNs(), content));
        }
        return new StoppedLog(topicId, status.modifiedNs(), Leftovers.none(found), firstTimestamp, files);
    }

    private static boolean isIndexOf(String log, String name) {
        int stem = log.length() - SegmentNames.LOG.length();
        return name.regionMatches(0, log, 0, stem)
                && (name.endsWith(SegmentNames.OFFSET_INDEX) || name.endsWith(SegmentNames.TIME_INDEX));
    }

    /** Of the files that are named by an offset and {@code suffix}; they are listed in order. */
    private static @Nullable String newest(List<Path> files, String suffix) {
        for (Path file : files.reversed()) {
            if (SegmentNames.baseOffset(nameOf(file), suffix).isPresent()) {
                return nameOf(file);
            }
        }
        return null;
    }

    static ByteBuffer read(FileStore store, Path file) throws IOException {
        try (StoreFile opened = store.open(file, OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(opened.size()));
            opened.read(content, 0);
            return content.flip();
        }
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }

    // ---- on the disk

    public void write(DataOutputStream out) throws IOException {
        out.writeLong(topicId.getMostSignificantBits());
        out.writeLong(topicId.getLeastSignificantBits());
        out.writeLong(directoryModifiedNs);
        out.writeByte(tidy ? 1 : 0);
        out.writeLong(firstTimestamp);
        out.writeInt(files.size());
        for (StoppedFile file : files) {
            byte[] name = file.name().getBytes(StandardCharsets.UTF_8);
            out.writeShort(name.length);
            out.write(name);
            out.writeLong(file.sizeBytes());
            out.writeLong(file.modifiedNs());
            ByteBuffer content = file.content();
            out.writeShort(content == null ? NO_CONTENT : content.remaining());
            if (content != null) {
                out.write(content.array(), content.arrayOffset() + content.position(), content.remaining());
            }
        }
    }

    /**
     * Takes what {@link #write} wrote from {@code in}; contents are slices of it.
     *
     * @throws BufferUnderflowException it is something else
     */
    public static StoppedLog read(ByteBuffer in) {
        UUID topicId = new UUID(in.getLong(), in.getLong());
        long directoryModifiedNs = in.getLong();
        boolean tidy = in.get() == 1;
        long firstTimestamp = in.getLong();
        int count = in.getInt();
        List<StoppedFile> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[in.getShort()];
            in.get(name);
            long sizeBytes = in.getLong();
            long modifiedNs = in.getLong();
            int length = in.getShort();
            ByteBuffer content = null;
            if (length != NO_CONTENT) {
                content = in.slice(in.position(), length);
                in.position(in.position() + length);
            }
            files.add(new StoppedFile(new String(name, StandardCharsets.UTF_8), sizeBytes, modifiedNs, content));
        }
        return new StoppedLog(topicId, directoryModifiedNs, tidy, firstTimestamp, files);
    }

    // ---- at the start

    public UUID topicId() {
        return topicId;
    }

    /** Max timestamp of the active segment's first batch. */
    long firstTimestamp() {
        return firstTimestamp;
    }

    /** Whether {@code name} in {@code directory} is what it was, as far as size and time tell. */
    public boolean isAsItWas(FileStore store, Path directory, String name) throws IOException {
        for (StoppedFile file : files) {
            if (file.name().equals(name)) {
                return file.isAsItWas(store.status(directory.resolve(name)));
            }
        }
        return false;
    }

    /**
     * Looks whether the log is still what was written down, as far as sizes and times tell: then {@link #paths} and {@link #content}
     * may be used. What has no content here is not looked at, but for segments: it will be read from its file.
     *
     * @param logStartOffset segments that end below it may be gone
     * @throws CorruptLogException a sealed segment is missing or has another size
     */
    boolean isAsItWas(FileStore store, Path directory, long logStartOffset) throws IOException {
        Status now = store.status(directory);
        boolean same = tidy && now != null && now.isDirectory() && now.modifiedNs() == directoryModifiedNs;
        long nextBase = -1; // behind the active segment there is none
        for (StoppedFile file : files.reversed()) {
            OptionalLong base = SegmentNames.baseOffset(file.name(), SegmentNames.LOG);
            if (base.isPresent()) {
                same &= isAsItWas(store, directory, file, nextBase > logStartOffset);
                nextBase = base.getAsLong();
            } else if (same && file.content() != null) {
                same = file.isAsItWas(store.status(directory.resolve(file.name())));
            }
        }
        return same && nextBase >= 0;
    }

    /** @param isNeeded whether it is sealed, and not to be deleted */
    private static boolean isAsItWas(FileStore store, Path directory, StoppedFile segment, boolean isNeeded)
            throws IOException {
        Path file = directory.resolve(segment.name());
        Status now = store.status(file);
        if (isNeeded && (now == null || now.sizeBytes() != segment.sizeBytes())) {
            throw new CorruptLogException(
                    file,
                    now == null ? -1 : Math.min(now.sizeBytes(), segment.sizeBytes()),
                    -1,
                    (now == null ? "the segment is missing" : "the segment has " + now.sizeBytes() + " bytes")
                            + ", it had " + segment.sizeBytes()
                            + " when the broker stopped, cleanly, and would not have grown: somebody has changed it"
                            + " since." + LogRecovery.REFUSED + "; or, to open it as it is, stop the broker and delete "
                            + directory.resolveSibling(CleanStopRecord.FILE_NAME));
        }
        return segment.isAsItWas(now);
    }

    /** The files in it. */
    List<Path> paths(Path directory) {
        List<Path> paths = new ArrayList<>(files.size());
        for (StoppedFile file : files) {
            paths.add(directory.resolve(file.name()));
        }
        return paths;
    }

    /** What the file holds; null when that is not here. */
    @Nullable
    ByteBuffer content(String name) {
        for (StoppedFile file : files) {
            if (file.name().equals(name)) {
                ByteBuffer content = file.content();
                return content == null ? null : content.duplicate();
            }
        }
        return null;
    }
}
