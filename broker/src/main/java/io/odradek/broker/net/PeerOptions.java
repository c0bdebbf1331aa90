package io.odradek.broker.net;

import io.odradek.broker.net.NetworkOptions.Sockets;
import io.odradek.broker.net.NetworkOptions.Transport;
import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * How other servers are reached. {@link #defaults} and the generated {@code with} methods make variations.
 *
 * @param threads of the loops, at least 1
 * @param clientId how this server names itself
 * @param softwareVersion as told to the other side (KIP-511)
 * @param maxResponseBytes a larger answer closes the connection
 * @param maxReceiveBytes memory of received answers over all connections; at the bound reading stops
 * @param maxUnanswered requests of one connection without an answer; one more fails at once
 * @param connectTimeoutMs until the other side has said what it offers
 * @param backoffMs between a connection that failed and the next attempt; doubled with each failure
 * @param maxBackoffMs at most
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record PeerOptions(
        int threads,
        Transport transport,
        String clientId,
        String softwareVersion,
        int maxResponseBytes,
        long maxReceiveBytes,
        int maxUnanswered,
        int connectTimeoutMs,
        int backoffMs,
        int maxBackoffMs,
        Sockets sockets)
        implements PeerOptionsBuilder.With {

    public PeerOptions {
        requirePositive(threads, "threads");
        requirePositive(maxResponseBytes, "maxResponseBytes");
        requirePositive(maxReceiveBytes, "maxReceiveBytes");
        requirePositive(maxUnanswered, "maxUnanswered");
        requirePositive(connectTimeoutMs, "connectTimeoutMs");
        requirePositive(backoffMs, "backoffMs");
        if (maxBackoffMs < backoffMs) {
            throw new IllegalArgumentException(
                    "maxBackoffMs is " + maxBackoffMs + ", less than backoffMs " + backoffMs);
        }
    }

    private static void requirePositive(long value, String name) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
        }
    }

    /** Kafka's where it has them; one thread, of which nothing else is asked, so that full network loops delay no election. */
    public static PeerOptions defaults(String clientId, String softwareVersion) {
        return new PeerOptions(
                1,
                Transport.AUTO,
                clientId,
                softwareVersion,
                128 * 1024 * 1024,
                Runtime.getRuntime().maxMemory() / 4,
                1_000,
                10_000,
                50,
                1_000,
                new Sockets(-1, -1, 1));
    }
}
