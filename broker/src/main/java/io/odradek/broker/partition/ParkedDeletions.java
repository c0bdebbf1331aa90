package io.odradek.broker.partition;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.Errors;

/**
 * Who has deleted records, and waits until nobody who may lead could bring them back (KIP-107). Settle thread; each is told once, in the order in
 * which they came.
 */
final class ParkedDeletions {

    private static final class Waiting {
        /** What lies below was deleted. */
        private final long offset;

        private final DeletionOutcome outcome;

        Waiting(long offset, DeletionOutcome outcome) {
            this.offset = offset;
            this.outcome = outcome;
        }
    }

    private final List<Waiting> waiting = new ArrayList<>();

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** @return ends the wait, if it has not ended: too much time has passed */
    Runnable park(long offset, DeletionOutcome outcome) {
        Waiting one = new Waiting(offset, outcome);
        waiting.add(one);
        return () -> {
            if (waiting.remove(one)) {
                outcome.done(Errors.REQUEST_TIMED_OUT, -1);
            }
        };
    }

    /** Of all replicas that may lead the lowest durable log start. */
    void reached(long lowWatermark) {
        List<Waiting> told =
                waiting.stream().filter(one -> one.offset <= lowWatermark).toList();
        waiting.removeAll(told);
        told.forEach(one -> one.outcome.done(Errors.NONE, lowWatermark));
    }

    void fail(Errors why) {
        List<Waiting> told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(one -> one.outcome.done(why, -1));
    }
}
