package io.odradek.engine.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Another file as it is: what a {@link DelegatingFileStore} overrides one call of. */
public class DelegatingFile implements StoreFile {
    private final StoreFile file;

    public DelegatingFile(StoreFile file) {
        this.file = file;
    }

    @Override
    public Path path() {
        return file.path();
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        return file.read(target, position);
    }

    @Override
    public void preallocate(long sizeBytes) throws IOException {
        file.preallocate(sizeBytes);
    }

    @Override
    public void append(ByteBuffer[] sources, int count) throws IOException {
        file.append(sources, count);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
        file.write(source, position);
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        file.truncate(sizeBytes);
    }

    @Override
    public void sync() throws IOException {
        file.sync();
    }

    @Override
    public long fileSystemId() {
        return file.fileSystemId();
    }

    @Override
    public ByteBuffer map(long sizeBytes) throws IOException {
        return file.map(sizeBytes);
    }

    @Override
    public @Nullable FileChannel transferChannel() {
        return file.transferChannel();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
