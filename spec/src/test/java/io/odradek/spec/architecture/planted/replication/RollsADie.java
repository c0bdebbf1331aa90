package io.odradek.spec.architecture.planted.replication;

import java.util.Random;

/** Planted: randomness without a seed. */
final class RollsADie {
    static int roll() {
        return new Random().nextInt(6);
    }

    private RollsADie() {}
}
