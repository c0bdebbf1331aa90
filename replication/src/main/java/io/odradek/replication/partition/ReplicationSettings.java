package io.odradek.replication.partition;

/**
 * @param replicaLagTimeMaxMs how long an in-sync replica may not have been at the log's end before it is proposed to leave
 * @param retryBackoffMs before what failed or was refused is tried again
 * @param fetchMaxWaitMs how long a follower lets its leader wait for something new
 */
public record ReplicationSettings(int replicaLagTimeMaxMs, int retryBackoffMs, int fetchMaxWaitMs) {

    /** Kafka's: {@code replica.lag.time.max.ms}, {@code replica.fetch.backoff.ms}, {@code replica.fetch.wait.max.ms}. */
    public static final ReplicationSettings DEFAULT = new ReplicationSettings(30_000, 1_000, 500);

    public ReplicationSettings {
        if (replicaLagTimeMaxMs <= 0 || retryBackoffMs <= 0 || fetchMaxWaitMs < 0) {
            throw new IllegalArgumentException("times of replication: lag " + replicaLagTimeMaxMs + " ms, backoff "
                    + retryBackoffMs + " ms, fetches wait " + fetchMaxWaitMs + " ms");
        }
    }
}
