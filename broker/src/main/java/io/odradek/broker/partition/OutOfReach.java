package io.odradek.broker.partition;

import io.odradek.engine.TopicPartition;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What lies, or may lie, in log directories that could not be read when the broker started. It is never made anew elsewhere:
 * an empty log would pass for the one that is still there. Immutable.
 *
 * @param directories that could not be opened; those that were opened and went offline are not among them
 * @param partitions that this broker had then, and of which no other directory has the log
 */
public record OutOfReach(List<Path> directories, Set<TopicPartition> partitions) {
    public static final OutOfReach NOTHING = new OutOfReach(List.of(), Set.of());
}
