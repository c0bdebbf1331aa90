package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The port to the disk. Everything the engine does to files goes through here, so that a simulated disk can stand in
 * and forget, tear and fail.
 *
 * <p>Durability is explicit, as on POSIX: file content is durable after {@link StoreFile#sync()}; a directory entry
 * (create, rename, delete) is durable after {@link #syncDirectory}. Until then a crash may keep or lose each effect, in any
 * combination. {@link #syncFileSystem} makes everything durable that was done before it was called.
 *
 * <p>All methods may be called from any thread. One file is written by one thread at a time; readers may read what was
 * written before they learned of it.
 */
public interface FileStore {

    /** How {@link #open} treats a file that is or is not there. */
    enum OpenMode {
        /** Create it; fail with {@link java.nio.file.FileAlreadyExistsException} when it exists. */
        CREATE_NEW,
        /** Open for reading and writing; create it empty when missing. */
        READ_WRITE,
        /** Open for reading; fail with {@link java.nio.file.NoSuchFileException} when missing. */
        READ_ONLY
    }

    /** Opens a file. The caller closes it. */
    StoreFile open(Path file, OpenMode mode) throws IOException;

    boolean exists(Path path);

    boolean isDirectory(Path path);

    /** The entries of a directory, absolute, sorted by name. */
    List<Path> list(Path directory) throws IOException;

    /** Creates a directory and its missing parents. The new entries are durable after {@link #syncDirectory} of each parent. */
    void createDirectories(Path directory) throws IOException;

    /** Deletes a file or an empty directory; {@link java.nio.file.NoSuchFileException} when it is not there. */
    void delete(Path path) throws IOException;

    /** Renames a file or directory atomically, replacing a file that is at {@code to}. */
    void rename(Path from, Path to) throws IOException;

    /** Makes the entries of a directory durable: creations, renames and deletions in it that happened before the call. */
    void syncDirectory(Path directory) throws IOException;

    /** Whether {@link #syncFileSystem} works for files under {@code directory}; false means use {@link StoreFile#sync()}. */
    boolean canSyncFileSystem(Path directory);

    /**
     * Makes durable every write, creation, rename and deletion on the file system that holds {@code directory} (Linux
     * {@code syncfs(2)}), and reports write-back errors since the last call.
     *
     * @throws UnsupportedOperationException when {@link #canSyncFileSystem} is false
     */
    void syncFileSystem(Path directory) throws IOException;

    /**
     * Takes an exclusive lock that ends with the process or when closed.
     *
     * @throws DirectoryLockedException when another process, or this one, holds it
     */
    AutoCloseable lock(Path lockFile) throws IOException;

    /** Bytes an unprivileged user can still write on the file system that holds {@code directory}. */
    long usableBytes(Path directory) throws IOException;

    /** Bytes in all on the file system that holds {@code directory}. */
    long totalBytes(Path directory) throws IOException;
}
