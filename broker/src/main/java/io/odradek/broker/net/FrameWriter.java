package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.DefaultFileRegion;
import io.netty.util.ReferenceCounted;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * Writes one response: its fields into a pooled buffer, its records as they lie, in the order of the bytes on the wire. Confined
 * to a network loop.
 *
 * <pre>
 *   | size | header, fields ... | records: file region | fields ... | records: memory | ...
 *     \------ one buffer ------/                         \- same buffer, next slice -/
 * </pre>
 */
final class FrameWriter implements Writable {
    private final ByteBuf fields;
    private final List<ReferenceCounted> parts = new ArrayList<>(4);
    private final List<FetchedSlices> open = new ArrayList<>(1);
    /** Where the fields that are not yet in a part begin. */
    private int from;

    private FrameWriter(ByteBuf fields) {
        this.fields = fields;
    }

    /**
     * Serializes and hands to the channel, without flushing. Slices in the records are closed when they are written or when the
     * channel dies.
     *
     * @return bytes of the whole frame
     */
    static int write(
            ChannelOutboundInvoker channel,
            ByteBufAllocator allocator,
            int correlationId,
            short headerVersion,
            ApiMessage body,
            short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(correlationId);
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        body.addSize(size, cache, version);
        FrameWriter writer = new FrameWriter(allocator.ioBuffer(Integer.BYTES + size.sizeExcludingZeroCopy()));
        boolean done = false;
        try {
            writer.writeInt(size.totalSize());
            header.write(writer, cache, headerVersion);
            body.write(writer, cache, version);
            writer.cut();
            done = true;
        } finally {
            writer.fields.release();
            if (!done) {
                writer.parts.forEach(ReferenceCounted::release);
                writer.open.forEach(FetchedSlices::close);
            }
        }
        ChannelFuture last = null;
        for (ReferenceCounted part : writer.parts) {
            last = channel.write(part); // released by the channel, whatever becomes of it
        }
        if (last != null && !writer.open.isEmpty()) {
            // Parts leave in order, and when the channel dies they fail in order: the last one speaks for all.
            last.addListener(_ -> writer.open.forEach(FetchedSlices::close));
        }
        return Integer.BYTES + size.totalSize();
    }

    /** What was written into the buffer since the last cut becomes a part. */
    private void cut() {
        int to = fields.writerIndex();
        if (to > from) {
            parts.add(fields.retainedSlice(from, to - from));
            from = to;
        }
    }

    @Override
    public void writeRecords(BaseRecords records) {
        if (!(records instanceof SlicedRecords sliced)) {
            Writable.super.writeRecords(records);
            return;
        }
        cut();
        open.add(sliced.slices());
        for (Slice slice : sliced.slices().slices()) {
            parts.add(
                    switch (slice) {
                        case FileSlice file -> inFile(file);
                        case MemorySlice memory -> Unpooled.wrappedBuffer(memory.bytes());
                    });
        }
    }

    private static ReferenceCounted inFile(FileSlice slice) {
        FileChannel channel = slice.file().transferChannel();
        if (channel != null) {
            return new LogRegion(channel, slice.position(), slice.lengthBytes());
        }
        ByteBuffer bytes = ByteBuffer.allocate(slice.lengthBytes());
        try {
            slice.file().read(bytes, slice.position());
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + slice.file().path() + " at " + slice.position() + " failed", e);
        }
        return Unpooled.wrappedBuffer(bytes.flip());
    }

    @Override
    public void writeByte(byte value) {
        fields.writeByte(value);
    }

    @Override
    public void writeShort(short value) {
        fields.writeShort(value);
    }

    @Override
    public void writeInt(int value) {
        fields.writeInt(value);
    }

    @Override
    public void writeLong(long value) {
        fields.writeLong(value);
    }

    @Override
    public void writeDouble(double value) {
        fields.writeDouble(value);
    }

    @Override
    public void writeByteArray(byte[] bytes) {
        fields.writeBytes(bytes);
    }

    @Override
    public void writeUnsignedVarint(int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            fields.writeByte((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        fields.writeByte(rest);
    }

    @Override
    public void writeByteBuffer(ByteBuffer bytes) {
        fields.writeBytes(bytes.duplicate());
    }

    @Override
    public void writeVarint(int value) {
        writeUnsignedVarint((value << 1) ^ (value >> 31));
    }

    @Override
    public void writeVarlong(long value) {
        ByteBuffer encoded = ByteBuffer.allocate(10);
        ByteUtils.writeVarlong(value, encoded);
        fields.writeBytes(encoded.flip());
    }

    /** A region of a file that belongs to the log: Netty's own would close the channel behind it. */
    private static final class LogRegion extends DefaultFileRegion {
        LogRegion(FileChannel channel, long position, long count) {
            super(channel, position, count);
        }

        @Override
        protected void deallocate() {}
    }
}
