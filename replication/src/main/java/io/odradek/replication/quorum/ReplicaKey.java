package io.odradek.replication.quorum;

import java.util.UUID;

/**
 * A server with a certain disk: one that comes back with an empty disk is somebody else, and does not vote (KIP-853).
 *
 * @param directory id of the metadata log's directory; {@link #ANY_DIRECTORY} where only the server is named
 */
public record ReplicaKey(int id, UUID directory) implements Comparable<ReplicaKey> {

    /** Stands for whichever disk the server has: static voters are configured by their ids alone. */
    public static final UUID ANY_DIRECTORY = new UUID(0, 0);

    /** A server whose disk is not known. */
    public static ReplicaKey of(int id) {
        return new ReplicaKey(id, ANY_DIRECTORY);
    }

    /** Whether {@code other}, which has a disk, is meant by this key. */
    public boolean names(ReplicaKey other) {
        return id == other.id && (directory.equals(ANY_DIRECTORY) || directory.equals(other.directory));
    }

    @Override
    public int compareTo(ReplicaKey other) {
        return id == other.id ? directory.compareTo(other.directory) : Integer.compare(id, other.id);
    }

    @Override
    public String toString() {
        return directory.equals(ANY_DIRECTORY) ? Integer.toString(id) : id + "-" + directory;
    }
}
