package io.odradek.engine.writepath;

/** Told of what is worth a histogram; the rest is in {@link ShardGauges}. */
public interface ShardObserver {
    ShardObserver NONE = (files, batches, nanos) -> {};

    /**
     * A group became durable. Sync thread: be quick.
     *
     * @param files synced together
     * @param batches that waited for it; 0 when it was for {@code flush.ms} alone
     * @param nanos it took
     */
    void synced(int files, int batches, long nanos);
}
