package io.odradek.spec.cluster;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Clusters from seed 1 on, until one of them is not well, in a JVM of its own: the product may have been changed so that it never comes back.
 *
 * <p>Arguments: how many seeds, and how many milliseconds of virtual time each. The last line says after how many something was noticed, and what.
 */
final class ClusterRound {
    /** A history takes less than a second. */
    private static final long ENDLESS_MS = 60_000;

    private ClusterRound() {}

    public static void main(String[] arguments) throws InterruptedException {
        ((Logger) LoggerFactory.getLogger("io.odradek")).setLevel(Level.OFF);
        int seeds = Integer.parseInt(arguments[0]);
        long ms = Long.parseLong(arguments[1]);
        for (int seed = 1; seed <= seeds; seed++) {
            String noticed = noticedIn(seed, ms);
            if (noticed != null) {
                System.out.println("noticed after " + seed + ": " + noticed);
                System.exit(0); // whatever threads a mistake has left behind
            }
        }
        System.out.println("nothing");
        System.exit(0);
    }

    private static @Nullable String noticedIn(long seed, long ms) throws InterruptedException {
        String[] noticed = {"it did not end in " + ENDLESS_MS + " ms"};
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                Failure failure = new SimulatedCluster(seed, SimulatedCluster.plan(seed, ms)).run();
                noticed[0] = failure == null
                        ? ""
                        : failure.says().lines().findFirst().orElse("?");
            } catch (StackOverflowError e) {
                noticed[0] = e.toString();
            }
        });
        thread.join(ENDLESS_MS);
        return noticed[0].isEmpty() ? null : noticed[0];
    }
}
