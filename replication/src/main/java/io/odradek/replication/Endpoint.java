package io.odradek.replication;

/**
 * Where a broker is reached.
 *
 * @param listener the listener's name, unique within the broker
 * @param securityProtocol Kafka's id: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
 */
public record Endpoint(String listener, String host, int port, short securityProtocol) {}
