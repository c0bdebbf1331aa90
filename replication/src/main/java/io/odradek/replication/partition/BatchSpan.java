package io.odradek.replication.partition;

/**
 * A batch that was fetched, as much of it as a machine looks at. Compaction leaves gaps, so a batch may begin behind the end of the one
 * before.
 *
 * @param endOffset exclusive
 * @param epoch of the leader that wrote it
 */
public record BatchSpan(long baseOffset, long endOffset, int epoch) {
    public BatchSpan {
        if (endOffset <= baseOffset) {
            throw new IllegalArgumentException("a batch from offset " + baseOffset + " to " + endOffset);
        }
    }
}
