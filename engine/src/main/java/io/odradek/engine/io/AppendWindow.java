package io.odradek.engine.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a file that small appends are copied into: the file's own pages, mapped, where a system call for each costs several times the
 * copying. The piece lies within the file's length, and its blocks are there before anything is put into it: zeros are written to it the
 * usual way, so that a full disk is an exception of that write, not a signal in the middle of a copy.
 *
 * <p>What is put in is in the page cache, as after {@code write(2)}, and as durable: {@code fdatasync} and {@code syncfs} find pages that
 * were written to through a mapping. Belongs to the thread that writes the file, but for {@link #close}.
 */
final class AppendWindow implements AutoCloseable {
    /** A window is no longer than this, nor beyond the file's end. */
    static final int MOST_BYTES = 128 << 10;

    /** So much is zeroed ahead at a time. Also what an idle file may have too many. */
    private static final int READY_BYTES = 16 << 10;

    private static final ByteBuffer ZEROS =
            ByteBuffer.allocateDirect(READY_BYTES).asReadOnlyBuffer();

    /** A quarter of what Linux lets a process map by default ({@code vm.max_map_count}). */
    private static final int MOST_WINDOWS = 16_384;

    private static final AtomicInteger OPEN = new AtomicInteger();

    private final Arena arena;
    private final ByteBuffer mapped;
    private final FileChannel channel;
    private final long from;
    private final long to;
    private long readyTo;
    private boolean closed;

    private AppendWindow(FileChannel channel, Arena arena, ByteBuffer mapped, long from, long to) {
        this.channel = channel;
        this.arena = arena;
        this.mapped = mapped;
        this.from = from;
        this.to = to;
        this.readyTo = from;
    }

    /**
     * A window that begins at {@code from} and ends at {@code to} at the latest, which the file reaches.
     *
     * @return null when there are too many already, or the kernel grants no more: the file is written without
     */
    static @Nullable AppendWindow open(FileChannel channel, long from, long to) {
        long end = Math.min(to, from + MOST_BYTES);
        if (OPEN.incrementAndGet() > MOST_WINDOWS) {
            OPEN.decrementAndGet();
            return null;
        }
        Arena arena = Arena.ofShared();
        try {
            ByteBuffer mapped =
                    channel.map(MapMode.READ_WRITE, from, end - from, arena).asByteBuffer();
            return new AppendWindow(channel, arena, mapped, from, end);
        } catch (IOException | OutOfMemoryError | UnsupportedOperationException noMore) {
            OPEN.decrementAndGet();
            arena.close();
            return null;
        }
    }

    boolean reaches(long end) {
        return end <= to;
    }

    /**
     * Sees to it that the blocks up to {@code end} are there.
     *
     * @param written up to where the file was written, perhaps not through this window
     * @throws IOException they can't be had; what was written stays as it is
     */
    void ready(long written, long end) throws IOException {
        readyTo = Math.max(readyTo, written);
        while (readyTo < end) {
            int bytes = (int) Math.min(READY_BYTES, to - readyTo);
            ByteBuffer zeros = ZEROS.duplicate().limit(bytes);
            long at = readyTo;
            while (zeros.hasRemaining()) {
                at += channel.write(zeros, at);
            }
            readyTo = at;
        }
    }

    /**
     * Copies the remaining bytes of {@code sources[0..count)}, which {@link #ready} has made room for.
     *
     * @throws IOException the file's pages could not be had: the disk failed under them
     */
    void put(ByteBuffer[] sources, int count, long position) throws IOException {
        mapped.position((int) (position - from));
        try {
            for (int i = 0; i < count; i++) {
                mapped.put(sources[i]);
            }
        } catch (InternalError fault) { // how the JVM tells of SIGBUS
            throw new IOException("its pages could not be had: " + fault.getMessage(), fault);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arena.close();
            OPEN.decrementAndGet();
        }
    }

    /** For tests. */
    static int open() {
        return OPEN.get();
    }
}
