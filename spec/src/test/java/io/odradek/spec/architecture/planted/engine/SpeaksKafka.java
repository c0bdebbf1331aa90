package io.odradek.spec.architecture.planted.engine;

import org.apache.kafka.common.protocol.Errors;

/** Planted: the protocol. */
final class SpeaksKafka {
    static short code() {
        return Errors.NONE.code();
    }

    private SpeaksKafka() {}
}
