package io.odradek.spec.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Whole clusters: whatever befalls them, what is acknowledged is kept, once and in order, and they get well. {@code ./odradek simulate} runs more
 * ({@code -Dodradek.cluster.seeds=N}, from {@code .first=N} on), one again ({@code .seed=N}), of another length ({@code .ms=N}); {@code .lines=N} shows more
 * of how it came to a failure, {@code .loud=true} what the brokers say.
 */
class SimulatedClusterTest {

    private static final long MS = Long.getLong("odradek.cluster.ms", 60_000);
    private static final int SEEDS = Integer.getInteger("odradek.cluster.seeds", 60);
    private static final long FIRST = Long.getLong("odradek.cluster.first", 1);
    private static final long SEED = Long.getLong("odradek.cluster.seed", -1);
    /** So many are enough for everything to happen. */
    private static final int MANY = 60;

    private static final long PROGRESS_NANOS = 10_000_000_000L;

    /** What has to happen in some history, or they show nothing about it. */
    static final Set<String> HAPPENS = Set.of(
            "AddPartitions is done",
            "CancelReassignment hears NO_REASSIGNMENT_IN_PROGRESS",
            "CancelReassignment is done",
            "CreateTopic hears TOPIC_ALREADY_EXISTS",
            "CreateTopic is done",
            "DeleteTopic hears UNKNOWN_TOPIC_OR_PARTITION",
            "DeleteTopic is done",
            "ElectPreferred hears ELECTION_NOT_NEEDED",
            "ElectPreferred is done",
            "Reassign hears INVALID_REPLICA_ASSIGNMENT",
            "Reassign is done",
            "SetConfig hears INVALID_CONFIG",
            "SetConfig is done",
            "a batch is acknowledged",
            "a broker leaves",
            "a broker serves",
            "a broker stops cleanly",
            "a clock is set",
            "a consumer hears NOT_LEADER_OR_FOLLOWER",
            "a member commits",
            "a member hears COORDINATOR_NOT_AVAILABLE",
            "a member hears NOT_COORDINATOR",
            "a member hears REBALANCE_IN_PROGRESS",
            "a member hears UNKNOWN_MEMBER_ID",
            "a member leaves",
            "a member stands still",
            "a member vanishes",
            "a node votes, or does not, as was said",
            "a controller becomes active",
            "a disk is full",
            "a disk takes its time",
            "a machine loses power",
            "a node is cut off",
            "a process ends because its disk fails",
            "a process ends because its disk is full",
            "a process is killed",
            "a process stands still",
            "a producer hears NETWORK_EXCEPTION",
            "a producer hears NOT_ENOUGH_REPLICAS",
            "a producer hears NOT_ENOUGH_REPLICAS_AFTER_APPEND",
            "a producer hears NOT_LEADER_OR_FOLLOWER",
            "a producer hears OUT_OF_ORDER_SEQUENCE_NUMBER",
            "a producer hears REQUEST_TIMED_OUT",
            "a record is read",
            "a reign begins",
            "a replica in sync comes back",
            "records are deleted",
            "a snapshot of the metadata is installed",
            "a snapshot of the metadata is taken",
            "a sync fails",
            "a visitor reads and hears NONE",
            "a visitor reads and hears UNKNOWN_TOPIC_ID",
            "a visitor writes and hears NONE",
            "a visitor writes and hears UNKNOWN_TOPIC_OR_PARTITION",
            "a way is cut",
            "an operator gets no answer",
            "offsets are committed",
            "who asks for committed offsets hears NOT_COORDINATOR",
            "who commits offsets hears COORDINATOR_NOT_AVAILABLE",
            "who commits offsets hears NOT_COORDINATOR",
            "the power fails everywhere",
            "two nodes are cut off from each other",
            "who adds a voter hears NONE",
            "who removes a voter hears NONE");

    @BeforeAll
    static void quiet() {
        log().setLevel(Boolean.getBoolean("odradek.cluster.loud") ? Level.DEBUG : Level.OFF);
    }

    @AfterAll
    static void loud() {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("io.odradek");
    }

    @Test
    void whateverBefallsThemWhatIsAcknowledgedIsKeptAndTheyGetWell() throws Exception {
        if (SEED >= 0) {
            System.out.println("SimulatedClusterTest: seed " + SEED + " is well: " + whatHappened(SEED));
            return;
        }
        Map<String, Integer> counts = new TreeMap<>();
        long began = System.nanoTime();
        runAll(counts, began);
        double minutes = (System.nanoTime() - began) / 60e9;
        System.out.printf(
                "SimulatedClusterTest: %d clusters from seed %d on, %d virtual seconds each, %.0f a minute: %s%n",
                SEEDS, FIRST, MS / 1_000, SEEDS / minutes, counts);
        if (SEEDS >= MANY) {
            assertThat(counts.keySet()).as("what happened in some history").containsAll(HAPPENS);
        }
    }

    /** A thread for each processor; a history is one thread's. */
    private static void runAll(Map<String, Integer> counts, long began) throws Exception {
        AtomicInteger done = new AtomicInteger();
        List<Future<?>> runs = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(
                Runtime.getRuntime().availableProcessors(),
                task -> Thread.ofPlatform().daemon().name("cluster").unstarted(task))) {
            for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
                long one = seed;
                runs.add(threads.submit(() -> {
                    Map<String, Integer> happened = whatHappened(one);
                    synchronized (counts) {
                        happened.forEach((what, count) -> counts.merge(what, count, Integer::sum));
                    }
                    done.incrementAndGet();
                    return null;
                }));
            }
            long saidNanos = began;
            try {
                for (Future<?> run : runs) {
                    run.get();
                    if (System.nanoTime() - saidNanos > PROGRESS_NANOS) {
                        saidNanos = System.nanoTime();
                        System.out.printf(
                                "SimulatedClusterTest: %d of %d, %.0f a minute%n",
                                done.get(), SEEDS, done.get() / ((saidNanos - began) / 60e9));
                    }
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    /** Of a failing history the smallest is shown that fails in the same way. */
    private static Map<String, Integer> whatHappened(long seed) {
        HistoryPlan plan = SimulatedCluster.plan(seed, MS);
        SimulatedCluster cluster = new SimulatedCluster(seed, plan);
        Failure failure = cluster.run();
        if (failure == null) {
            return cluster.counts();
        }
        System.out.println("SimulatedClusterTest: seed " + seed + " fails, and is made smaller: " + failure.says());
        Shrinking shrinking = new Shrinking(plan, failure, smaller -> new SimulatedCluster(seed, smaller).run());
        shrinking.shrink();
        HistoryPlan smallest = shrinking.smallest();
        Failure last = shrinking.failure();
        throw new AssertionError(
                "seed " + seed + " (./odradek simulate --seed " + seed + " --seconds " + MS / 1_000
                        + " runs it again): " + last.says() + "\nThe smallest plan that was found to fail so has "
                        + smallest.entries().size() + " of " + plan.entries().size() + " entries and "
                        + smallest.faultyMs()
                        + " of " + plan.faultyMs() + " ms (" + shrinking.runs() + " runs, of at most "
                        + Shrinking.MOST_RUNS + "):\n" + smallest.describe() + "\nWhat happened then, the last of it:\n"
                        + last.history(),
                last.cause());
    }

    @Test
    void oneSeedIsOnePlanAndOneHistory() {
        SimulatedCluster first = wellOf(7, SimulatedCluster.plan(7, MS));
        SimulatedCluster second = wellOf(7, SimulatedCluster.plan(7, MS));
        assertThat(SimulatedCluster.plan(7, MS)).isEqualTo(SimulatedCluster.plan(7, MS));
        assertThat(second.counts()).isEqualTo(first.counts());
        assertThat(second.checksum()).isEqualTo(first.checksum());
        assertThat(wellOf(8, SimulatedCluster.plan(8, MS)).checksum()).isNotEqualTo(first.checksum());
    }

    /** It does not matter whether the seed drew it. */
    @Test
    void aSmallerPlanIsOneHistoryToo() {
        HistoryPlan whole = SimulatedCluster.plan(7, MS);
        HistoryPlan smaller = whole.with(whole.entries().subList(1, 4)).until(10_000);
        assertThat(wellOf(7, smaller).checksum())
                .isEqualTo(wellOf(7, smaller).checksum())
                .isNotEqualTo(wellOf(7, whole.until(10_000)).checksum());
    }

    private static SimulatedCluster wellOf(long seed, HistoryPlan plan) {
        SimulatedCluster cluster = new SimulatedCluster(seed, plan);
        assertThat(cluster.run()).as("seed " + seed).isNull();
        return cluster;
    }
}
