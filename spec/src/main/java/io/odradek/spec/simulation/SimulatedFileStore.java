package io.odradek.spec.simulation;

import io.odradek.engine.io.DirectoryLockedException;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.io.SyncFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that keeps its promises and no others: deterministic by seed and by the order of calls.
 *
 * <p>What POSIX lets a crash do, a crash here does for some seed. Each unsynced directory change is kept or lost. Each sector of
 * a file holds what it held at any moment since its last sync; the file's length is any it had since, or one where a
 * write-back stopped; a sector at the end may be torn. What was synced is there.
 *
 * <pre>
 *   store.crashAtOperation(17);                    // or crash() now
 *   try { engine runs } catch (SimulatedCrash e) {}
 *   for (long seed ...) store.afterCrash(seed)     // as many disks as one likes to recover from, from one run
 *   store.afterKill()                              // the process died, the kernel did not: nothing unsynced is lost
 * </pre>
 *
 * <p>An <em>operation</em> changes or syncs something; reading and looking are not counted, since a crash there is a crash at
 * the next operation. A changing operation that is crashed at takes effect, unsynced; a sync that is crashed at syncs nothing
 * (each of its effects may survive all the same).
 *
 * <p>Any thread, one at a time; but only a single-threaded run can be repeated.
 */
public final class SimulatedFileStore implements FileStore {
    private static final long DEFAULT_CAPACITY_BYTES = 1L << 40;
    private static final long NANOS_PER_MS = 1_000_000;

    private final DirectoryNode root;
    private final SplittableRandom random;
    private final SyncFailures failures = new SyncFailures();
    private final OperationTrace trace = new OperationTrace();
    private final Set<Path> locks = new HashSet<>();

    /** What the next {@link #syncFileSystem} writes, in the order it got dirty: a set by identity, for no node has equals. */
    private final Set<FileNode> dirtyFiles = new LinkedHashSet<>();

    private final Set<DirectoryNode> dirtyDirectories = new LinkedHashSet<>();

    private long operations;
    private long crashAt = Long.MAX_VALUE;
    private @Nullable String crash;
    private long nextEffectId;
    private int nextMount;
    private long modifications;

    private long syncs;
    private long writes;
    private long reads;
    private long readBytes;
    private final Set<Long> failingSyncs = new TreeSet<>();
    private final Set<Long> failingWrites = new TreeSet<>();
    private final Set<Long> failingReads = new TreeSet<>();
    private DiskFaults faults = DiskFaults.NONE;
    private SyncLatency latency = SyncLatency.NONE;
    private long elapsedNanos;
    private InstantSource clock = InstantSource.fixed(Instant.EPOCH);
    private boolean fileSystemSyncable = true;
    private long capacityBytes = DEFAULT_CAPACITY_BYTES;
    private long usedBytes;

    /** An empty disk; {@code seed} is of the faults, not of crashes. */
    public SimulatedFileStore(long seed) {
        this(seed, new DirectoryNode(0), 1);
    }

    private SimulatedFileStore(long seed, DirectoryNode root, int nextMount) {
        this.random = new SplittableRandom(seed);
        this.root = root;
        this.nextMount = nextMount;
        this.usedBytes = bytesUnder(root);
    }

    // ---- crashes
    // -----------------------------------------------------------------------------------------------------

    /** Crashes at the {@code operation}th operation counted from the store's beginning, the first being 1. */
    public synchronized void crashAtOperation(long operation) {
        crashAt = operation;
    }

    /** The power fails now: every later call but closing throws {@link SimulatedCrash}. */
    public synchronized void crash() {
        if (crash == null) {
            crash = "the simulated machine crashed after operation " + operations;
        }
    }

    public synchronized boolean crashed() {
        return crash != null;
    }

    /** Operations begun so far. */
    public synchronized long operations() {
        return operations;
    }

    /** Bytes that this store was asked for and had. */
    public synchronized long readBytes() {
        return readBytes;
    }

    /** The last operations, oldest first, one line each: for the message of a failed test. */
    public synchronized List<String> trace() {
        return trace.lines();
    }

    /**
     * The disk that the machine finds when it starts again; crashes this one if it still runs. May be called with many seeds,
     * and with the same seed gives the same disk. Faults to come and simulated time are not inherited; mounts and capacity
     * are.
     */
    public synchronized SimulatedFileStore afterCrash(long seed) {
        crash();
        long oldest = nextEffectId;
        for (DirectoryNode directory : dirtyDirectories) {
            oldest = Math.min(oldest, directory.oldestUnsynced(nextEffectId));
        }
        return found(seed, new DrawnSurvival(seed, oldest, nextEffectId));
    }

    /**
     * Every disk that the machine may find: all subsets of the unsynced changes of directories, with all combinations of what may
     * have become of the files that were not synced. Crashes this one if it still runs.
     *
     * @param bound at most so many
     * @return empty when there are more
     */
    public synchronized List<SimulatedFileStore> everyDiskAfterCrash(int bound) {
        crash();
        List<SimulatedFileStore> all = new ArrayList<>();
        int changes = dirtyDirectories.stream()
                .mapToInt(DirectoryNode::unsyncedChanges)
                .sum();
        if (changes > Integer.SIZE - 2 || 1 << changes > bound) {
            return all; // so many by the directories alone
        }
        EnumeratedSurvival.Choices choices = new EnumeratedSurvival.Choices();
        do {
            if (all.size() == bound) {
                return List.of();
            }
            all.add(found(all.size(), new EnumeratedSurvival(choices)));
        } while (choices.next());
        return all;
    }

    private SimulatedFileStore found(long seed, Survival survival) {
        return inherited(new SimulatedFileStore(seed, root.afterCrash(survival), nextMount));
    }

    /**
     * The disk that the next process finds after this one was killed ({@code kill -9}): all that was written is there, and
     * what was not synced still is not. Crashes this one if it still runs.
     */
    public synchronized SimulatedFileStore afterKill() {
        crash();
        NodeCopies copies = new NodeCopies();
        DirectoryNode copy = root.copy(copies);
        SimulatedFileStore next =
                inherited(new SimulatedFileStore(random.split().nextLong(), copy, nextMount));
        next.nextEffectId = nextEffectId;
        for (FileNode file : dirtyFiles) {
            if (copies.of(file) instanceof FileNode copied) {
                next.dirtyFiles.add(copied);
            }
        }
        for (DirectoryNode directory : dirtyDirectories) {
            if (copies.of(directory) instanceof DirectoryNode copied) {
                next.dirtyDirectories.add(copied);
            }
        }
        return next;
    }

    private SimulatedFileStore inherited(SimulatedFileStore next) {
        next.capacityBytes = capacityBytes;
        next.fileSystemSyncable = fileSystemSyncable;
        next.modifications = modifications;
        return next;
    }

    // ---- faults
    // ------------------------------------------------------------------------------------------------------

    /** From now on the disk misbehaves by itself. */
    public synchronized void injectFaults(DiskFaults chances) {
        faults = chances;
    }

    /** The {@code nth} sync of a file, directory or file system from now fails; 1 is the next. */
    public synchronized void failSync(int nth) {
        failingSyncs.add(syncs + nth);
    }

    /** The {@code nth} append or write from now fails, after a prefix of its bytes chosen by seed; 1 is the next. */
    public synchronized void failWrite(int nth) {
        failingWrites.add(writes + nth);
    }

    /** The {@code nth} read from now fails; 1 is the next. */
    public synchronized void failRead(int nth) {
        failingReads.add(reads + nth);
    }

    /** Leaves room for so many bytes more: what grows files past it is written as far as it goes and fails with ENOSPC. */
    public synchronized void limitFreeBytes(long bytes) {
        capacityBytes = usedBytes + bytes;
    }

    /**
     * The medium decays: the bits of {@code mask} are flipped in the byte, for this run and after a crash.
     *
     * @param position within the file
     */
    public synchronized void corrupt(Path file, long position, int mask) throws IOException {
        fileAt(file).corrupt(position, mask);
    }

    /** {@link #canSyncFileSystem} is false from now on. */
    public synchronized void refuseFileSystemSync() {
        fileSystemSyncable = false;
    }

    /** Puts a file system of its own at an existing directory's place. */
    public synchronized void mount(Path directory) throws IOException {
        DirectoryNode parent = directoryAt(parentOf(directory));
        parent.putDurably(nameOf(directory), new DirectoryNode(nextMount++));
    }

    /** Directories that were there before anybody ran: durable at once, and no operation. */
    public synchronized void prepare(Path directory) throws IOException {
        DirectoryNode at = root;
        for (String name : names(directory)) {
            Node child = at.get(name);
            if (child == null) {
                child = new DirectoryNode(at.mount());
                at.putDurably(name, child);
            }
            at = asDirectory(child, directory);
        }
    }

    /** From now on syncs take simulated time. */
    public synchronized void takeTime(SyncLatency cost) {
        latency = cost;
    }

    /** From now on files are modified at the times it tells; until then at 1970. Not inherited by a later store. */
    public synchronized void useClock(InstantSource modificationTimes) {
        clock = modificationTimes;
    }

    /** The simulated time that syncs have taken: a clock for whoever measures them. */
    public synchronized long elapsedNanos() {
        return elapsedNanos;
    }

    // ---- the port
    // ----------------------------------------------------------------------------------------------------

    @Override
    public synchronized StoreFile open(Path file, OpenMode mode) throws IOException {
        checkAlive();
        DirectoryNode parent = directoryAt(parentOf(file));
        Node node = parent.get(nameOf(file));
        if (node == null) {
            if (mode == OpenMode.READ_ONLY) {
                throw new NoSuchFileException(file.toString());
            }
            begin("create", file, "", 0, 0);
            FileNode created = new FileNode(parent.mount(), modifiedNowNs());
            change(parent, null, nameOf(file), created);
            end();
            return new SimulatedFile(this, file, created, true);
        }
        if (mode == OpenMode.CREATE_NEW) {
            throw new FileAlreadyExistsException(file.toString());
        }
        return new SimulatedFile(this, file, asFile(node, file), mode == OpenMode.READ_WRITE);
    }

    @Override
    public synchronized boolean exists(Path path) {
        checkAlive();
        return find(path) != null;
    }

    @Override
    public synchronized boolean isDirectory(Path path) {
        checkAlive();
        return find(path) instanceof DirectoryNode;
    }

    @Override
    public synchronized @Nullable Status status(Path path) {
        checkAlive();
        return switch (find(path)) {
            case null -> null;
            case FileNode file -> new Status(false, file.length(), file.modifiedNs());
            case DirectoryNode directory -> new Status(true, 0, directory.modifiedNs());
        };
    }

    @Override
    public synchronized List<Path> list(Path directory) throws IOException {
        checkAlive();
        List<Path> entries = new ArrayList<>();
        for (String name : directoryAt(directory).names()) {
            entries.add(directory.toAbsolutePath().resolve(name));
        }
        return List.copyOf(entries);
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        checkAlive();
        DirectoryNode at = root;
        Path path = normalized(directory).getRoot();
        for (String name : names(directory)) {
            path = path.resolve(name);
            Node child = at.get(name);
            if (child == null) {
                begin("mkdir", path, "", 0, 0);
                DirectoryNode created = new DirectoryNode(at.mount());
                created.modifiedAt(modifiedNowNs());
                change(at, null, name, created);
                end();
                child = created;
            }
            if (!(child instanceof DirectoryNode)) {
                throw new FileAlreadyExistsException(directory.toString());
            }
            at = (DirectoryNode) child;
        }
    }

    @Override
    public synchronized void delete(Path path) throws IOException {
        checkAlive();
        Node node = nodeAt(path);
        if (node instanceof DirectoryNode directory && !directory.isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        begin("delete", path, "", 0, 0);
        change(directoryAt(parentOf(path)), nameOf(path), null, node);
        usedBytes -= bytesUnder(node);
        end();
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        checkAlive();
        Node node = nodeAt(from);
        DirectoryNode source = directoryAt(parentOf(from));
        DirectoryNode target = directoryAt(parentOf(to));
        Node replaced = target.get(nameOf(to));
        if (replaced == node) {
            return;
        }
        if (normalized(to).startsWith(normalized(from))) {
            throw new FileSystemException(from.toString(), to.toString(), "a directory cannot move into itself");
        }
        if (node.mount() != target.mount()) {
            throw new FileSystemException(from.toString(), to.toString(), "Invalid cross-device link");
        }
        switch (replaced) {
            case null -> {}
            case FileNode file -> {
                if (node instanceof DirectoryNode) {
                    throw new FileSystemException(from.toString(), to.toString(), "Not a directory");
                }
                usedBytes -= file.length();
            }
            case DirectoryNode directory -> {
                if (node instanceof FileNode) {
                    throw new FileSystemException(from.toString(), to.toString(), "Is a directory");
                }
                if (!directory.isEmpty()) {
                    throw new DirectoryNotEmptyException(to.toString());
                }
            }
        }
        begin("rename", from, " to " + to, 0, 0);
        if (source == target) {
            change(source, nameOf(from), nameOf(to), node);
        } else {
            source.change(nextEffectId, nameOf(from), null, node);
            source.modifiedAt(modifiedNowNs());
            target.change(nextEffectId, null, nameOf(to), node);
            target.modifiedAt(modifiedNowNs());
            nextEffectId++;
            dirtyDirectories.add(source);
            dirtyDirectories.add(target);
        }
        end();
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        checkAlive();
        Path key = normalized(directory);
        failures.check(key);
        DirectoryNode node = directoryAt(directory);
        beginSync("syncdir", directory);
        elapsedNanos += latency.fileNanos();
        dirtyDirectories.remove(node);
        if (syncShouldFail()) {
            node.syncFails(random);
            throw failures.record(key, new IOException("cannot sync directory " + directory + ": Input/output error"));
        }
        node.sync();
    }

    @Override
    public synchronized boolean canSyncFileSystem(Path directory) {
        checkAlive();
        return fileSystemSyncable && find(directory) instanceof DirectoryNode;
    }

    @Override
    public synchronized void syncFileSystem(Path directory) throws IOException {
        if (!canSyncFileSystem(directory)) {
            throw new UnsupportedOperationException("no file system sync for " + directory);
        }
        Path key = normalized(directory);
        failures.check(key);
        int mount = directoryAt(directory).mount();
        beginSync("syncfs", directory);
        boolean fails = syncShouldFail();
        elapsedNanos += latency.fileSystemNanos();
        for (FileNode file : List.copyOf(dirtyFiles)) {
            if (file.mount() == mount) {
                elapsedNanos += latency.perDirtyFileNanos();
                if (fails) {
                    file.syncFails(random);
                } else {
                    file.sync();
                }
                dirtyFiles.remove(file);
            }
        }
        for (DirectoryNode dirty : List.copyOf(dirtyDirectories)) {
            if (dirty.mount() == mount) {
                if (fails) {
                    dirty.syncFails(random);
                } else {
                    dirty.sync();
                }
                dirtyDirectories.remove(dirty);
            }
        }
        if (fails) {
            throw failures.record(
                    key, new IOException("cannot sync the file system of " + directory + ": Input/output error"));
        }
    }

    @Override
    public synchronized long fileSystemId(Path path) throws IOException {
        checkAlive();
        return nodeAt(path).mount();
    }

    @Override
    public synchronized @Nullable IOException syncFailure(Path directory) {
        checkAlive();
        return failures.under(normalized(directory));
    }

    @Override
    public synchronized AutoCloseable lock(Path lockFile) throws IOException {
        open(lockFile, OpenMode.READ_WRITE).close();
        Path key = normalized(lockFile);
        if (!locks.add(key)) {
            throw new DirectoryLockedException(lockFile);
        }
        return new Lock(key);
    }

    private final class Lock implements AutoCloseable {
        private final Path key;
        private boolean held = true;

        Lock(Path key) {
            this.key = key;
        }

        @Override
        public void close() {
            synchronized (SimulatedFileStore.this) {
                if (held) {
                    held = false;
                    locks.remove(key);
                }
            }
        }
    }

    @Override
    public synchronized long lastModifiedMs(Path file) throws IOException {
        checkAlive();
        return fileAt(file).modifiedNs() / NANOS_PER_MS;
    }

    @Override
    public synchronized void setLastModified(Path file, long ms) throws IOException {
        checkAlive();
        fileAt(file).modifiedAt(ms * NANOS_PER_MS);
    }

    @Override
    public synchronized long usableBytes(Path directory) throws IOException {
        checkAlive();
        directoryAt(directory);
        return capacityBytes - usedBytes;
    }

    @Override
    public synchronized long totalBytes(Path directory) throws IOException {
        checkAlive();
        directoryAt(directory);
        return capacityBytes;
    }

    // ---- what files do; the caller holds the lock
    // --------------------------------------------------------------------

    void checkAlive() {
        if (crash != null) {
            throw new SimulatedCrash(crash);
        }
    }

    int read(SimulatedFile file, ByteBuffer target, long position) throws IOException {
        reads++;
        if (failingReads.remove(reads) || happens(faults.readFails())) {
            throw new IOException("cannot read " + file.path() + " at byte " + position + ": Input/output error");
        }
        int began = target.position();
        int read = file.node().read(target, position);
        readBytes += Math.max(0, read);
        if (read > 0 && happens(faults.readFlipsBit())) {
            int at = began + random.nextInt(read);
            target.put(at, (byte) (target.get(at) ^ (1 << random.nextInt(8))));
        }
        return read;
    }

    void append(SimulatedFile file, ByteBuffer[] sources, int count) throws IOException {
        long length = 0;
        for (int i = 0; i < count; i++) {
            length += sources[i].remaining();
        }
        long before = file.node().length();
        long position = file.appendPosition();
        begin("append", file.path(), " %2$d bytes at %1$d", position, length);
        long possible = writable(file, position, length);
        long at = position;
        for (int i = 0; i < count && at < position + possible; i++) {
            int part = (int) Math.min(sources[i].remaining(), position + possible - at);
            file.node().write(sources[i], part, at);
            at += part;
        }
        file.appendedTo(at);
        written(file, before);
        end();
        if (possible < length) {
            throw writeFailure(file, "append to", at);
        }
    }

    void write(SimulatedFile file, ByteBuffer source, long position) throws IOException {
        int length = source.remaining();
        long before = file.node().length();
        begin("write", file.path(), " %2$d bytes at %1$d", position, length);
        int possible = (int) writable(file, position, length);
        file.node().write(source, possible, position);
        written(file, before);
        end();
        if (possible < length) {
            throw writeFailure(file, "write to", position + possible);
        }
    }

    void preallocate(SimulatedFile file, long sizeBytes) throws IOException {
        long before = file.node().length();
        if (sizeBytes <= before) {
            return;
        }
        if (sizeBytes - before > capacityBytes - usedBytes) {
            throw writeFailure(file, "preallocate", sizeBytes);
        }
        begin("preallocate", file.path(), " from %1$d to %2$d", before, sizeBytes);
        file.node().extend(sizeBytes);
        written(file, before);
        end();
    }

    /** How much of a write is carried out before it fails; all of it when it doesn't. */
    private long writable(SimulatedFile file, long position, long length) {
        writes++;
        if (length > 0 && (failingWrites.remove(writes) || happens(faults.writeFails()))) {
            return random.nextLong(length);
        }
        long room = Math.max(0, file.node().length() - position) + Math.max(0, capacityBytes - usedBytes);
        return Math.min(length, room);
    }

    private void written(SimulatedFile file, long lengthBefore) {
        usedBytes += file.node().length() - lengthBefore;
        file.node().modifiedAt(modifiedNowNs());
        if (file.node().dirty()) {
            dirtyFiles.add(file.node());
        }
    }

    private IOException writeFailure(SimulatedFile file, String what, long at) {
        return new IOException("cannot " + what + " " + file.path() + " at byte " + at + ": "
                + (capacityBytes <= usedBytes ? "No space left on device" : "Input/output error"));
    }

    void truncate(SimulatedFile file, long sizeBytes) {
        long before = file.node().length();
        if (sizeBytes >= before) {
            return;
        }
        begin("truncate", file.path(), " from %1$d to %2$d", before, sizeBytes);
        file.node().truncate(sizeBytes);
        written(file, before);
        end();
    }

    void sync(SimulatedFile file) throws IOException {
        Path key = normalized(file.path());
        failures.check(key);
        beginSync("sync", file.path());
        elapsedNanos += latency.fileNanos();
        dirtyFiles.remove(file.node());
        if (syncShouldFail()) {
            file.node().syncFails(random);
            throw failures.record(key, new IOException("cannot sync " + file.path() + ": Input/output error"));
        }
        file.node().sync();
    }

    private boolean syncShouldFail() {
        syncs++;
        return failingSyncs.remove(syncs) || happens(faults.syncFails());
    }

    /** Draws only where there is something to draw, so that runs without faults don't depend on the seed. */
    private boolean happens(double chance) {
        return chance > 0 && random.nextDouble() < chance;
    }

    // ---- operations
    // --------------------------------------------------------------------------------------------------

    private void begin(String what, Path path, String detail, long first, long second) {
        operations++;
        trace.record(operations, what, path, detail, first, second);
    }

    private void end() {
        if (operations >= crashAt) {
            crash();
            checkAlive();
        }
    }

    /** A sync that is crashed at never happens. */
    private void beginSync(String what, Path path) {
        begin(what, path, "", 0, 0);
        end();
    }

    private void change(DirectoryNode directory, @Nullable String from, @Nullable String to, Node node) {
        directory.change(nextEffectId++, from, to, node);
        directory.modifiedAt(modifiedNowNs());
        dirtyDirectories.add(directory);
    }

    /** The clock's time, told apart from that of other changes in the same ms. */
    private long modifiedNowNs() {
        modifications++;
        return clock.millis() * NANOS_PER_MS + modifications % NANOS_PER_MS;
    }

    // ---- paths
    // -------------------------------------------------------------------------------------------------------

    private static Path normalized(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static List<String> names(Path path) {
        List<String> names = new ArrayList<>();
        for (Path name : normalized(path)) {
            names.add(name.toString());
        }
        return names;
    }

    private static Path parentOf(Path path) throws IOException {
        Path parent = normalized(path).getParent();
        if (parent == null) {
            throw new FileSystemException(path.toString(), null, "the root is nobody's entry");
        }
        return parent;
    }

    private static String nameOf(Path path) {
        return String.valueOf(normalized(path).getFileName());
    }

    private @Nullable Node find(Path path) {
        Node at = root;
        for (Path name : normalized(path)) {
            Node child = at instanceof DirectoryNode directory ? directory.get(name.toString()) : null;
            if (child == null) {
                return null;
            }
            at = child;
        }
        return at;
    }

    private Node nodeAt(Path path) throws NoSuchFileException {
        Node node = find(path);
        if (node == null) {
            throw new NoSuchFileException(path.toString());
        }
        return node;
    }

    private DirectoryNode directoryAt(Path path) throws IOException {
        return asDirectory(nodeAt(path), path);
    }

    private FileNode fileAt(Path path) throws IOException {
        return asFile(nodeAt(path), path);
    }

    private static DirectoryNode asDirectory(Node node, Path path) throws IOException {
        return switch (node) {
            case DirectoryNode directory -> directory;
            case FileNode file -> throw new NotDirectoryException(path.toString());
        };
    }

    private static FileNode asFile(Node node, Path path) throws IOException {
        return switch (node) {
            case FileNode file -> file;
            case DirectoryNode directory -> throw new IOException(path + " is a directory, a file was expected");
        };
    }

    private static long bytesUnder(Node node) {
        return switch (node) {
            case FileNode file -> file.length();
            case DirectoryNode directory -> {
                long bytes = 0;
                for (Node child : directory.children()) {
                    bytes += bytesUnder(child);
                }
                yield bytes;
            }
        };
    }
}
