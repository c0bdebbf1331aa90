package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class IndexMemoryTest {

    @Test
    void indexesGrowOutsideTheHeap() {
        assertThat(IndexMemory.SHARED.allocate(100).isDirect()).isTrue();
    }

    @Test
    void atTheBoundOfDirectMemoryTheHeapDoesAndTheJvmIsAskedAgainLater() {
        AtomicInteger asked = new AtomicInteger();
        IndexMemory memory = new IndexMemory(sizeBytes -> {
            if (asked.incrementAndGet() == 2) {
                throw new OutOfMemoryError("Cannot reserve 100 bytes of direct buffer memory");
            }
            return ByteBuffer.allocateDirect(sizeBytes);
        });
        assertThat(memory.allocate(100).isDirect()).isTrue();
        for (int i = 0; i <= IndexMemory.FROM_HEAP_AFTER_REFUSAL; i++) {
            ByteBuffer fromHeap = memory.allocate(100);
            assertThat(fromHeap.isDirect()).isFalse();
            assertThat(fromHeap.capacity()).isEqualTo(100);
        }
        assertThat(asked).hasValue(2);
        assertThat(memory.allocate(100).isDirect()).isTrue();
        assertThat(asked).hasValue(3);
    }
}
