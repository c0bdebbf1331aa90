package io.odradek.engine.segment;

import io.odradek.engine.TellingThread;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Readers against the log that removes a segment (truncation, deletion, and the swap of compaction all end in {@link
 * SegmentFiles#remove}), in the interleavings that Lincheck's model checker finds: at most {@code -Dodradek.interleavings} (default
 * 500).
 */
class SharesInterleavingsTest {
    private static final int INTERLEAVINGS = Integer.getInteger("odradek.interleavings", 500);
    private static final Path DIRECTORY = Path.of("/data/orders-0");

    /** Knows only whether it is open. */
    private static final class Opened implements StoreFile {
        final AtomicInteger closed = new AtomicInteger();

        @Override
        public Path path() {
            return DIRECTORY;
        }

        @Override
        public long size() {
            return 0;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            if (closed.get() > 0) {
                throw new AssertionError("read from a closed file");
            }
            return -1;
        }

        @Override
        public void close() {
            if (closed.incrementAndGet() > 1) {
                throw new AssertionError("closed twice");
            }
        }

        @Override
        public void preallocate(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void append(ByteBuffer[] sources, int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void write(ByteBuffer source, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void truncate(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sync() {
            throw new UnsupportedOperationException();
        }

        @Override
        public long fileSystemId() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ByteBuffer map(long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable FileChannel transferChannel() {
            return null;
        }
    }

    private static final FileStore STORE = new DiskFileStore();

    private static void read(SegmentFiles files) {
        if (files.tryRetain()) {
            try {
                files.log().read(ByteBuffer.allocate(1), 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            files.release();
        }
    }

    @Test
    void filesStayOpenForTheirReadersAndAreClosedOnceByTheLast() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            Opened file = new Opened();
            SegmentFiles files = new SegmentFiles(STORE, DIRECTORY, 0, "", file);
            TellingThread first = TellingThread.start(() -> read(files));
            TellingThread second = TellingThread.start(() -> read(files));
            files.remove();
            if (files.tryRetain()) {
                throw new AssertionError("a removed segment has a new reader");
            }
            first.join();
            second.join();
            if (file.closed.get() != 1) {
                throw new AssertionError("the file is still open");
            }
        });
    }
}
