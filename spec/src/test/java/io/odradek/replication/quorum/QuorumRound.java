package io.odradek.replication.quorum;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.junit.platform.launcher.listeners.TestExecutionSummary.Failure;

/**
 * Every check of the quorum's machine, each until it notices something, in a JVM of its own: the machine may have been changed so that it
 * never comes back.
 *
 * <p>Arguments: how many histories, from seed 0 on; how many of them beside their specification. A line says what each check has
 * noticed, and after how many.
 */
final class QuorumRound {
    /** A history takes some milliseconds, beside the specification some hundred. */
    private static final long ENDLESS_MS = 60_000;

    /** So many histories are enough for everything to happen. */
    private static final int MANY = 400;

    /** And so many beside the specification. */
    private static final int MANY_SEEDS = 60;

    private QuorumRound() {}

    public static void main(String[] arguments) throws Exception {
        int histories = Integer.parseInt(arguments[0]);
        int seeds = Integer.parseInt(arguments[1]);
        say("unit", endingIn(QuorumRound::unit));
        say("histories", histories(histories));
        say("model", beside(seeds));
        System.exit(0); // whatever threads a mistake has left behind
    }

    /** @param noticed null when nothing was */
    private static void say(String check, @Nullable String noticed) {
        System.out.println(check + ": " + (noticed == null ? "nothing" : "noticed " + noticed));
    }

    private static @Nullable String unit() {
        LauncherDiscoveryRequest tests = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(QuorumMachineTest.class))
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(tests, listener);
        TestExecutionSummary summary = listener.getSummary();
        if (summary.getTestsFoundCount() == 0) {
            throw new IllegalStateException("no tests were found in " + QuorumMachineTest.class);
        }
        List<Failure> failures = summary.getFailures();
        return failures.isEmpty()
                ? null
                : "by " + failures.size() + ": "
                        + failures.getFirst().getTestIdentifier().getDisplayName();
    }

    private static @Nullable String histories(int most) {
        Map<String, Integer> counts = new TreeMap<>();
        return firstToNotice(
                most,
                seed -> SimulatedQuorum.of(seed, counts).run(),
                most < MANY ? Set.of() : SimulatedQuorum.HAPPENS,
                counts.keySet());
    }

    private static @Nullable String beside(int most) {
        Map<String, Integer> actions = new TreeMap<>();
        return firstToNotice(
                most,
                seed -> {
                    SimulatedQuorum quorum = SimulatedQuorum.of(seed, new TreeMap<>());
                    quorum.watch(new QuorumShadow(quorum, actions));
                    quorum.run();
                },
                most < MANY_SEEDS ? Set.of() : QuorumShadow.ACTIONS,
                actions.keySet());
    }

    /** @param happens what has to be in {@code happened} in the end, or nothing holds because nothing happens */
    private static @Nullable String firstToNotice(
            int most, Consumer<Long> history, Set<String> happens, Set<String> happened) {
        for (long seed = 0; seed < most; seed++) {
            long one = seed;
            String noticed = endingIn(() -> noticedIn(history, one));
            if (noticed != null) {
                return "after " + (seed + 1) + ": " + noticed;
            }
        }
        Set<String> missing = new TreeSet<>(happens);
        missing.removeAll(happened);
        return missing.isEmpty() ? null : "after " + most + ": it never happens that " + missing;
    }

    private static @Nullable String noticedIn(Consumer<Long> history, long seed) {
        try {
            history.accept(seed);
            return null;
        } catch (AssertionError | RuntimeException | StackOverflowError e) {
            List<String> lines =
                    new ArrayList<>(String.valueOf(e.getMessage()).lines().toList());
            lines.removeIf(String::isBlank);
            return String.join(" ", lines.subList(0, Math.min(3, lines.size())));
        }
    }

    private interface Check {
        @Nullable
        String noticed();
    }

    /** What a check has noticed, or that it has not come back: then its thread goes on, and nobody waits for it. */
    private static @Nullable String endingIn(Check check) {
        AtomicReference<@Nullable String> noticed = new AtomicReference<>("it did not end in " + ENDLESS_MS + " ms");
        Thread thread = new Thread(() -> noticed.set(check.noticed()), "check");
        thread.setDaemon(true);
        thread.start();
        try {
            thread.join(ENDLESS_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return noticed.get();
    }
}
