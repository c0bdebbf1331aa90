package io.odradek.replication.partition;

/**
 * Which records are committed: {@code odradek.commit} of a topic. A rule says who has to have a record; how replicas fetch, diverge and
 * follow is the same for all. Called for each settled group, so it allocates nothing.
 */
public sealed interface CommitRule {

    /** Name of {@link InSyncReplicas}, the only one now. */
    String IN_SYNC_REPLICAS = "isr";

    /** @throws IllegalArgumentException when there is no such rule */
    static CommitRule named(String name) {
        if (name.equals(IN_SYNC_REPLICAS)) {
            return new InSyncReplicas();
        }
        throw new IllegalArgumentException(
                "odradek.commit=" + name + ": there is no such rule; there is " + IN_SYNC_REPLICAS);
    }

    /**
     * Whether anything can be committed.
     *
     * @param inSync how many replicas are in sync, as the metadata says
     * @param required min.insync.replicas, or the replication factor where that is less
     */
    boolean canCommit(int inSync, int required);

    /**
     * Up to where the log is committed, exclusive, by what is known now; the caller lets it not go back.
     *
     * @param maximalIsr who is in sync, or would be if what is proposed were accepted
     */
    long committedEnd(ReplicaProgress[] maximalIsr);

    /** Kafka's: what every in-sync replica has. */
    record InSyncReplicas() implements CommitRule {

        @Override
        public boolean canCommit(int inSync, int required) {
            return inSync >= required; // KIP-966: below it an eligible replica might not have more
        }

        @Override
        public long committedEnd(ReplicaProgress[] maximalIsr) {
            long least = Long.MAX_VALUE;
            for (int i = 0; i < maximalIsr.length; i++) {
                least = Math.min(least, maximalIsr[i].durableEnd());
            }
            return least;
        }
    }
}
