package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The port to the disk. Everything the engine does to files goes through here, so that a simulated disk can stand in
 * and forget, tear and fail.
 *
 * <p>Durability is explicit, as on POSIX: file content is durable after {@link StoreFile#sync()}; a directory entry
 * (create, rename, delete) is durable after {@link #syncDirectory}. Until then a crash may keep or lose each effect, in any
 * combination. {@link #syncFileSystem} makes everything durable that was done before it was called. A file whose content
 * is synced is still lost when the entry that names it, or names a directory above it, is not.
 *
 * <p>A failed sync is remembered ({@link #syncFailure}) for as long as the store lives: the kernel reports a failed
 * write-back once and then calls the lost pages clean, so a second attempt would succeed and mean nothing.
 *
 * <p>All methods may be called from any thread. One file is written by one thread, through one {@link StoreFile}, at a time;
 * readers may read what was written before they learned of it.
 */
public interface FileStore {

    /** How {@link #open} treats a file that is or is not there. */
    enum OpenMode {
        /** Create it; fail with {@link java.nio.file.FileAlreadyExistsException} when it exists. */
        CREATE_NEW,
        /** Open for reading and writing; create it empty when missing. */
        READ_WRITE,
        /**
         * Open for reading; fail with {@link java.nio.file.NoSuchFileException} when missing. Writing and truncating throw
         * {@link java.nio.channels.NonWritableChannelException}.
         */
        READ_ONLY
    }

    /** Opens a file. The caller closes it. A directory is refused, and so is a file in a directory that is not there. */
    StoreFile open(Path file, OpenMode mode) throws IOException;

    boolean exists(Path path);

    boolean isDirectory(Path path);

    /**
     * What a look at a file or directory tells without opening it.
     *
     * @param sizeBytes of a file; of a directory it says nothing
     * @param modifiedNs when a file's content, or a directory's entries, were last changed, in ns since 1970 and as finely as the
     *     file system notes it: two changes within some ms may leave the same. After a crash it may be what it was at the last
     *     sync.
     */
    record Status(boolean isDirectory, long sizeBytes, long modifiedNs) {}

    /** Null when nothing is there. */
    @Nullable
    Status status(Path path) throws IOException;

    /**
     * The entries of a directory, absolute, sorted by name.
     *
     * @throws java.nio.file.NoSuchFileException when it is not there
     * @throws java.nio.file.NotDirectoryException when it is a file
     */
    List<Path> list(Path directory) throws IOException;

    /**
     * Creates a directory and its missing parents; does nothing when it is there. The new entries are durable after
     * {@link #syncDirectory} of each parent.
     *
     * @throws java.nio.file.FileAlreadyExistsException when a file is in the way
     */
    void createDirectories(Path directory) throws IOException;

    /** The same, and what it created is there after a crash. */
    default void createDirectoriesDurably(Path directory) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path at = directory; at != null && !exists(at); at = at.getParent()) {
            missing.add(at);
        }
        createDirectories(directory);
        for (Path created : missing) {
            Path parent = created.getParent();
            if (parent != null) {
                syncDirectory(parent);
            }
        }
    }

    /**
     * Deletes a file or an empty directory; {@link java.nio.file.NoSuchFileException} when it is not there, {@link
     * java.nio.file.DirectoryNotEmptyException} when something is in it. A file that is open stays readable and writable.
     */
    void delete(Path path) throws IOException;

    /**
     * Renames a file or directory atomically, replacing a file that is at {@code to}: whoever looks, before or after a
     * crash, finds the one or the other there, never neither. Says nothing about the file's content: sync it first.
     */
    void rename(Path from, Path to) throws IOException;

    /**
     * Makes the entries of a directory durable: creations, renames and deletions in it that happened before the call. A
     * rename between two directories needs both, {@code to}'s first.
     */
    void syncDirectory(Path directory) throws IOException;

    /** Whether {@link #syncFileSystem} works for files under {@code directory}; false means use {@link StoreFile#sync()}. */
    boolean canSyncFileSystem(Path directory);

    /**
     * Makes durable every write, creation, rename and deletion on the file system that holds {@code directory} (Linux
     * {@code syncfs(2)}), and reports write-back errors since the last call.
     *
     * @throws UnsupportedOperationException when {@link #canSyncFileSystem} is false
     * @throws IOException the sync failed, or an earlier one under {@code directory} has
     */
    void syncFileSystem(Path directory) throws IOException;

    /**
     * Names the file system that holds {@code path}: a {@link #syncFileSystem} covers exactly the files whose {@link
     * StoreFile#fileSystemId()} is the same. A directory can hold mounts and links that lead elsewhere.
     */
    long fileSystemId(Path path) throws IOException;

    /**
     * The first sync of {@code directory}, or of anything below it, that failed since this store was made; null when none
     * has. From then on nothing under {@code directory} may be claimed to be durable.
     */
    @Nullable
    IOException syncFailure(Path directory);

    /**
     * Takes an exclusive lock that ends with the process or when closed. Creates the file when missing. Nobody else may open
     * the lock file: on POSIX, closing any descriptor of it gives up the process's lock.
     *
     * @throws DirectoryLockedException when another process, or this one, holds it
     */
    AutoCloseable lock(Path lockFile) throws IOException;

    /**
     * When the content of {@code file} was last changed, in ms since 1970 by the file system's clock, which may lag by some
     * ms; a rename does not count. After a crash it may be what it was at the last sync.
     *
     * @throws java.nio.file.NoSuchFileException when it is not there
     */
    long lastModifiedMs(Path file) throws IOException;

    /**
     * Makes {@link #lastModifiedMs} say so, for a file that is written anew from an older one; as durable as other changes of
     * the file.
     *
     * @throws java.nio.file.NoSuchFileException when it is not there
     */
    void setLastModified(Path file, long ms) throws IOException;

    /** Bytes an unprivileged user can still write on the file system that holds {@code directory}. */
    long usableBytes(Path directory) throws IOException;

    /** Bytes in all on the file system that holds {@code directory}. */
    long totalBytes(Path directory) throws IOException;
}
