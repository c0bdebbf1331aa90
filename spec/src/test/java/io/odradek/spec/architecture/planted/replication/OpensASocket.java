package io.odradek.spec.architecture.planted.replication;

import java.net.Socket;

/** Planted: a socket. */
final class OpensASocket {
    static Socket open() {
        return new Socket();
    }

    private OpensASocket() {}
}
