package io.odradek.spec.architecture.planted.coordinator;

import java.util.SplittableRandom;

/** Keeps the rules: the seed is given. */
final class DrawsFromASeed {
    static long draw(long seed) {
        return new SplittableRandom(seed).nextLong();
    }

    private DrawsFromASeed() {}
}
