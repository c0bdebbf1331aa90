package io.odradek.broker.net;

/** @param host empty: all addresses; @param port 0: any free one */
public record ListenAddress(String listener, String host, int port) {}
