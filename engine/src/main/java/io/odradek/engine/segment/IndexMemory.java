package io.odradek.engine.segment;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Memory for growing indexes: outside the heap, and looked after by the garbage collector, because nobody knows when the last
 * reader has gone. At the bound of direct memory, which others use too, the heap has to do: a log that cannot grow would be
 * worse. Any thread.
 */
final class IndexMemory {
    /** For all logs of the process, as direct memory is. */
    static final IndexMemory SHARED = new IndexMemory(ByteBuffer::allocateDirect);

    /** At the bound the JVM collects garbage and waits for half a second before it refuses: it is not asked again so soon. */
    static final int FROM_HEAP_AFTER_REFUSAL = 256;

    private final IntFunction<ByteBuffer> outsideTheHeap;
    private final AtomicInteger fromHeap = new AtomicInteger();

    IndexMemory(IntFunction<ByteBuffer> outsideTheHeap) {
        this.outsideTheHeap = outsideTheHeap;
    }

    /** Zeros. */
    ByteBuffer allocate(int sizeBytes) {
        if (fromHeap.get() > 0 && fromHeap.getAndDecrement() > 0) {
            return ByteBuffer.allocate(sizeBytes);
        }
        try {
            return outsideTheHeap.apply(sizeBytes);
        } catch (OutOfMemoryError full) {
            fromHeap.set(FROM_HEAP_AFTER_REFUSAL);
            return ByteBuffer.allocate(sizeBytes);
        }
    }
}
