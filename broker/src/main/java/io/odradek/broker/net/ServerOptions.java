package io.odradek.broker.net;

/**
 * Bounds and habits of the sockets.
 *
 * @param networkThreads loops; each connection stays on one
 * @param maxFrameBytes {@code socket.request.max.bytes}: a larger frame closes its connection
 * @param maxInFlightBytes received frames that wait for their answers hold at most about this much; at the bound sockets are not
 *     read until it has fallen to half
 * @param maxRequestsInFlight unanswered requests of one connection before it is not read
 * @param maxIdleMs {@code connections.max.idle.ms}: a connection silent for longer is closed; -1: never
 * @param maxConnections {@code max.connections}: further ones are closed at once
 * @param maxConnectionsPerIp {@code max.connections.per.ip}
 * @param sendBufferBytes {@code socket.send.buffer.bytes}, -1: the system's
 * @param receiveBufferBytes {@code socket.receive.buffer.bytes}, -1: the system's
 */
public record ServerOptions(
        int networkThreads,
        int maxFrameBytes,
        long maxInFlightBytes,
        int maxRequestsInFlight,
        long maxIdleMs,
        int maxConnections,
        int maxConnectionsPerIp,
        int backlog,
        int sendBufferBytes,
        int receiveBufferBytes) {}
