package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Decides which memory a connection's next bytes are read into, so that a frame is whole in one pooled buffer without having been
 * copied there: while a frame is incomplete and its end fits behind what is there, reading goes on in the same buffer. Confined to
 * the connection's network loop.
 *
 * <pre>
 *   chunk: | frame | frame | size, first part of a frame ......... room for the rest |   the next read goes on here
 *   chunk: | frame | frame | size, first part |                                          the frame gets a buffer of its own,
 *                                  \--copied--> | first part ... room for the rest |     and the next read goes on there
 * </pre>
 */
final class FrameReceiver extends DefaultMaxMessagesRecvByteBufAllocator {
    private static final int SMALLEST_CHUNK_BYTES = 2 * 1024;
    private static final int LARGEST_CHUNK_BYTES = 512 * 1024;

    /** What was received and not yet framed; null when every byte has been. Its writable bytes are where reading goes on. */
    @Nullable
    ByteBuf unfinished;

    private int chunkBytes = SMALLEST_CHUNK_BYTES;

    @Override
    @SuppressWarnings("deprecation") // Netty's interface: the handle type is what transports ask for
    public Handle newHandle() {
        return new ReadHandle();
    }

    /** Frames of this size are coming: chunks hold at least one of them from now on, if that is within bounds. */
    void expect(int frameBytes) {
        if (frameBytes > chunkBytes) {
            chunkBytes = Math.min(Integer.highestOneBit(Math.max(frameBytes, 1) - 1) << 1, LARGEST_CHUNK_BYTES);
        }
    }

    int chunkBytes() {
        return chunkBytes;
    }

    /** Transports ask it for memory and tell it how much of that they filled. */
    private final class ReadHandle extends MaxMessageHandle {
        private int filledInARow;
        private int sparseInARow;

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            ByteBuf open = unfinished;
            return open != null && open.isWritable() ? open.retain() : allocator.ioBuffer(chunkBytes);
        }

        @Override
        public int guess() {
            return chunkBytes;
        }

        @Override
        public void reset(ChannelConfig config) {
            super.reset(config);
        }

        @Override
        public void lastBytesRead(int bytes) {
            // Twice full: larger. Eight times less than a quarter: smaller, so that quiet connections pin little.
            if (bytes == attemptedBytesRead() && bytes >= chunkBytes) {
                sparseInARow = 0;
                if (++filledInARow == 2) {
                    filledInARow = 0;
                    chunkBytes = Math.min(chunkBytes * 2, LARGEST_CHUNK_BYTES);
                }
            } else if (bytes > 0 && bytes < chunkBytes / 4 && unfinished == null) {
                filledInARow = 0;
                if (++sparseInARow == 8) {
                    sparseInARow = 0;
                    chunkBytes = Math.max(chunkBytes / 2, SMALLEST_CHUNK_BYTES);
                }
            } else if (bytes > 0) {
                sparseInARow = 0;
            }
            super.lastBytesRead(bytes);
        }
    }
}
