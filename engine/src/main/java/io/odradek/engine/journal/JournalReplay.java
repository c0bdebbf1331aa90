package io.odradek.engine.journal;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalFormat.Header;
import io.odradek.engine.journal.JournalFormat.Label;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After a crash, before any log is opened: gives the segments' files the bytes that the journals have of them, syncs them, and
 * removes the journals. Cut short anywhere and begun again it does the same: a journal is void only when its files are synced.
 *
 * <p>A record that is torn ends its half: its group was never acknowledged. A torn one in front of an intact one is no torn
 * one, but damage to what was acknowledged, and refused.
 */
public final class JournalReplay {
    private static final Logger LOG = LoggerFactory.getLogger(JournalReplay.class);

    /** Says whose a partition's directory is. */
    public interface Owners {
        /** Null when the directory is not there, or is no partition's. */
        @Nullable
        UUID topicIdOf(Path partitionDirectory) throws IOException;
    }

    /**
     * @param records that were replayed
     * @param entries of them that were written to a file
     * @param skipped entries of logs and segments that are gone
     */
    public record Replayed(int records, int entries, int skipped) {}

    private final FileStore store;
    private final Path directory;
    private final Owners owners;
    private final Map<Path, StoreFile> written = new LinkedHashMap<>();
    private final Map<Path, Optional<UUID>> topicIds = new HashMap<>();
    private int records;
    private int entries;
    private int skipped;

    private JournalReplay(FileStore store, Path directory, Owners owners) {
        this.store = store;
        this.directory = directory;
        this.owners = owners;
    }

    /** Whether there is a journal among the files of a directory; the mere beginning of one holds nothing. */
    public static boolean isNeeded(List<Path> files) {
        return files.stream().map(JournalFiles::parse).anyMatch(named -> named != null && named.made());
    }

    /**
     * Replays all journals in the directory, also those of shards that are no more.
     *
     * @param files in the directory
     * @throws CorruptLogException a journal is damaged: file and byte are named, and nothing was removed
     */
    public static Replayed run(FileStore store, Path directory, List<Path> files, Owners owners) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        for (Path file : files) {
            JournalFiles.Named named = JournalFiles.parse(file);
            if (named != null) {
                names.add(named.journal());
            }
        }
        JournalReplay replay = new JournalReplay(store, directory, owners);
        for (String name : names) {
            replay.replay(name);
        }
        if (replay.records > 0) {
            LOG.info(
                    "Replayed {} groups from journals in {}: {} entries, {} of logs or segments that are gone",
                    replay.records,
                    directory,
                    replay.entries,
                    replay.skipped);
        }
        return new Replayed(replay.records, replay.entries, replay.skipped);
    }

    /** What a half holds; its records are in {@code content}, from the second block on. */
    private record Half(Path file, ByteBuffer content, long generation, List<Header> records, List<Integer> places) {}

    private void replay(String name) throws IOException {
        List<Path> files = new ArrayList<>();
        for (int half = 0; half < JournalFiles.HALVES; half++) {
            Path file = JournalFiles.path(directory, name, half);
            if (store.exists(file)) {
                files.add(file);
            }
        }
        if (!files.isEmpty()) {
            replay(files);
        }
        JournalFiles.remove(store, directory, name);
        // It is void already; but one that comes back beside somebody else's mark of a clean stop would be refused.
        store.syncDirectory(directory);
    }

    /** The halves are mapped, not read: they may be larger than the heap. */
    private void replay(List<Path> files) throws IOException {
        List<StoreFile> opened = new ArrayList<>();
        try {
            List<ByteBuffer> contents = new ArrayList<>();
            for (Path file : files) {
                StoreFile half = store.open(file, FileStore.OpenMode.READ_ONLY);
                opened.add(half);
                long sizeBytes = half.size();
                contents.add(sizeBytes == 0 ? ByteBuffer.allocate(0) : half.map(sizeBytes));
            }
            Label label = label(files, contents);
            List<Half> live = live(files, contents, label);
            for (Half half : live) {
                replay(half);
            }
            syncWritten();
            if (!live.isEmpty()) {
                makeVoid(files, label, live.getLast().generation() + 1);
            } else if (!allSay(contents, label)) {
                makeVoid(files, label, label.liveFrom()); // or the half that is removed last may be one that says less
            }
        } finally {
            for (StoreFile half : opened) {
                half.close();
            }
        }
    }

    /** That of the higher generation: while one is written the other is whole, and says what held before. */
    private static Label label(List<Path> files, List<ByteBuffer> contents) throws CorruptLogException {
        Label found = null;
        for (ByteBuffer content : contents) {
            if (content.limit() >= JournalFormat.BLOCK_BYTES && JournalFormat.isLabel(content)) {
                Label label = JournalFormat.label(content);
                if (found == null || label.liveFrom() > found.liveFrom()) {
                    found = label;
                }
            }
        }
        if (found == null) {
            throw new CorruptLogException(
                    files.getFirst(),
                    0,
                    -1,
                    "no half of this journal has a readable label, so nobody can say which acknowledged batches it"
                            + " holds; restore it, or delete its files to open the logs with what they have");
        }
        return found;
    }

    /** Whether every half has this label: not so when a crash came between the writing of the two. */
    private static boolean allSay(List<ByteBuffer> contents, Label label) {
        return contents.stream()
                .allMatch(content -> content.limit() >= JournalFormat.BLOCK_BYTES
                        && JournalFormat.isLabel(content)
                        && JournalFormat.label(content).liveFrom() == label.liveFrom());
    }

    /** Halves with records to replay, oldest first. */
    private static List<Half> live(List<Path> files, List<ByteBuffer> contents, Label label)
            throws CorruptLogException {
        List<Half> live = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            Half half = read(files.get(i), contents.get(i), label);
            if (half != null) {
                if (!live.isEmpty() && live.getFirst().generation() > half.generation()) {
                    live.addFirst(half);
                } else {
                    live.add(half);
                }
            }
        }
        if (!live.isEmpty() && files.size() < JournalFiles.HALVES) {
            throw new CorruptLogException(
                    live.getFirst().file(), -1, -1, "the other half of this journal is missing; restore it");
        }
        for (int i = 0; i < live.size(); i++) {
            requireWhatWasBefore(live, i, label);
        }
        return live;
    }

    /** The generation before was complete when this one began. */
    private static void requireWhatWasBefore(List<Half> live, int i, Label label) throws CorruptLogException {
        Half half = live.get(i);
        long wanted = half.generation() - 1 < label.liveFrom()
                ? 0
                : half.records().getFirst().recordsBefore();
        long found = i > 0 && live.get(i - 1).generation() == half.generation() - 1
                ? live.get(i - 1).records().size()
                : 0;
        if (found < wanted) {
            Half damaged = i > 0 ? live.get(i - 1) : half;
            throw new CorruptLogException(
                    damaged.file(),
                    i > 0 ? endOf(damaged) : -1,
                    -1,
                    "generation " + (half.generation() - 1) + " of this journal has " + found
                            + " intact records, but had " + wanted
                            + " acknowledged ones when the next began; restore it");
        }
    }

    private static long endOf(Half half) {
        int last = half.records().size() - 1;
        return half.places().get(last)
                + JournalFormat.wholeBlocks(half.records().get(last).lengthBytes());
    }

    /** Null when there is nothing to replay. */
    private static @Nullable Half read(Path file, ByteBuffer content, Label label) throws CorruptLogException {
        List<Header> records = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        int at = JournalFormat.BLOCK_BYTES;
        while (true) {
            Header header = intactAt(content, at, label);
            if (header == null
                    || header.sequence() != records.size()
                    || (!records.isEmpty()
                            && header.generation() != records.getFirst().generation())) {
                break;
            }
            records.add(header);
            places.add(at);
            at += (int) JournalFormat.wholeBlocks(header.lengthBytes());
        }
        for (int later = at; later < content.limit(); later += JournalFormat.BLOCK_BYTES) {
            Header header = intactAt(content, later, label);
            if (header != null) {
                throw new CorruptLogException(
                        file,
                        at,
                        -1,
                        "expected record " + records.size() + " of a journal, which was acknowledged: record "
                                + header.sequence() + " of generation " + header.generation()
                                + " lies intact behind it at byte "
                                + later
                                + "; restore it, or delete the journal's files to open the logs with what they have");
            }
        }
        return records.isEmpty()
                ? null
                : new Half(file, content, records.getFirst().generation(), records, places);
    }

    /** The live record at {@code at}; null when there is none, or it is not intact. */
    private static @Nullable Header intactAt(ByteBuffer content, int at, Label label) {
        int length = JournalFormat.claimedLength(content, at);
        if (length == 0) {
            return null;
        }
        Header header = JournalFormat.header(content, at);
        return header.journalId() == label.journalId()
                        && header.generation() >= label.liveFrom()
                        && JournalFormat.isIntact(content, at, length)
                ? header
                : null;
    }

    private void replay(Half half) throws IOException {
        for (int i = 0; i < half.records().size(); i++) {
            ByteBuffer record = half.content()
                    .slice(half.places().get(i), half.records().get(i).lengthBytes())
                    .position(JournalFormat.HEADER_BYTES);
            for (int entry = 0; entry < half.records().get(i).entries(); entry++) {
                replayEntry(half.file(), record);
            }
            records++;
        }
    }

    private void replayEntry(Path journal, ByteBuffer record) throws IOException {
        UUID topicId = new UUID(record.getLong(), record.getLong());
        long baseOffset = record.getLong();
        int position = record.getInt();
        int length = record.getInt();
        byte[] name = new byte[record.getShort()];
        record.get(name);
        ByteBuffer bytes = record.slice(record.position(), length);
        record.position(record.position() + length);
        Path partition = directory.resolve(new String(name, StandardCharsets.UTF_8));
        StoreFile file = fileOf(partition, topicId, baseOffset);
        if (file == null) {
            skipped++;
            return;
        }
        if (file.size() < position) {
            throw new CorruptLogException(
                    file.path(),
                    file.size(),
                    -1,
                    "the file ends here, but " + journal + " has what was acknowledged from byte " + position
                            + " on: somebody else has opened this directory since; delete the journal's files to open"
                            + " the logs with what they have");
        }
        file.write(bytes, position);
        entries++;
    }

    /** Null when the log or the segment is gone: an entry was journaled only when its file's name was durable. */
    private @Nullable StoreFile fileOf(Path partition, UUID topicId, long baseOffset) throws IOException {
        Optional<UUID> owner = topicIds.get(partition);
        if (owner == null) {
            owner = Optional.ofNullable(owners.topicIdOf(partition));
            topicIds.put(partition, owner);
        }
        if (!owner.equals(Optional.of(topicId))) {
            return null;
        }
        Path path = SegmentFiles.logPath(partition, baseOffset);
        StoreFile open = written.get(path);
        if (open != null) {
            return open;
        }
        if (!store.exists(path)) {
            return null;
        }
        StoreFile opened = store.open(path, FileStore.OpenMode.READ_WRITE);
        written.put(path, opened);
        return opened;
    }

    private void syncWritten() throws IOException {
        for (StoreFile file : written.values()) {
            file.sync();
            file.close();
        }
        written.clear();
    }

    private void makeVoid(List<Path> files, Label label, long liveFrom) throws IOException {
        try (StoreFile first = store.open(files.getFirst(), FileStore.OpenMode.READ_WRITE);
                StoreFile second = store.open(files.getLast(), FileStore.OpenMode.READ_WRITE)) {
            JournalFiles.writeLabel(
                    new StoreFile[] {first, second}, new Label(label.journalId(), liveFrom, label.halfBytes()));
        }
    }
}
