package io.odradek.engine.journal;

import io.odradek.engine.segment.SegmentFiles;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the append group at hand has written to segments, as it was sent. A journal that has it from here need not read it back from
 * the files: that is a system call for each of them, which also has the file system note down when it was read. Confined to the
 * append thread.
 */
public final class WrittenBytes {
    /** Of a write that was not kept. */
    public static final int NOT_KEPT = -1;

    private static final int FIRST_BYTES = 64 << 10;

    private ByteBuffer bytes = ByteBuffer.allocateDirect(0);

    private @Nullable SegmentFiles[] segments = new @Nullable SegmentFiles[16];
    private int[] positions = new int[16];
    /** Of each write, in {@link #bytes}; the next one's is where it ends. */
    private int[] begins = new int[16];

    private int count;

    /**
     * Keeps the first {@code batchCount} of {@code batches}, each from 0 to its limit, which were written to the segment's log file at
     * {@code position}.
     *
     * @return what to ask for them with; {@link #NOT_KEPT} when no journal would take as much
     */
    public int keep(SegmentFiles segment, int position, ByteBuffer[] batches, int batchCount) {
        long length = 0;
        for (int i = 0; i < batchCount; i++) {
            length += batches[i].limit();
        }
        int begin = bytes.position();
        if (begin + length > Journal.MOST_RECORD_BYTES) {
            return NOT_KEPT;
        }
        bytes = withRoomFor(bytes, (int) length);
        for (int i = 0; i < batchCount; i++) {
            bytes.put(begin, batches[i], 0, batches[i].limit());
            begin += batches[i].limit();
        }
        if (count == segments.length) {
            segments = Arrays.copyOf(segments, 2 * count);
            positions = Arrays.copyOf(positions, 2 * count);
            begins = Arrays.copyOf(begins, 2 * count);
        }
        segments[count] = segment;
        positions[count] = position;
        begins[count] = bytes.position();
        bytes.position(begin);
        return count++;
    }

    /** Whether that write was kept since {@link #clear}, and is the bytes from {@code begin} to {@code end} of the segment's file. */
    boolean isAll(int write, SegmentFiles segment, long begin, long end) {
        return write >= 0
                && write < count
                && segments[write] == segment
                && positions[write] == begin
                && endOf(write) - begins[write] == end - begin;
    }

    private int endOf(int write) {
        return write + 1 < count ? begins[write + 1] : bytes.position();
    }

    /** Appends that write to {@code target} at its position; returns {@code target}, or a larger one in its place. */
    ByteBuffer copyTo(ByteBuffer target, int write) {
        int length = endOf(write) - begins[write];
        ByteBuffer roomy = withRoomFor(target, length);
        roomy.put(roomy.position(), bytes, begins[write], length);
        return roomy.position(roomy.position() + length);
    }

    private static ByteBuffer withRoomFor(ByteBuffer full, int more) {
        if (full.remaining() >= more) {
            return full;
        }
        int needed = Math.max(FIRST_BYTES, full.position() + more);
        return ByteBuffer.allocateDirect(Math.max(needed, 2 * full.capacity())).put(full.flip());
    }

    /** Before the next group. */
    public void clear() {
        Arrays.fill(segments, 0, count, null);
        count = 0;
        bytes.clear();
    }
}
