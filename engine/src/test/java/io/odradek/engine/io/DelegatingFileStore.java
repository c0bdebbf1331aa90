package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Another store as it is. Tests override what they watch, hold back or make fail; files by {@link #opened}. Threads as the
 * store behind it.
 */
public class DelegatingFileStore implements FileStore {
    private final FileStore store;

    public DelegatingFileStore(FileStore store) {
        this.store = store;
    }

    /** What {@link #open} hands out for a file that was just opened: the file itself, or something around it. */
    protected StoreFile opened(StoreFile file) {
        return file;
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        return opened(store.open(file, mode));
    }

    @Override
    public boolean exists(Path path) {
        return store.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return store.isDirectory(path);
    }

    @Override
    public @Nullable Status status(Path path) throws IOException {
        return store.status(path);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return store.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        store.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        store.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        store.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        store.syncDirectory(directory);
    }

    @Override
    public boolean canSyncFileSystem(Path directory) {
        return store.canSyncFileSystem(directory);
    }

    @Override
    public void syncFileSystem(Path directory) throws IOException {
        store.syncFileSystem(directory);
    }

    @Override
    public long fileSystemId(Path path) throws IOException {
        return store.fileSystemId(path);
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return store.syncFailure(directory);
    }

    @Override
    public AutoCloseable lock(Path lockFile) throws IOException {
        return store.lock(lockFile);
    }

    @Override
    public void setLastModified(Path file, long ms) throws IOException {
        store.setLastModified(file, ms);
    }

    @Override
    public long lastModifiedMs(Path file) throws IOException {
        return store.lastModifiedMs(file);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return store.usableBytes(directory);
    }

    @Override
    public long totalBytes(Path directory) throws IOException {
        return store.totalBytes(directory);
    }
}
