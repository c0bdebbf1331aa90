package io.odradek.engine.record;

/**
 * A share in pooled memory. Whoever holds a lease releases it once; the memory returns to its pool with the last release.
 * The engine knows no network library: the broker implements this over its buffers. Any thread.
 */
public interface BufferLease {

    /** Memory that the garbage collector looks after: retaining and releasing do nothing. */
    BufferLease UNPOOLED = new BufferLease() {
        @Override
        public boolean tryRetain() {
            return true;
        }

        @Override
        public void release() {}
    };

    /** Takes another share; false when the memory has already gone back to its pool. */
    boolean tryRetain();

    /** Gives one share back. */
    void release();
}
