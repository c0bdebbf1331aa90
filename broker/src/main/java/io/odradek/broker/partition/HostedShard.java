package io.odradek.broker.partition;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.writepath.Shard;

/**
 * A shard, the directory its logs lie in, and who is told of their progress.
 *
 * @param settlement the one the shard was made with
 */
public record HostedShard(Shard shard, LogDirectory directory, ShardSettlement settlement) {}
