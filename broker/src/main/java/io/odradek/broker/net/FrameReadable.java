package io.odradek.broker.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.utils.ByteUtils;
import org.jspecify.annotations.Nullable;

/**
 * What the generated request classes read a frame through. Record fields become slices of the frame, from index 0;
 * everything else is copied to the heap, and how much of that one request may cause is limited: an array of a hundred
 * million empty strings fits in a frame of the size that is allowed, but not in the heap.
 */
final class FrameReadable implements Readable {

    /**
     * What one request may become on the heap.
     *
     * @param maxElements array elements and unknown tagged fields, nested ones included
     * @param maxCopiedBytes bytes of strings and byte arrays
     */
    record Limits(int maxElements, int maxCopiedBytes) {}

    private final ByteBuffer frame;
    private int elementsLeft;
    private int copiedBytesLeft;
    /** The last number read that may have been the length of an array. */
    private int lastCount;

    /** @param frame read from its position to its limit */
    FrameReadable(ByteBuffer frame, Limits limits) {
        this(frame, limits.maxElements, limits.maxCopiedBytes);
    }

    private FrameReadable(ByteBuffer frame, int elementsLeft, int copiedBytesLeft) {
        this.frame = frame;
        this.elementsLeft = elementsLeft;
        this.copiedBytesLeft = copiedBytesLeft;
    }

    @Override
    public byte readByte() {
        return frame.get();
    }

    @Override
    public short readShort() {
        return frame.getShort();
    }

    @Override
    public int readInt() {
        lastCount = frame.getInt();
        return lastCount;
    }

    @Override
    public long readLong() {
        return frame.getLong();
    }

    @Override
    public double readDouble() {
        return frame.getDouble();
    }

    @Override
    public byte[] readArray(int length) {
        checkLength(length);
        if (length > copiedBytesLeft) {
            throw new InvalidRequestException("strings and bytes of one request exceed the limit");
        }
        copiedBytesLeft -= length;
        byte[] copy = new byte[length];
        frame.get(copy);
        return copy;
    }

    @Override
    public String readString(int length) {
        return new String(readArray(length), StandardCharsets.UTF_8);
    }

    @Override
    public int readUnsignedVarint() {
        int value = ByteUtils.readUnsignedVarint(frame);
        lastCount = value - 1; // compact arrays say one more than they have
        return value;
    }

    @Override
    public int readVarint() {
        return ByteUtils.readVarint(frame);
    }

    @Override
    public long readVarlong() {
        return ByteUtils.readVarlong(frame);
    }

    /** The bytes themselves, index 0 to {@code length}; valid as long as the frame. */
    @Override
    public ByteBuffer readByteBuffer(int length) {
        checkLength(length);
        ByteBuffer slice = frame.slice(frame.position(), length);
        frame.position(frame.position() + length);
        return slice;
    }

    @Override
    public List<RawTaggedField> readUnknownTaggedField(@Nullable List<RawTaggedField> fields, int tag, int size) {
        if (--elementsLeft < 0) {
            throw new InvalidRequestException("tagged fields of one request exceed the limit");
        }
        List<RawTaggedField> result = fields == null ? new ArrayList<>() : fields;
        result.add(new RawTaggedField(tag, readArray(size)));
        return result;
    }

    /**
     * Bytes left to read. The generated code asks right after it has read the length of an array and before it makes
     * room for it, and refuses an array of more elements than this answer: here the elements are counted.
     */
    @Override
    public int remaining() {
        if (lastCount > elementsLeft) {
            return Math.min(elementsLeft, frame.remaining());
        }
        elementsLeft -= Math.max(lastCount, 0);
        return frame.remaining();
    }

    @Override
    public Readable slice() {
        return new FrameReadable(frame.slice(), elementsLeft, copiedBytesLeft);
    }

    private void checkLength(int length) {
        if (length < 0 || length > frame.remaining()) {
            throw new InvalidRequestException(
                    "a field of " + length + " bytes where " + frame.remaining() + " bytes are left");
        }
    }
}
