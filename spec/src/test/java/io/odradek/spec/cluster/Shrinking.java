package io.odradek.spec.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a failing history small before anybody looks at it: fewer entries of its plan by delta debugging (Zeller, Hildebrandt: Simplifying and Isolating
 * Failure-Inducing Input, TSE 2002; here greedily, from halves to single ones), then milder tempers, then an earlier peace, until nothing gets smaller.
 * What is left fails with the same {@link Failure#kind}.
 *
 * <p>jqwik shrinks the histories of one log, but not these: it shrinks what its own generators have made, by a seed of its own, and what fails here has to be
 * what {@code ./odradek simulate --seed N} runs. Also a run is dear, so they are counted: {@link #MOST_RUNS}, a minute or two in the worst case. Then the
 * smallest so far is shown.
 */
final class Shrinking {
    static final int MOST_RUNS = 200;

    /** Runs the history of a plan; the seed is the same each time. */
    interface Runs {
        @Nullable
        Failure of(HistoryPlan plan);
    }

    private final Runs runs;
    private final String kind;
    private HistoryPlan smallest;
    private Failure failure;
    private int done;

    /** @param failure of the plan */
    Shrinking(HistoryPlan plan, Failure failure, Runs runs) {
        this.runs = runs;
        this.kind = failure.kind();
        this.smallest = plan;
        this.failure = failure;
        take(plan, failure);
    }

    HistoryPlan smallest() {
        return smallest;
    }

    /** Of the smallest plan. */
    Failure failure() {
        return failure;
    }

    /** How many there were. */
    int runs() {
        return done;
    }

    void shrink() {
        HistoryPlan before;
        do {
            before = smallest;
            fewer();
            milder();
            shorter();
        } while (!smallest.equals(before) && done < MOST_RUNS);
    }

    private void fewer() {
        if (!fails(smallest.with(List.of()))) {
            for (int chunk = Math.max(1, smallest.entries().size() / 2); chunk >= 1; chunk /= 2) {
                for (int from = 0; from < smallest.entries().size(); ) {
                    List<HistoryPlan.Entry> fewer = new ArrayList<>(smallest.entries());
                    fewer.subList(from, Math.min(from + chunk, fewer.size())).clear();
                    if (fewer.isEmpty() || !fails(smallest.with(fewer))) {
                        from += chunk;
                    }
                }
            }
        }
    }

    private void milder() {
        for (UnaryOperator<Temper> milder : Temper.MILDER) {
            fails(smallest.with(milder.apply(smallest.temper())));
        }
    }

    /** What fails in peace may do so when that comes right after the last fault. */
    private void shorter() {
        long lastMs =
                smallest.entries().isEmpty() ? 0 : smallest.entries().getLast().atMs() + 1;
        if (lastMs < smallest.faultyMs() && !fails(smallest.until(lastMs))) {
            fails(smallest.until((lastMs + smallest.faultyMs()) / 2));
        }
    }

    /** In the same way; then it is the smallest. */
    private boolean fails(HistoryPlan plan) {
        if (plan.equals(smallest) || done == MOST_RUNS) {
            return false;
        }
        done++;
        Failure other = runs.of(plan);
        if (other == null || !other.kind().equals(kind)) {
            return false;
        }
        take(plan, other);
        return true;
    }

    /** What was to come after the failure has no part in it, so no run is needed to leave it out. */
    private void take(HistoryPlan plan, Failure of) {
        smallest = plan.until(of.atMs() + 1);
        failure = of;
    }
}
