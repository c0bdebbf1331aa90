package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultFileRegion;
import io.netty.util.ReferenceCountUtil;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * Turns one message into what the transport writes. The generated classes write their fields here; records are not
 * copied but leave as they are, between the fields before and behind them:
 *
 * <pre>
 *   size | header | fields ...  | file region | fields ... | wrapped memory | fields
 *   one pooled buffer, cut here ^             ^            ^                ^
 * </pre>
 *
 * Used once, on the connection's loop.
 */
final class FrameWriter implements Writable {

    /** Bytes of records that are copied between the fields, where a piece of its own would cost more. */
    private static final int COPIED_RECORD_BYTES = 2048;

    private final ByteBufAllocator allocator;
    private final ByteBuf fields;
    /** The pieces in order; a {@link Cut} stands for the fields up to there. */
    private final List<Object> pieces = new ArrayList<>(1);

    private final List<SlicedRecords> held = new ArrayList<>(0);
    private int copyLeft;

    /** Fields up to {@code endIndex} of the buffer come before the next piece. */
    private record Cut(int endIndex) {}

    /**
     * A message, ready to be written.
     *
     * @param pieces buffers and file regions in order; the transport releases them
     * @param held to be closed when the last piece is written or has failed
     * @param sizeBytes all of it, the size field included
     */
    record Frame(List<Object> pieces, List<SlicedRecords> held, long sizeBytes) {}

    private FrameWriter(ByteBufAllocator allocator, int fieldBytes, int recordBytes) {
        this.allocator = allocator;
        this.copyLeft = Math.min(COPIED_RECORD_BYTES, recordBytes);
        this.fields = allocator.directBuffer(fieldBytes + copyLeft);
    }

    /**
     * @param version of the body
     * @throws RuntimeException the message can't be written in this version; nothing is held then, but the caller still
     *     has to close what the message holds
     */
    static Frame write(ByteBufAllocator allocator, ResponseHeader header, ApiMessage body, short version) {
        return write(allocator, header.data(), header.headerVersion(), body, version);
    }

    /** The same for a request. */
    static Frame write(ByteBufAllocator allocator, RequestHeader header, ApiMessage body) {
        return write(allocator, header.data(), header.headerVersion(), body, header.apiVersion());
    }

    private static Frame write(
            ByteBufAllocator allocator, ApiMessage header, short headerVersion, ApiMessage body, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        body.addSize(size, cache, version);
        int fieldBytes = ReceiveWindow.SIZE_BYTES + size.sizeExcludingZeroCopy();
        FrameWriter writer = new FrameWriter(allocator, fieldBytes, size.totalSize() - size.sizeExcludingZeroCopy());
        try {
            writer.fields.writeInt(size.totalSize());
            header.write(writer, cache, headerVersion);
            body.write(writer, cache, version);
            return writer.finish((long) size.totalSize() + ReceiveWindow.SIZE_BYTES);
        } catch (RuntimeException | Error failure) {
            writer.discard();
            throw failure;
        }
    }

    private Frame finish(long sizeBytes) {
        if (pieces.isEmpty()) {
            checkSize(fields.readableBytes(), sizeBytes);
            pieces.add(fields);
            return new Frame(pieces, held, sizeBytes);
        }
        long written = 0;
        List<Object> result = new ArrayList<>(pieces.size() + 1);
        int from = 0;
        for (Object piece : pieces) {
            switch (piece) {
                case Cut cut -> {
                    result.add(fields.retainedSlice(from, cut.endIndex - from));
                    written += cut.endIndex - from;
                    from = cut.endIndex;
                }
                case ByteBuf records -> {
                    written += records.readableBytes();
                    result.add(records);
                }
                case DefaultFileRegion region -> {
                    written += region.count();
                    result.add(region);
                }
                default -> throw new IllegalStateException("a piece that is " + piece);
            }
        }
        if (from < fields.writerIndex()) {
            written += fields.writerIndex() - from;
            result.add(fields.retainedSlice(from, fields.writerIndex() - from));
        }
        fields.release(); // the slices have their own shares
        assert written == sizeBytes : written + " bytes written, " + sizeBytes + " announced";
        return new Frame(result, held, sizeBytes);
    }

    private static void checkSize(int written, long announced) {
        assert written == announced : written + " bytes written, " + announced + " announced";
    }

    private void discard() {
        pieces.forEach(piece -> {
            if (!(piece instanceof Cut)) {
                ReferenceCountUtil.safeRelease(piece);
            }
        });
        fields.release();
    }

    @Override
    public void writeRecords(BaseRecords records) {
        switch (records) {
            case SlicedRecords sliced -> {
                held.add(sliced);
                for (Slice slice : sliced.slices().slices()) {
                    writeSlice(sliced, slice);
                }
            }
            case MemoryRecords memory -> writeByteBuffer(memory.buffer());
            default ->
                throw new IllegalArgumentException("records of a kind that no handler sends: " + records.getClass());
        }
    }

    private void writeSlice(SlicedRecords records, Slice slice) {
        switch (slice) {
            case MemorySlice(ByteBuffer bytes) -> writeByteBuffer(bytes.duplicate());
            case FileSlice file -> {
                if (file.lengthBytes() > 0) {
                    FileChannel channel = file.file().transferChannel();
                    cut();
                    pieces.add(channel == null ? read(file) : new SliceRegion(records, file, channel));
                }
            }
        }
    }

    /** For stores that have no channel, which are the simulated ones. */
    private ByteBuf read(FileSlice slice) {
        ByteBuf copy = allocator.directBuffer(slice.lengthBytes(), slice.lengthBytes());
        try {
            int read = slice.file().read(copy.nioBuffer(0, slice.lengthBytes()), slice.position());
            if (read != slice.lengthBytes()) {
                throw new EOFException(slice.file().path() + " ends " + (slice.lengthBytes() - read)
                        + " bytes before the end of the slice at byte " + slice.position());
            }
            return copy.writerIndex(read);
        } catch (IOException | RuntimeException failure) {
            copy.release();
            throw failure instanceof IOException io ? new UncheckedIOException(io) : (RuntimeException) failure;
        }
    }

    /**
     * What a failed send does not say: which of its ends failed, the client's or ours, and only ours is worth a word. The page that
     * would have gone out next is read once more to find out.
     */
    static void tellUnreadable(Frame frame) {
        for (Object piece : frame.pieces()) {
            if (piece instanceof SliceRegion region && region.transferred() < region.count()) {
                region.probe();
                return; // nothing behind it was tried
            }
        }
    }

    /** A part of a log's file: the file is the log's, and stays open. */
    private static final class SliceRegion extends DefaultFileRegion {
        private static final int PROBE_BYTES = 4096;

        private final SlicedRecords records;
        private final FileSlice slice;

        SliceRegion(SlicedRecords records, FileSlice slice, FileChannel file) {
            super(file, slice.position(), slice.lengthBytes());
            this.records = records;
            this.slice = slice;
        }

        void probe() {
            int bytes = (int) Math.min(PROBE_BYTES, count() - transferred());
            long at = position() + transferred();
            try {
                if (slice.file().read(ByteBuffer.allocate(bytes), at) < bytes) {
                    throw new EOFException(slice.file().path() + " ends before byte " + (at + bytes));
                }
            } catch (ClosedChannelException closed) {
                // by us, with everything else
            } catch (IOException unreadable) {
                records.unreadable(unreadable);
            }
        }

        @Override
        protected void deallocate() {}
    }

    /** Not copied unless small: must stay as it is until written, which {@link SlicedRecords} or the heap sees to. */
    @Override
    public void writeByteBuffer(ByteBuffer bytes) {
        int length = bytes.remaining();
        if (length <= copyLeft) {
            copyLeft -= length;
            fields.writeBytes(bytes);
        } else if (length > 0) {
            cut();
            pieces.add(Unpooled.wrappedBuffer(bytes));
        }
    }

    private void cut() {
        int end = fields.writerIndex();
        if (pieces.isEmpty() || !endsAt(end)) {
            pieces.add(new Cut(end));
        }
    }

    private boolean endsAt(int index) {
        for (int i = pieces.size() - 1; i >= 0; i--) {
            if (pieces.get(i) instanceof Cut(int endIndex)) {
                return endIndex == index;
            }
        }
        return false;
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
    public void writeByteArray(byte[] value) {
        fields.writeBytes(value);
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
    public void writeVarint(int value) {
        writeUnsignedVarint((value << 1) ^ (value >> 31));
    }

    @Override
    public void writeVarlong(long value) {
        ByteBuffer encoded = ByteBuffer.allocate(10);
        ByteUtils.writeVarlong(value, encoded);
        fields.writeBytes(encoded.flip());
    }
}
