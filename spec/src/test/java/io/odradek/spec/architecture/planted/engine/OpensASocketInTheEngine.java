package io.odradek.spec.architecture.planted.engine;

import java.net.Socket;

/** Planted: a socket. */
final class OpensASocketInTheEngine {
    static Socket open() {
        return new Socket();
    }

    private OpensASocketInTheEngine() {}
}
