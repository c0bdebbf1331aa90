package io.odradek.engine.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Another store that notes, in order, each change of a file or directory and each sync. One thread. */
public final class NotedStore extends DelegatingFileStore {
    /** Such as {@code "sync 00000000000000000000.log"}: what is done, and the name of the file it is done to. */
    public final List<String> operations = new ArrayList<>();

    /** How often a file was read. */
    public int reads;

    /** What fails when it is tried, in the words of {@link #operations}; nothing unless set. */
    public @Nullable String failing;

    public NotedStore(FileStore store) {
        super(store);
    }

    private void begin(String operation, Path path) throws IOException {
        if ((operation + " " + path.getFileName()).equals(failing)) {
            throw new IOException("injected: " + failing);
        }
    }

    private void note(String operation, Path path) {
        operations.add(operation + " " + path.getFileName());
    }

    @Override
    protected StoreFile opened(StoreFile file) {
        return new Noted(file);
    }

    @Override
    public void delete(Path path) throws IOException {
        begin("delete", path);
        super.delete(path);
        note("delete", path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        super.rename(from, to);
        operations.add("rename " + from.getFileName() + " to " + to.getFileName());
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        begin("sync directory", directory);
        super.syncDirectory(directory);
        note("sync directory", directory);
    }

    private final class Noted extends DelegatingFile {
        Noted(StoreFile file) {
            super(file);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            reads++;
            return super.read(target, position);
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            super.append(sources, count);
            note("write", path());
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            super.write(source, position);
            note("write", path());
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            super.truncate(sizeBytes);
            note("truncate", path());
        }

        @Override
        public void sync() throws IOException {
            begin("sync", path());
            super.sync();
            note("sync", path());
        }

        @Override
        public void close() throws IOException {
            begin("close", path());
            super.close();
            note("close", path());
        }
    }
}
