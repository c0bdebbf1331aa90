package io.odradek.engine.record;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Reads one LZ4 frame (format version 1) as Kafka's broker does: independent blocks only, checksums of the descriptor and
 * of blocks verified, the content checksum skipped, and what follows the end mark ignored. Little-endian.
 *
 * <pre>
 *  0          4     5    6                 +0      +4
 *  +----------+-----+----+----------+----+-------+--------------+----------+---...---+------+----------+
 *  | 04224d18 | FLG | BD | (content | HC | block | block, plain | (check-  |         | 0000 | (content |
 *  |          |     |    |  size 8) |    | size  | or packed    |  sum 4)  |         | 0000 | checksum)|
 *  +----------+-----+----+----------+----+-------+--------------+----------+---...---+------+----------+
 * </pre>
 *
 * Not lz4-java's own stream, which also takes frames that Kafka's consumers refuse (linked blocks, concatenated frames).
 */
final class Lz4Frame extends BlockStream {
    private static final int MAGIC = 0x184d2204;
    private static final int PLAIN_BLOCK_BIT = 0x8000_0000;
    private static final int RESERVED_FLAGS = 0x03;
    private static final int CONTENT_CHECKSUM_FLAG = 0x04;
    private static final int CONTENT_SIZE_FLAG = 0x08;
    private static final int BLOCK_CHECKSUM_FLAG = 0x10;
    private static final int INDEPENDENT_BLOCKS_FLAG = 0x20;

    private final boolean blockChecksums;
    private final boolean contentChecksum;
    private final int maxBlockBytes;

    Lz4Frame(ByteBuffer input, int from, int to) throws IOException {
        super(input, from, to);
        need(7);
        if (readInt() != MAGIC) {
            throw new IOException("not an LZ4 frame");
        }
        int descriptorAt = at;
        int flags = input.get(at++) & 0xff;
        int blockDescriptor = input.get(at++) & 0xff;
        if (flags >>> 6 != 1 || (flags & RESERVED_FLAGS) != 0 || (flags & INDEPENDENT_BLOCKS_FLAG) == 0) {
            throw new IOException("LZ4 frame with flags " + Integer.toHexString(flags));
        }
        int blockSizeClass = blockDescriptor >>> 4;
        if ((blockDescriptor & 0x0f) != 0 || blockSizeClass < 4 || blockSizeClass > 7) {
            throw new IOException("LZ4 frame with block descriptor " + Integer.toHexString(blockDescriptor));
        }
        this.maxBlockBytes = 1 << (2 * blockSizeClass + 8);
        this.blockChecksums = (flags & BLOCK_CHECKSUM_FLAG) != 0;
        this.contentChecksum = (flags & CONTENT_CHECKSUM_FLAG) != 0;
        if ((flags & CONTENT_SIZE_FLAG) != 0) {
            need(Long.BYTES + 1);
            at += Long.BYTES;
        }
        if (input.get(at) != (byte) (hash().hash(input, descriptorAt, at - descriptorAt, 0) >> 8)) {
            throw new IOException("LZ4 frame descriptor has a wrong checksum");
        }
        at++;
    }

    private static XXHash32 hash() {
        return XXHashFactory.fastestInstance().hash32();
    }

    private static LZ4SafeDecompressor decompressor() {
        return LZ4Factory.fastestInstance().safeDecompressor();
    }

    private int readInt() {
        int value = Integer.reverseBytes(input.getInt(at));
        at += Integer.BYTES;
        return value;
    }

    private void need(int bytes) throws EOFException {
        if (limit - at < bytes) {
            throw new EOFException("LZ4 frame ends early");
        }
    }

    @Override
    boolean nextBlock() throws IOException {
        need(Integer.BYTES);
        int word = readInt();
        int size = word & ~PLAIN_BLOCK_BIT;
        if (size == 0) {
            if (contentChecksum) {
                need(Integer.BYTES);
                at += Integer.BYTES;
            }
            return false;
        }
        if (size > maxBlockBytes) {
            throw new IOException("LZ4 block of " + size + " bytes in a frame that allows " + maxBlockBytes);
        }
        need(size);
        unpack(size, (word & PLAIN_BLOCK_BIT) != 0);
        if (blockChecksums) {
            int computed = hash().hash(input, at, size, 0);
            at += size;
            need(Integer.BYTES);
            if (readInt() != computed) {
                throw new IOException("LZ4 block has a wrong checksum");
            }
        } else {
            at += size;
        }
        return true;
    }

    private void unpack(int size, boolean isPlain) throws IOException {
        byte[] plain = roomFor(maxBlockBytes);
        if (isPlain) {
            input.get(at, plain, 0, size);
            unpacked(size);
            return;
        }
        try {
            unpacked(decompressor().decompress(packed(size), 0, size, plain, 0, maxBlockBytes));
        } catch (LZ4Exception e) {
            throw new IOException("LZ4 block cannot be decompressed", e);
        }
    }
}
