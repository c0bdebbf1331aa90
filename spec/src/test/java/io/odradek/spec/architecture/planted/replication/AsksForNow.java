package io.odradek.spec.architecture.planted.replication;

import java.time.Instant;

/** Planted: a clock. */
final class AsksForNow {
    static long seconds() {
        return Instant.now().getEpochSecond();
    }

    private AsksForNow() {}
}
