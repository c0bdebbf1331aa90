package io.odradek.engine;

/**
 * What readers of a partition may see, published by the settle thread.
 *
 * @param log what is written
 * @param highWatermark exclusive; everything below is on every in-sync replica
 * @param lastStableOffset exclusive; below it no transaction is open; never above the high watermark
 */
public record PartitionView(LogView log, LogPosition highWatermark, LogPosition lastStableOffset, int leaderEpoch) {}
