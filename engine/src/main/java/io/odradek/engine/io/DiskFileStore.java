package io.odradek.engine.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The disk of this machine. One per process: it remembers which syncs failed, and keeps its {@code syncfs} descriptors. */
public final class DiskFileStore implements FileStore {
    private static final Logger LOG = LoggerFactory.getLogger(DiskFileStore.class);

    /** Windows cannot sync a directory, and need not: NTFS journals its entries. */
    private static final boolean DIRECTORIES_CAN_BE_SYNCED =
            !System.getProperty("os.name", "").startsWith("Windows");

    /**
     * Locks held by this process, by the file's identity. Asked before the lock file is opened, because fcntl(2) locks belong
     * to the process: closing a second descriptor after a refused attempt would give up the lock of the first.
     */
    private static final Set<Object> LOCKS_OF_THIS_PROCESS = ConcurrentHashMap.newKeySet();

    /** The id of no file system: {@link GroupSync} would sync the file by itself. */
    private static final long NOT_LOOKED_AT = -1;

    private final SyncFailures failures = new SyncFailures();

    /** By directory, absolute and normalized. Bounded by the number of log directories; never closed, see {@link Syncfs}. */
    private final Map<Path, FileSystemSync> fileSystemSyncs = new ConcurrentHashMap<>();

    private sealed interface FileSystemSync {
        record Available(Syncfs syncfs) implements FileSystemSync {}

        record Unavailable() implements FileSystemSync {}
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        FileChannel channel = switch (mode) {
            case CREATE_NEW ->
                FileChannel.open(
                        file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            case READ_WRITE ->
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            case READ_ONLY -> FileChannel.open(file, StandardOpenOption.READ);
        };
        try {
            if (mode == OpenMode.READ_ONLY && Files.isDirectory(file)) {
                throw new IOException(file + " is a directory, a file was expected");
            }
            // Who only reads has nothing to sync: the look at the disk is spared.
            long fileSystemId = mode == OpenMode.READ_ONLY ? NOT_LOOKED_AT : fileSystemId(file);
            return new DiskFile(file, channel, fileSystemId, failures);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return Files.isDirectory(path);
    }

    @Override
    public @Nullable Status status(Path path) throws IOException {
        try {
            BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
            return new Status(
                    found.isDirectory(), found.size(), found.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        } catch (NoSuchFileException missing) {
            return null;
        }
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory.toAbsolutePath())) {
            stream.forEach(entries::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        entries.sort(Comparator.naturalOrder()); // all in one directory: by their names
        return List.copyOf(entries);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        Path key = key(directory);
        failures.check(key);
        if (!Files.isDirectory(directory)) {
            if (Files.exists(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
            throw new NoSuchFileException(directory.toString());
        }
        if (!DIRECTORIES_CAN_BE_SYNCED) {
            return;
        }
        // Reading is all a directory can be opened for, and fsync(2) asks for no more.
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            try {
                channel.force(true);
            } catch (IOException e) {
                throw failures.record(
                        key,
                        new IOException(
                                "cannot sync directory " + directory + "; entries in it may be lost, the log directory"
                                        + " has to go offline: " + e.getMessage(),
                                e));
            }
        }
    }

    @Override
    public boolean canSyncFileSystem(Path directory) {
        return availableSyncfs(directory) != null;
    }

    @Override
    public void syncFileSystem(Path directory) throws IOException {
        Syncfs syncfs = availableSyncfs(directory);
        if (syncfs == null) {
            throw new UnsupportedOperationException("no syncfs for " + directory);
        }
        Path key = key(directory);
        // One at a time on one descriptor: it is told of an error once, and a second caller must not slip in before
        // that is remembered.
        synchronized (syncfs) {
            failures.check(key);
            try {
                syncfs.sync();
            } catch (IOException e) {
                throw failures.record(
                        key,
                        new IOException(
                                "cannot sync the file system of " + directory + "; unsynced data may be lost, the log"
                                        + " directory has to go offline: " + e.getMessage(),
                                e));
            }
        }
    }

    private @Nullable Syncfs availableSyncfs(Path directory) {
        if (!Files.isDirectory(directory)) {
            return null; // may come to be: no verdict yet
        }
        return switch (fileSystemSyncs.computeIfAbsent(key(directory), DiskFileStore::probe)) {
            case FileSystemSync.Available(Syncfs syncfs) -> syncfs;
            case FileSystemSync.Unavailable() -> null;
        };
    }

    /** Once per directory, so the log has one line per directory. */
    private static FileSystemSync probe(Path directory) {
        try {
            return new FileSystemSync.Available(
                    Syncfs.open(directory, Files.getFileStore(directory).type()));
        } catch (Syncfs.UnavailableException | IOException e) {
            LOG.info("Cannot use syncfs on {}, each file is synced by itself: {}", directory, e.getMessage());
            return new FileSystemSync.Unavailable();
        }
    }

    /** The device number where there is one. Elsewhere 0: there is no syncfs there either. */
    @Override
    public long fileSystemId(Path path) throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return 0;
        }
        return Files.getAttribute(path, "unix:dev") instanceof Long device ? device : 0;
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return failures.under(key(directory));
    }

    @Override
    public AutoCloseable lock(Path lockFile) throws IOException {
        try {
            Files.createFile(lockFile);
        } catch (FileAlreadyExistsException left) {
            // by an earlier run, or by whoever holds the lock
        }
        Object identity = identity(lockFile);
        if (!LOCKS_OF_THIS_PROCESS.add(identity)) {
            throw new DirectoryLockedException(lockFile);
        }
        HeldLock held = null;
        try {
            FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.READ, StandardOpenOption.WRITE);
            held = new HeldLock(channel, identity);
            if (channel.tryLock() == null) {
                throw new DirectoryLockedException(lockFile);
            }
            probeAside(key(lockFile.resolveSibling("")));
            return held;
        } catch (IOException | RuntimeException e) {
            if (held == null) {
                LOCKS_OF_THIS_PROCESS.remove(identity);
            } else {
                held.close();
            }
            if (e instanceof OverlappingFileLockException) { // somebody in this process locked it past us
                throw new DirectoryLockedException(lockFile);
            }
            throw e;
        }
    }

    /**
     * Who locks a directory opens it next, and wants to know about syncfs at the end: until then the probe, a syncfs that waits
     * some 10 ms for the journal of the file system, has gone on beside. Who asks earlier waits for it.
     */
    private void probeAside(Path directory) {
        Thread.ofPlatform().daemon().name("odradek-syncfs-probe").start(() -> canSyncFileSystem(directory));
    }

    /** Device and inode: a directory has as many names as there are links to it. */
    private static Object identity(Path lockFile) throws IOException {
        Object fileKey =
                Files.readAttributes(lockFile, BasicFileAttributes.class).fileKey();
        return fileKey == null ? lockFile.toRealPath() : fileKey;
    }

    private static final class HeldLock implements AutoCloseable {
        private final FileChannel channel;
        private final Object identity;
        private boolean closed;

        HeldLock(FileChannel channel, Object identity) {
            this.channel = channel;
            this.identity = identity;
        }

        @Override
        public synchronized void close() throws IOException {
            if (closed) { // the identity may be somebody else's by now
                return;
            }
            closed = true;
            try {
                channel.close();
            } finally {
                LOCKS_OF_THIS_PROCESS.remove(identity);
            }
        }
    }

    @Override
    public long lastModifiedMs(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toMillis();
    }

    @Override
    public void setLastModified(Path file, long ms) throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(ms));
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public long totalBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getTotalSpace();
    }

    private static Path key(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
