package io.odradek.broker.partition;

/**
 * How followers ask.
 *
 * @param maxBytes of one partition in one answer: {@code replica.fetch.max.bytes}; one larger batch comes all the same (KIP-74)
 * @param maxResponseBytes of one answer: {@code replica.fetch.response.max.bytes}
 * @param minBytes what a leader waits for: {@code replica.fetch.min.bytes}
 * @param maxWaitMs how long it waits: {@code replica.fetch.wait.max.ms}
 * @param backoffMs after a failed request: {@code replica.fetch.backoff.ms}
 * @param timeoutMs after which a request has failed: {@code replica.socket.timeout.ms}
 */
public record FetcherSettings(
        int maxBytes, int maxResponseBytes, int minBytes, int maxWaitMs, int backoffMs, int timeoutMs) {

    /** The same, of a leader that is not to wait longer than that. */
    FetcherSettings waitingAtMost(long ms) {
        return new FetcherSettings(
                maxBytes, maxResponseBytes, minBytes, (int) Math.min(maxWaitMs, ms), backoffMs, timeoutMs);
    }

    /** Kafka's. */
    public static final FetcherSettings DEFAULT = new FetcherSettings(1 << 20, 10 << 20, 1, 500, 1_000, 30_000);
}
