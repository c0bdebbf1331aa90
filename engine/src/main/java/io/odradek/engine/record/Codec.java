package io.odradek.engine.record;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;
import org.xerial.snappy.SnappyOutputStream;

/**
 * How the records of a batch are compressed: the three low bits of its attributes, and byte formats that every Kafka client
 * can read. What is accepted on the way in is what Kafka's broker accepts, written down beside each reader.
 *
 * <p>A codec's native library is loaded when a batch first needs it.
 */
public enum Codec {
    NONE(0, 0, 0, 0),
    GZIP(1, Deflater.BEST_SPEED, Deflater.BEST_COMPRESSION, Deflater.DEFAULT_COMPRESSION),
    /** Has no levels. */
    SNAPPY(2, 0, 0, 0),
    /** The default level 9 means the fast compressor, any other the high compressor: Kafka's reading of its own config. */
    LZ4(3, 1, 17, 9),
    ZSTD(4, -131_072, 22, 3);

    private static final Codec[] BY_ID = values();

    /** Bytes gathered before a compressor is called: records arrive in small pieces, and each call has a price. */
    private static final int GATHERED_BYTES = 16 << 10;

    private final int id;
    private final int minLevel;
    private final int maxLevel;
    private final int defaultLevel;

    Codec(int id, int minLevel, int maxLevel, int defaultLevel) {
        this.id = id;
        this.minLevel = minLevel;
        this.maxLevel = maxLevel;
        this.defaultLevel = defaultLevel;
    }

    /** The value of the attribute bits. */
    public int id() {
        return id;
    }

    public int defaultLevel() {
        return defaultLevel;
    }

    /** Whether {@code compression.<codec>.level} may be {@code level}. */
    public boolean hasLevel(int level) {
        return level == defaultLevel || (level >= minLevel && level <= maxLevel);
    }

    /** Null for the ids that mean nothing yet (5 to 7). */
    public static @Nullable Codec ofId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /**
     * The bytes in {@code [from, to)} decompressed; the buffer's position and limit stay as they are. Close the stream: some
     * codecs hold native memory. Memory is bounded by the codec's block or window, not by what comes out.
     *
     * @throws IOException the bytes do not begin as this codec's format does; any read may find out later, too
     */
    InputStream decompress(ByteBuffer buffer, int from, int to) throws IOException {
        return switch (this) {
            case NONE -> new BufferInputStream(buffer, from, to);
            // Members may follow one another; bytes behind the last one are ignored (RFC 1952, and java.util.zip).
            case GZIP -> new GZIPInputStream(new BufferInputStream(buffer, from, to), 8 << 10);
            case SNAPPY -> new SnappyFrames(buffer, from, to);
            case LZ4 -> new Lz4Frame(buffer, from, to);
            case ZSTD ->
                new ZstdInputStreamNoFinalizer(new BufferInputStream(buffer, from, to), RecyclingBufferPool.INSTANCE);
        };
    }

    /** A stream whose compressed form arrives in {@code out}, complete when the stream is closed. */
    public OutputStream compress(OutputStream out, int level) throws IOException {
        return switch (this) {
            case NONE -> out;
            case GZIP -> new BufferedOutputStream(new LevelledGzip(out, level), GATHERED_BYTES);
            case SNAPPY -> new SnappyOutputStream(out);
            case LZ4 -> lz4(out, level);
            case ZSTD ->
                new BufferedOutputStream(
                        new ZstdOutputStreamNoFinalizer(out, RecyclingBufferPool.INSTANCE, level), GATHERED_BYTES);
        };
    }

    private static OutputStream lz4(OutputStream out, int level) throws IOException {
        LZ4Factory factory = LZ4Factory.fastestInstance();
        LZ4Compressor compressor = level == LZ4.defaultLevel ? factory.fastCompressor() : factory.highCompressor(level);
        return new LZ4FrameOutputStream(
                out,
                LZ4FrameOutputStream.BLOCKSIZE.SIZE_64KB,
                -1L,
                compressor,
                XXHashFactory.fastestInstance().hash32(),
                LZ4FrameOutputStream.FLG.Bits.BLOCK_INDEPENDENCE);
    }

    private static final class LevelledGzip extends GZIPOutputStream {
        LevelledGzip(OutputStream out, int level) throws IOException {
            super(out, 8 << 10);
            def.setLevel(level);
        }
    }
}
