package io.odradek.broker.net;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Received memory goes back to its pool once, with its last share, and not under anybody; its budget is whole then. */
public final class ReceivedMemoryStress {
    private static final int CAPACITY = 16;

    /** On the heap, since thousands of them live and die per second. */
    private static final class Pool extends AbstractByteBufAllocator {
        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return newHeapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    private static final Pool POOL = new Pool();

    private ReceivedMemoryStress() {}

    abstract static class OneBuffer {
        final MemoryBudget budget = new MemoryBudget(1000);
        final ReceiveMemory memory;

        OneBuffer() {
            budget.charge(CAPACITY);
            memory = new ReceiveMemory(POOL, budget, CAPACITY);
        }

        final boolean isThere() {
            return memory.buffer.refCnt() == 1;
        }

        /** 0: gone, and given back to the budget once. */
        final int left() {
            return memory.buffer.refCnt() + (int) budget.usedBytes();
        }
    }

    /** A reader at the log's tail retains a frame that the log lets go of; the connection has. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "too late")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "in time")
    @State
    public static class AReaderAgainstTheLastRelease extends OneBuffer {
        private final NettyLease lease = new NettyLease(memory);

        public AReaderAgainstTheLastRelease() {
            memory.release();
        }

        @Actor
        public void read(II_Result result) {
            if (lease.tryRetain()) {
                result.r1 = isThere() ? 1 : -1;
                lease.release();
            }
        }

        @Actor
        public void letGo() {
            lease.release();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = left();
        }
    }

    /** Two who share one frame. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "there until the last share, then gone")
    @State
    public static class TwoReadersOfOneFrame extends OneBuffer {
        private final NettyLease lease = new NettyLease(memory);

        public TwoReadersOfOneFrame() {
            memory.release();
        }

        private void readAndRelease() {
            if (lease.tryRetain()) {
                lease.release();
            }
        }

        @Actor
        public void one() {
            readAndRelease();
        }

        @Actor
        public void other() {
            readAndRelease();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r1 = isThere() ? 1 : 0;
            lease.release();
            result.r2 = left();
        }
    }

    /** Two frames in one buffer. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "gone with the last")
    @State
    public static class TwoFramesOfOneBuffer extends OneBuffer {
        private final NettyLease first = new NettyLease(memory);
        private final NettyLease second = new NettyLease(memory);

        public TwoFramesOfOneBuffer() {
            memory.release();
        }

        @Actor
        public void one() {
            first.release();
        }

        @Actor
        public void other() {
            second.release();
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = left();
        }
    }

    /** A connection that finds the budget full, and memory that comes back at that moment. */
    @JCStressTest
    @Outcome(id = "50", expect = Expect.ACCEPTABLE, desc = "charged at once, or granted once")
    @State
    public static class AWaiterAgainstARelease {
        private final MemoryBudget budget = new MemoryBudget(100);
        private final AtomicInteger granted = new AtomicInteger();

        public AWaiterAgainstARelease() {
            budget.charge(100);
        }

        @Actor
        public void want() {
            if (budget.chargeOrWait(50, 0, granted::addAndGet, 0)) {
                granted.addAndGet(50);
            }
        }

        @Actor
        public void release() {
            budget.release(100);
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = budget.usedBytes() == granted.get() ? granted.get() : -1;
        }
    }
}
