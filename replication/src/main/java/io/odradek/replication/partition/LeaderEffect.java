package io.odradek.replication.partition;

/** What a partition's leader wants done. */
public sealed interface LeaderEffect {

    /** @param offset exclusive; everything below is committed: consumers may read it, acks=all is answered */
    record AdvanceHighWatermark(long offset) implements LeaderEffect {}
}
