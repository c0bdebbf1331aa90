package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * What was acknowledged with acks=all is in every later leader; logs are the same below the high watermark, which never goes back; and when
 * faults cease all replicas are alike and in sync. {@code -Dodradek.replicas.seed=N} runs one history again, {@code .runs=N} more of them,
 * {@code .lines=N} shows more of it.
 */
class ReplicasTest {
    private static final int RUNS = Integer.getInteger("odradek.replicas.runs", 30);
    private static final long SEED = Long.getLong("odradek.replicas.seed", -1);

    @BeforeAll
    static void quiet() {
        log().setLevel(Boolean.getBoolean("odradek.replicas.loud") ? Level.WARN : Level.OFF);
    }

    @AfterAll
    static void loud() {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("io.odradek");
    }

    @Test
    void whatIsAcknowledgedStaysWhateverHappensToReplicas() {
        Map<String, Integer> seen = new TreeMap<>();
        long first = SEED >= 0 ? SEED : 1;
        long last = SEED >= 0 ? SEED : RUNS;
        for (long seed = first; seed <= last; seed++) {
            run(seed).forEach((what, times) -> seen.merge(what, times, Integer::sum));
        }
        System.out.println("replicas: " + (last - first + 1) + " histories, " + seen);
        if (SEED < 0) {
            assertThat(seen.keySet())
                    .as("what happens in them")
                    .contains(
                            "a power loss",
                            "a reign begins",
                            "an answer with NONE, diverging",
                            "an answer with OFFSET_OUT_OF_RANGE",
                            "an answer with FENCED_LEADER_EPOCH",
                            "somebody joins",
                            "somebody leaves",
                            "a throttled leader sends",
                            "a throttled follower fetches",
                            "a batch is acknowledged");
        }
    }

    private static Map<String, Integer> run(long seed) {
        SimulatedReplicas replicas = new SimulatedReplicas(seed);
        try {
            replicas.run();
            return replicas.seen();
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    e.getMessage() + "\nseed " + seed + ": -Dodradek.replicas.seed=" + seed + " runs it again\n"
                            + replicas.lines(),
                    e);
        }
    }
}
