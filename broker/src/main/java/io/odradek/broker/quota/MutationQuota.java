package io.odradek.broker.quota;

/**
 * What one request may change of the cluster ({@code controller_mutation_rate}, KIP-599). Partitions are counted: those that are created, and
 * those that are deleted. One thread at a time.
 */
public interface MutationQuota {

    /** Of a client without such a quota. */
    MutationQuota NONE = new MutationQuota() {
        @Override
        public boolean admits(int partitions) {
            return true;
        }

        @Override
        public void giveBack(int partitions) {}

        @Override
        public int throttleMs() {
            return 0;
        }
    };

    /** Counts the partitions, or, where the client knows THROTTLING_QUOTA_EXCEEDED and owes some already, returns false and counts nothing. */
    boolean admits(int partitions);

    /** They were counted, and nothing was changed. */
    void giveBack(int partitions);

    /** For how long the client has to wait, as of what was last asked for. */
    int throttleMs();
}
