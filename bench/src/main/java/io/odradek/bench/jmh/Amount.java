package io.odradek.bench.jmh;

/**
 * What one invocation of a benchmark does.
 *
 * @param operations how many; 0: how long they took is nothing to compare, what was counted meanwhile is the figure
 * @param name of them, in the plural
 * @param bytes of payload; 0: none to speak of
 */
record Amount(double operations, String name, double bytes) {
    static Amount one(String name) {
        return new Amount(1, name, 0);
    }
}
