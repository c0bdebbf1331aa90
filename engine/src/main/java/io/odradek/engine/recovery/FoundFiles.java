package io.odradek.engine.recovery;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that lie in the directory of one log, and what the small ones hold: as the last stop has written it down, where nobody
 * has changed them since, else as they are. Confined to the recovering thread.
 */
final class FoundFiles {
    private static final Logger LOG = LoggerFactory.getLogger(FoundFiles.class);

    private final FileStore store;
    private final Path directory;
    private final List<Path> paths;
    private final @Nullable StoppedLog stopped;

    private FoundFiles(FileStore store, Path directory, List<Path> paths, @Nullable StoppedLog stopped) {
        this.store = store;
        this.directory = directory;
        this.paths = paths;
        this.stopped = stopped;
    }

    /**
     * Looks what is there; removes what an interrupted deletion, compaction or replacement left over.
     *
     * @param written what the last stop has written down; null when nothing is known
     * @throws CorruptLogException a sealed segment is not what was written down
     */
    static FoundFiles in(FileStore store, Path directory, @Nullable StoppedLog written, long logStartOffset)
            throws IOException {
        if (written != null && written.isAsItWas(store, directory, logStartOffset)) {
            return new FoundFiles(store, directory, written.paths(directory), written);
        }
        if (written != null) {
            LOG.info(
                    "{} was changed since the clean stop, or something was left over in it: its files are read",
                    directory);
        }
        return new FoundFiles(store, directory, new ArrayList<>(Leftovers.remove(store, directory)), null);
    }

    /** The same, whatever the stop has written down. */
    FoundFiles asTheyAre() {
        return new FoundFiles(store, directory, paths, null);
    }

    /** In the order of their names; true until something is cut. */
    List<Path> paths() {
        return paths;
    }

    /** Null when the files are not known from a clean stop. */
    @Nullable
    StoppedLog stopped() {
        return stopped;
    }

    /**
     * The whole of a small file.
     *
     * @throws NoSuchFileException when it is missing
     */
    ByteBuffer contentOf(Path file) throws IOException {
        StoppedLog known = stopped;
        ByteBuffer content =
                known == null ? null : known.content(file.getFileName().toString());
        return content == null ? StoppedLog.read(store, file) : content;
    }

    /** Of the segments, oldest first. */
    List<Long> baseOffsets() {
        List<Long> bases = new ArrayList<>();
        for (Path file : paths) {
            OptionalLong base = SegmentNames.baseOffset(file.getFileName().toString(), SegmentNames.LOG);
            base.ifPresent(bases::add);
        }
        return bases;
    }

    /** Deletes all files of the segment that begins at {@code base}. */
    void deleteSegment(long base) throws IOException {
        for (String suffix : SegmentNames.ALL) {
            Path file = SegmentNames.in(directory, base, suffix);
            if (paths.remove(file)) {
                store.delete(file);
            }
        }
    }

    /** The leader epochs that were written down; null when they have to be rebuilt from the batches. */
    @Nullable
    LeaderEpochs epochs() throws IOException {
        Path file = directory.resolve(LeaderEpochs.FILE_NAME);
        try {
            String text = StandardCharsets.UTF_8.decode(contentOf(file)).toString();
            return LeaderEpochs.parse(file, text);
        } catch (NoSuchFileException missing) {
            return null;
        } catch (CorruptLogException e) {
            LOG.warn("{}; it is rebuilt from the batches", e.getMessage());
            return null;
        }
    }
}
