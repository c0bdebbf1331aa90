package io.odradek.spec.architecture.planted.coordinator;

import java.util.UUID;

/** Planted: randomness without a seed. */
final class MakesAnId {
    static UUID id() {
        return UUID.randomUUID();
    }

    private MakesAnId() {}
}
