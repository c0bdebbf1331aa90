package io.odradek.replication.quorum;

/**
 * Times, in milliseconds. Kafka's keys are {@code controller.quorum.} and the name.
 *
 * @param fetchTimeoutMs a follower that had no answer from its leader for so long looks for another one; a leader that was asked by
 *     no majority for half as long again stops leading
 * @param electionTimeoutMs how long an election may take before the next; to it, up to as much again is added by lot
 * @param electionBackoffMaxMs how long one that lost may wait before the next, by lot
 * @param retryBackoffMs between a request that failed and the next to the same server
 * @param fetchMaxWaitMs how long a fetch waits at the leader for something new; below half of {@code fetchTimeoutMs}, best
 */
public record QuorumSettings(
        int fetchTimeoutMs, int electionTimeoutMs, int electionBackoffMaxMs, int retryBackoffMs, int fetchMaxWaitMs) {

    public QuorumSettings {
        if (fetchTimeoutMs < 1
                || electionTimeoutMs < 1
                || electionBackoffMaxMs < 1
                || retryBackoffMs < 0
                || fetchMaxWaitMs < 0
                || fetchMaxWaitMs >= fetchTimeoutMs) {
            throw new IllegalArgumentException("fetch timeout " + fetchTimeoutMs + " ms, election timeout "
                    + electionTimeoutMs + " ms, election backoff " + electionBackoffMaxMs + " ms, retry backoff "
                    + retryBackoffMs + " ms, a fetch waits " + fetchMaxWaitMs
                    + " ms: none may be negative, the timeouts have to be positive and a fetch may not wait as long as"
                    + " its timeout");
        }
    }

    /** {@code KIP-595}: a leader gives its followers half as long again as they give it. */
    int checkQuorumTimeoutMs() {
        return fetchTimeoutMs + fetchTimeoutMs / 2;
    }
}
