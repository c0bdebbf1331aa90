package io.odradek.engine.record;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.odradek.engine.LogConfig.CompressionPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;
import org.xerial.snappy.SnappyInputStream;
import org.xerial.snappy.SnappyOutputStream;

/** How the records of a batch may be compressed. The number is the one in the batch's attributes. */
public enum Codec {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final Codec[] BY_ID = {NONE, GZIP, SNAPPY, LZ4, ZSTD};
    private static final int STREAM_BUFFER_BYTES = 8 * 1024;
    private static final int SNAPPY_BLOCK_BYTES = 32 * 1024;

    private final int id;

    Codec(int id) {
        this.id = id;
    }

    public int id() {
        return id;
    }

    /** Null for 5 to 7, which no codec has. */
    public static @Nullable Codec of(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /** The codec a topic asks for; null when it takes what the producer chose. */
    static @Nullable Codec wanted(CompressionPolicy policy) {
        return switch (policy.type()) {
            case PRODUCER -> null;
            case UNCOMPRESSED -> NONE;
            case GZIP -> GZIP;
            case SNAPPY -> SNAPPY;
            case LZ4 -> LZ4;
            case ZSTD -> ZSTD;
        };
    }

    /** Reads what is between position and limit of {@code compressed}. The caller closes the stream. */
    InputStream decompressing(ByteBuffer compressed) throws IOException {
        InputStream source = new BufferInput(compressed);
        return switch (this) {
            case NONE -> source;
            case GZIP -> new GZIPInputStream(source, STREAM_BUFFER_BYTES);
            case SNAPPY -> new SnappyInputStream(source);
            case LZ4 ->
                new LZ4FrameInputStream(
                        source,
                        LZ4Factory.fastestInstance().safeDecompressor(),
                        XXHashFactory.fastestInstance().hash32());
            case ZSTD -> new ZstdInputStreamNoFinalizer(source, RecyclingBufferPool.INSTANCE);
        };
    }

    /** Compresses into {@code target}; closing the result ends the compressed data. */
    OutputStream compressing(OutputStream target, int level) throws IOException {
        return switch (this) {
            case NONE -> target;
            case GZIP -> new GzipAtLevel(target, level);
            case SNAPPY -> new SnappyOutputStream(target, SNAPPY_BLOCK_BYTES);
            case LZ4 ->
                new LZ4FrameOutputStream(
                        target,
                        BLOCKSIZE.SIZE_64KB,
                        -1L,
                        LZ4Factory.fastestInstance().highCompressor(level),
                        XXHashFactory.fastestInstance().hash32(),
                        FLG.Bits.BLOCK_INDEPENDENCE);
            case ZSTD -> new ZstdOutputStreamNoFinalizer(target, RecyclingBufferPool.INSTANCE, level);
        };
    }

    private static final class GzipAtLevel extends GZIPOutputStream {
        GzipAtLevel(OutputStream target, int level) throws IOException {
            super(target, STREAM_BUFFER_BYTES);
            def.setLevel(level == 0 ? Deflater.DEFAULT_COMPRESSION : level);
        }
    }

    /** A buffer as a stream; moves only a view of its own. */
    private static final class BufferInput extends InputStream {
        private final ByteBuffer rest;

        BufferInput(ByteBuffer source) {
            this.rest = source.duplicate();
        }

        @Override
        public int read() {
            return rest.hasRemaining() ? rest.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            int count = Math.min(length, rest.remaining());
            if (count == 0) {
                return -1;
            }
            rest.get(target, offset, count);
            return count;
        }

        @Override
        public int available() {
            return rest.remaining();
        }
    }
}
