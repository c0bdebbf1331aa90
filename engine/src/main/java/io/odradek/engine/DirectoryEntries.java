package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A directory in the list of what has to be synced: a file that was just created is only there after a crash when its
 * directory was synced too. {@link #sync} does that; {@code syncfs} covers it anyway. It has no content.
 */
final class DirectoryEntries implements StoreFile {
    private final FileStore store;
    private final Path directory;
    private final long fileSystemId;

    DirectoryEntries(FileStore store, Path directory, long fileSystemId) {
        this.store = store;
        this.directory = directory;
        this.fileSystemId = fileSystemId;
    }

    @Override
    public Path path() {
        return directory;
    }

    @Override
    public long fileSystemId() {
        return fileSystemId;
    }

    @Override
    public void sync() throws IOException {
        store.syncDirectory(directory);
    }

    @Override
    public long size() {
        return 0;
    }

    @Override
    public int read(ByteBuffer target, long position) {
        return 0;
    }

    @Override
    public void preallocate(long sizeBytes) {
        throw isNoFile();
    }

    @Override
    public void append(ByteBuffer[] sources, int count) {
        throw isNoFile();
    }

    @Override
    public void write(ByteBuffer source, long position) {
        throw isNoFile();
    }

    @Override
    public void truncate(long sizeBytes) {
        throw isNoFile();
    }

    @Override
    public ByteBuffer map(long sizeBytes) {
        throw isNoFile();
    }

    @Override
    public @Nullable FileChannel transferChannel() {
        return null;
    }

    @Override
    public void close() {}

    private UnsupportedOperationException isNoFile() {
        return new UnsupportedOperationException(directory + " is a directory");
    }
}
