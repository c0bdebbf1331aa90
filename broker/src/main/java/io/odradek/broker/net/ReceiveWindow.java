package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection's bytes are received, so that a produced batch lies from the socket to the file in one place.
 *
 * <pre>
 *   buffer   | dispatched frames (leased) | unread: whole frames, then part of one |  room  |
 *            0                       readerIndex                              writerIndex  capacity
 * </pre>
 *
 * The transport reads straight into the room. A frame that does not fit moves: its head is copied once to a new buffer
 * and the socket fills in the rest. How large a buffer is:
 *
 * <ul>
 *   <li>nothing unread: what recent bursts had, at most {@link #BURST_BYTES}, so that many small requests share a buffer;
 *       a connection whose frames are large gets {@link #PEEK_BYTES}, enough to learn the next size;
 *   <li>part of a frame: the frame and {@link #PEEK_BYTES} more, so that the read which completes it also brings the
 *       next frame's size, and the head to copy is never longer than that;
 *   <li>but a size is only a claim. Until a connection has sent frames of that size, it gets four times what it did send
 *       ({@link #TRUSTED_BYTES} at least): whoever wants to pin memory must send bytes.
 * </ul>
 *
 * Between requests no memory is held. Confined to the connection's loop.
 */
final class ReceiveWindow implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle {

    static final int SMALLEST_BYTES = 1024;
    static final int BURST_BYTES = 64 * 1024;
    static final int PEEK_BYTES = 4 * 1024;
    static final int TRUSTED_BYTES = 16 * 1024;

    /** A frame above this has a buffer of its own. */
    static final int LARGE_FRAME_BYTES = 32 * 1024;

    /** After so much from one connection the loop turns to the others. */
    private static final int PASS_BYTES = 1024 * 1024;

    /** The size that precedes each frame. */
    static final int SIZE_BYTES = 4;

    private final ByteBufAllocator allocator;
    private final MemoryBudget budget;
    private @Nullable ReceiveMemory memory;
    /** The transport holds the buffer and may write to it: it must not be exchanged now. */
    private boolean lent;
    /** The last buffer was taken although the budget was used up. */
    private boolean overdrawn;
    /** Charged, for the next buffer. */
    private int grantedBytes;

    private int guessBytes = SMALLEST_BYTES;
    private int quietPasses;
    private int recentFrameBytes;
    private int largestFrameBytes;

    private @Nullable ChannelConfig config;
    private int passBytes;
    private int lastBytesRead;
    private int attemptedBytesRead;

    ReceiveWindow(ByteBufAllocator allocator, MemoryBudget budget) {
        this.allocator = allocator;
        this.budget = budget;
    }

    // Frames

    /** The size field of the next frame has arrived. */
    boolean isSizeKnown() {
        return unreadBytes() >= SIZE_BYTES;
    }

    /** What that field says: anything. */
    int claimedBytes() {
        ByteBuf buffer = current().buffer;
        return buffer.getInt(buffer.readerIndex());
    }

    /** The next frame has arrived whole. */
    boolean isFrameWhole() {
        return isSizeKnown() && unreadBytes() - SIZE_BYTES >= claimedBytes();
    }

    int unreadBytes() {
        return memory == null ? 0 : memory.buffer.readableBytes();
    }

    /** Takes a whole frame out of the window; its bytes stay where they are. */
    Frame takeFrame() {
        ReceiveMemory current = current();
        ByteBuf buffer = current.buffer;
        int size = buffer.readInt();
        int from = buffer.readerIndex();
        buffer.skipBytes(size);
        recentFrameBytes += (size - recentFrameBytes) / 4;
        largestFrameBytes = Math.max(size, largestFrameBytes - largestFrameBytes / 8);
        return new Frame(current, from, size);
    }

    /** Valid until the next call to the window, or as long as a lease on it is held. */
    record Frame(ReceiveMemory memory, int from, int sizeBytes) {

        /** Alone, and small beside the buffer it lies in: to hold it would hold much for little. */
        boolean isWasteful() {
            return from == SIZE_BYTES
                    && memory.buffer.readableBytes() == 0
                    && (long) sizeBytes * 4 < memory.buffer.capacity()
                    && sizeBytes <= PEEK_BYTES;
        }
    }

    // Room

    /**
     * Sees to it that the next read has somewhere to go.
     *
     * @return false when memory is short and {@code waiter} now waits for it: do not read
     */
    boolean makeRoom(MemoryBudget.Waiter waiter, long nowNanos) {
        ReceiveMemory current = memory;
        if (lent || grantedBytes > 0) {
            return true;
        }
        if (current == null || current.buffer.readableBytes() == 0) {
            if (overdrawn && current != null && !current.isUnshared()) {
                // One overdrawn buffer a connection, not one a request.
                return reserve(SMALLEST_BYTES, 0, waiter, nowNanos);
            }
            return true;
        }
        int wanted = wantedBytes(current.buffer);
        if (wanted == 0) {
            return true;
        }
        int returned = current.isUnshared() ? current.buffer.capacity() : 0;
        if (!reserve(wanted, returned, waiter, nowNanos)) {
            return false;
        }
        move(current);
        return true;
    }

    /**
     * Nothing will be read for a while: what is unread leaves a buffer that is much larger than itself, or a client that has to wait would hold
     * memory that others wait for.
     */
    void shrink() {
        ReceiveMemory current = memory;
        if (lent || grantedBytes > 0 || current == null) {
            return;
        }
        int unread = current.buffer.readableBytes();
        int enough = unread + SMALLEST_BYTES;
        if (unread > 0 && 2L * enough <= current.buffer.capacity()) {
            budget.charge(enough); // less than what is given back as soon as its other users let go
            grantedBytes = enough;
            move(current);
        }
    }

    /** Memory asked for in {@link #makeRoom} has come. */
    void granted(int bytes) {
        assert grantedBytes == 0 : "two grants";
        grantedBytes = bytes;
        ReceiveMemory current = memory;
        if (!lent && current != null && current.buffer.readableBytes() > 0) {
            move(current);
        }
    }

    private boolean reserve(int bytes, int returned, MemoryBudget.Waiter waiter, long nowNanos) {
        if (!budget.chargeOrWait(bytes, returned, waiter, nowNanos)) {
            return false;
        }
        grantedBytes = bytes;
        return true;
    }

    /** Capacity for what is unread, or 0 when it may go on where it is. */
    private int wantedBytes(ByteBuf buffer) {
        int unread = buffer.readableBytes();
        if (unread < SIZE_BYTES) {
            return buffer.isWritable() ? 0 : Math.max(unread + SMALLEST_BYTES, guessBytes);
        }
        long whole = (long) claimedBytes() + SIZE_BYTES;
        if (whole <= buffer.capacity() - buffer.readerIndex()) {
            return 0;
        }
        long trusted = Math.max(TRUSTED_BYTES, Math.max(4L * unread, (long) largestFrameBytes + SIZE_BYTES));
        if (trusted < whole) {
            return buffer.isWritable() ? 0 : (int) Math.min(trusted, Integer.MAX_VALUE);
        }
        return (int) Math.min(Math.max(whole + PEEK_BYTES, freshBytes()), Integer.MAX_VALUE);
    }

    private int freshBytes() {
        return recentFrameBytes > LARGE_FRAME_BYTES ? PEEK_BYTES : guessBytes;
    }

    private void move(ReceiveMemory old) {
        int unread = old.buffer.readableBytes();
        ReceiveMemory next = allocateGranted();
        if (next.buffer.capacity() <= unread) {
            // More came between the asking and the granting than was asked for.
            next.release();
            int enough = unread + SMALLEST_BYTES;
            budget.charge(enough);
            grantedBytes = enough;
            next = allocateGranted();
        }
        next.buffer.writeBytes(old.buffer, unread);
        memory = next;
        old.release();
    }

    private ReceiveMemory allocateGranted() {
        int bytes = grantedBytes;
        try {
            ReceiveMemory next = new ReceiveMemory(allocator, budget, bytes);
            grantedBytes = 0;
            return next;
        } catch (OutOfMemoryError tooMuch) {
            grantedBytes = 0;
            budget.release(bytes);
            throw tooMuch;
        }
    }

    /** The connection is closed. */
    void drop() {
        if (grantedBytes > 0) {
            budget.release(grantedBytes);
            grantedBytes = 0;
        }
        ReceiveMemory current = memory;
        memory = null;
        if (current != null) {
            current.release();
        }
    }

    // What the transport calls

    @Override
    @SuppressWarnings(
            "deprecation") // the interface is what transports use; only implementing Handle alone is deprecated
    public Handle newHandle() {
        return this;
    }

    /** A buffer with room; the caller releases it once. */
    @Override
    public ByteBuf allocate(ByteBufAllocator ignored) {
        ReceiveMemory current = memory;
        if (current != null && !current.buffer.isWritable() && current.buffer.readableBytes() > 0) {
            // Only when a transport reads although it was told not to: a peer that hangs up.
            if (grantedBytes == 0) {
                int enough = current.buffer.readableBytes() + SMALLEST_BYTES;
                budget.charge(enough);
                grantedBytes = enough;
            }
            move(current);
        } else if (current == null || !current.buffer.isWritable()) {
            if (current != null) {
                memory = null;
                current.release();
            }
            if (grantedBytes == 0) {
                int wanted = freshBytes();
                overdrawn = !budget.tryCharge(wanted);
                if (overdrawn) {
                    // Small requests, heartbeats above all, get through when memory is short.
                    wanted = SMALLEST_BYTES;
                    budget.charge(wanted);
                }
                grantedBytes = wanted;
            } else {
                overdrawn = false;
            }
            memory = allocateGranted();
        }
        lent = true;
        return current().buffer.retain();
    }

    /** The transport has given the buffer back with more bytes in it. */
    void received(ByteBuf buffer) {
        assert lent : "bytes that no read asked for";
        lent = false;
        buffer.release();
    }

    private ReceiveMemory current() {
        ReceiveMemory current = memory;
        if (current == null) {
            throw new IllegalStateException("no memory");
        }
        return current;
    }

    /** After a pass over the socket: lets go of what no request lies in, and learns from what came. */
    void passEnded() {
        if (passBytes > 0) {
            learn(passBytes);
            passBytes = 0;
        }
        ReceiveMemory current = memory;
        if (!lent && current != null && current.buffer.readableBytes() == 0 && !(overdrawn && !current.isUnshared())) {
            memory = null;
            current.release();
        }
    }

    /** Grows at once, shrinks after two passes that needed less than a quarter. */
    private void learn(int bytes) {
        if (bytes > guessBytes) {
            guessBytes = Math.min(BURST_BYTES, Math.max(guessBytes * 2, Integer.highestOneBit(bytes)));
            quietPasses = 0;
        } else if (bytes >= guessBytes / 4) {
            quietPasses = 0;
        } else if (++quietPasses == 2) {
            guessBytes = Math.max(SMALLEST_BYTES, guessBytes / 2);
            quietPasses = 0;
        }
    }

    @Override
    public int guess() {
        return guessBytes;
    }

    @Override
    public void reset(ChannelConfig channelConfig) {
        config = channelConfig;
        passBytes = 0;
    }

    @Override
    public void incMessagesRead(int count) {}

    @Override
    public void lastBytesRead(int bytes) {
        lastBytesRead = bytes;
        if (bytes > 0) {
            passBytes += bytes;
        }
    }

    @Override
    public int lastBytesRead() {
        return lastBytesRead;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
        attemptedBytesRead = bytes;
    }

    @Override
    public int attemptedBytesRead() {
        return attemptedBytesRead;
    }

    @Override
    public boolean continueReading() {
        return continueReading(() -> lastBytesRead == attemptedBytesRead);
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
        return config != null
                && config.isAutoRead()
                && lastBytesRead > 0
                && passBytes < PASS_BYTES
                && maybeMoreData.get();
    }

    @Override
    public void readComplete() {
        lent = false;
    }
}
