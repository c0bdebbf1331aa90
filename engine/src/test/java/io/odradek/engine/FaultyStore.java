package io.odradek.engine;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The real disk, until told to fail; counts what is opened and closed. */
final class FaultyStore extends DelegatingFileStore {
    /** Bytes that appends may still write; then the disk is full, in the middle of one. */
    long freeBytes = Long.MAX_VALUE;

    int openFiles;

    FaultyStore() {
        super(new DiskFileStore());
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        if (mode == OpenMode.CREATE_NEW && freeBytes == 0) {
            throw new IOException("No space left on device");
        }
        return super.open(file, mode);
    }

    @Override
    protected StoreFile opened(StoreFile file) {
        openFiles++;
        return new Faulty(file);
    }

    /** Each file is synced by itself, so that a test knows which. */
    @Override
    public boolean canSyncFileSystem(Path directory) {
        return false;
    }

    private final class Faulty extends DelegatingFile {
        private boolean closed;

        Faulty(StoreFile file) {
            super(file);
        }

        @Override
        public void preallocate(long sizeBytes) throws IOException {
            if (sizeBytes > freeBytes) {
                throw new IOException("No space left on device");
            }
            super.preallocate(sizeBytes);
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            for (int i = 0; i < count; i++) {
                ByteBuffer source = sources[i];
                if (source.remaining() > freeBytes) {
                    ByteBuffer part = source.duplicate();
                    part.limit(part.position() + (int) freeBytes);
                    freeBytes = 0;
                    super.append(new ByteBuffer[] {part}, 1);
                    throw new IOException("No space left on device");
                }
                freeBytes -= source.remaining();
                super.append(new ByteBuffer[] {source}, 1);
            }
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                openFiles--;
            }
            super.close();
        }
    }
}
