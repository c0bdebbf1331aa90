package io.odradek.spec.compatibility;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.io.SyncFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The real disk, until a directory of it is told to fail. Faults strike files that are open as well as those opened later. */
final class FailingDisk extends DelegatingFileStore {
    /** What is wrong with everything below a path. */
    sealed interface Fault {
        /** ENOSPC on each write and creation. */
        record Full() implements Fault {}

        /** EIO on each sync; what was written can be read until the process ends. */
        record SyncsFail() implements Fault {}

        /** EIO on each read, also by {@code sendfile}, that touches the byte or one behind it, in a file's own positions. */
        record Unreadable(long fromByte) implements Fault {}
    }

    private final Map<Path, Fault> faults = new ConcurrentHashMap<>();
    private final SyncFailures failedSyncs = new SyncFailures();

    FailingDisk() {
        super(new DiskFileStore());
    }

    /** From now on everything below {@code path}, or the file itself. Any thread. */
    void breakDown(Path path, Fault fault) {
        faults.put(path.toAbsolutePath().normalize(), fault);
    }

    /** A sync that has failed is remembered all the same. */
    void repair(Path path) {
        faults.remove(path.toAbsolutePath().normalize());
    }

    private @Nullable Fault faultOf(Path path) {
        for (Path at = path.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
            Fault fault = faults.get(at);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    private void needRoom(Path path) throws IOException {
        if (faultOf(path) instanceof Fault.Full) {
            throw new IOException(path + ": No space left on device");
        }
    }

    private void needSync(Path path) throws IOException {
        Path key = path.toAbsolutePath().normalize();
        failedSyncs.check(key);
        if (faultOf(key) instanceof Fault.SyncsFail) {
            throw failedSyncs.record(key, new IOException("cannot sync " + path + ": Input/output error"));
        }
    }

    private void needBytes(Path path, long end) throws IOException {
        if (faultOf(path) instanceof Fault.Unreadable(long fromByte) && end > fromByte) {
            throw new IOException(path + ": Input/output error");
        }
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        if (mode == OpenMode.CREATE_NEW || (mode == OpenMode.READ_WRITE && !exists(file))) {
            needRoom(file);
        }
        return super.open(file, mode);
    }

    @Override
    protected StoreFile opened(StoreFile file) {
        return new FailingFile(file);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        needRoom(directory);
        super.createDirectories(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        needSync(directory);
        super.syncDirectory(directory);
    }

    @Override
    public void syncFileSystem(Path directory) throws IOException {
        needSync(directory);
        super.syncFileSystem(directory);
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        IOException failed = failedSyncs.under(directory.toAbsolutePath().normalize());
        return failed != null ? failed : super.syncFailure(directory);
    }

    private final class FailingFile extends DelegatingFile {
        FailingFile(StoreFile file) {
            super(file);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            needBytes(path(), Math.min(size(), position + target.remaining()));
            return super.read(target, position);
        }

        @Override
        public void preallocate(long sizeBytes) throws IOException {
            needRoom(path());
            super.preallocate(sizeBytes);
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            needRoom(path());
            super.append(sources, count);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            needRoom(path());
            super.write(source, position);
        }

        @Override
        public void sync() throws IOException {
            needSync(path());
            super.sync();
        }

        @Override
        public @Nullable FileChannel transferChannel() {
            FileChannel channel = super.transferChannel();
            // Native transports take a channel's descriptor and never call it: those must not meet this one.
            return channel != null && faultOf(path()) instanceof Fault.Unreadable
                    ? new FailingChannel(path(), channel)
                    : channel;
        }
    }

    /** Transfers from a file to a socket, which is all that anybody may do with it. */
    private final class FailingChannel extends FileChannel {
        private final Path path;
        private final FileChannel channel;

        FailingChannel(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
            long readable = count;
            if (faultOf(path) instanceof Fault.Unreadable(long fromByte)) {
                needBytes(path, position + 1);
                readable = Math.min(
                        count, fromByte - position); // what is in front of the damage goes out, as from the kernel
            }
            return channel.transferTo(position, readable, target);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        private UnsupportedOperationException forTransfersOnly() {
            return new UnsupportedOperationException(path + ": this channel is for transfers");
        }

        @Override
        public int read(ByteBuffer target) {
            throw forTransfersOnly();
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) {
            throw forTransfersOnly();
        }

        @Override
        public int read(ByteBuffer target, long position) {
            throw forTransfersOnly();
        }

        @Override
        public int write(ByteBuffer source) {
            throw forTransfersOnly();
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            throw forTransfersOnly();
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw forTransfersOnly();
        }

        @Override
        public long position() {
            throw forTransfersOnly();
        }

        @Override
        public FileChannel position(long newPosition) {
            throw forTransfersOnly();
        }

        @Override
        public FileChannel truncate(long size) {
            throw forTransfersOnly();
        }

        @Override
        public void force(boolean metaData) {
            throw forTransfersOnly();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw forTransfersOnly();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw forTransfersOnly();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw forTransfersOnly();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw forTransfersOnly();
        }

        @Override
        protected void implCloseChannel() {} // the file's own is never closed here
    }
}
