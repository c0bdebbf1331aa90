package io.odradek.engine.record;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.xerial.snappy.Snappy;

/**
 * Reads snappy as Kafka's broker does: the framing of snappy-java, or, when its magic is missing, one bare block.
 *
 * <pre>
 *  0                     8          12          16       20
 *  +---------------------+----------+-----------+--------+--------------+--------+------
 *  | 82 'S' 'N' 'A' 'P'  | version  | compatible| chunk  | snappy block | chunk  | ...
 *  | 'P' 'Y' 00          | int32    | from      | size   |              | size   |
 *  +---------------------+----------+-----------+--------+--------------+--------+------
 * </pre>
 *
 * Headers may be repeated between chunks (concatenated streams), and fewer than four bytes at the end are ignored. The
 * version is looked at in the repeated ones only: as in snappy-java, where some writers may have come to depend on it.
 *
 * <p>Not snappy-java's own stream: that one allocates what a chunk's header claims, up to 2 GiB, before it has looked at the
 * block.
 */
final class SnappyFrames extends BlockStream {
    private static final long MAGIC = 0x82_53_4e_41_50_50_59_00L;
    private static final int MAGIC_HEAD = (int) (MAGIC >> 32);
    private static final int HEADER_BYTES = 16;
    private static final int VERSION_AT = 8;
    private static final int LOWEST_VERSION = 1;

    /**
     * A block of n bytes holds at most this many times n: its densest element is a copy of up to 64 bytes in 3, and the
     * length in front takes at least one byte. A larger claim is a lie.
     */
    private static final int DENSEST = 22;

    SnappyFrames(ByteBuffer input, int from, int to) throws IOException {
        super(input, from, to);
        if (from == to) {
            throw new EOFException("empty snappy stream");
        }
        if (to - from >= HEADER_BYTES && input.getLong(from) == MAGIC) {
            at += HEADER_BYTES;
        } else {
            unpack(to - from);
        }
    }

    private void unpack(int blockBytes) throws IOException {
        byte[] block = packed(blockBytes);
        at += blockBytes;
        int claimed = Snappy.uncompressedLength(block, 0, blockBytes);
        if (claimed < 0 || claimed / DENSEST > blockBytes) {
            throw new IOException("snappy block of " + blockBytes + " bytes claims to hold " + claimed);
        }
        int held = Snappy.uncompress(block, 0, blockBytes, roomFor(claimed), 0);
        if (held != claimed) {
            throw new IOException("snappy block claims to hold " + claimed + " bytes and holds " + held);
        }
        unpacked(held);
    }

    @Override
    boolean nextBlock() throws IOException {
        if (limit - at < Integer.BYTES) {
            at = limit;
            return false;
        }
        int size = input.getInt(at);
        if (size == MAGIC_HEAD) {
            if (limit - at < HEADER_BYTES) {
                throw new EOFException("snappy stream ends within a header");
            }
            if (input.getLong(at) != MAGIC) {
                at = limit;
                return false;
            }
            int version = input.getInt(at + VERSION_AT);
            if (version < LOWEST_VERSION) {
                throw new IOException("snappy stream of version " + version);
            }
            at += HEADER_BYTES;
            return true;
        }
        at += Integer.BYTES;
        if (size < 0 || size > limit - at) {
            throw new EOFException("snappy chunk of " + size + " bytes with " + (limit - at) + " left");
        }
        unpack(size);
        return true;
    }
}
