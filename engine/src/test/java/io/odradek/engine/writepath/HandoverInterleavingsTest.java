package io.odradek.engine.writepath;

import io.odradek.engine.TellingThread;
import io.odradek.engine.writepath.Doorbell.Patience;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/**
 * The hand-over between threads, in the interleavings that Lincheck's model checker finds: at most {@code
 * -Dodradek.interleavings} of each (default 500). It takes each access to shared memory for sequentially consistent: what the
 * fences are for, it does not see; the {@code *Stress} classes in {@code spec} do.
 */
class HandoverInterleavingsTest {
    private static final int INTERLEAVINGS = Integer.getInteger("odradek.interleavings", 500);

    @Test
    void noRingIsLost() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            Doorbell bell = new Doorbell(Patience.NONE);
            AtomicInteger work = new AtomicInteger();
            TellingThread waiter = TellingThread.start(() -> bell.await(() -> work.get() == 2));
            TellingThread other = TellingThread.start(() -> {
                work.incrementAndGet();
                bell.ring();
            });
            work.incrementAndGet();
            bell.ring();
            other.join();
            waiter.join(); // a lost ring is a deadlock
        });
    }

    /** As {@link Shard} uses it: who finds the turn taken goes on, who gives it back looks once more. */
    @Test
    void whatIsPublishedWhileTheTurnIsTakenIsSeenByItsHolderOrTheAppendThread() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            Turn turn = new Turn();
            turn.giveBack();
            AtomicInteger published = new AtomicInteger();
            AtomicInteger inTurn = new AtomicInteger();
            AtomicInteger wakes = new AtomicInteger();
            Runnable publisher = () -> {
                published.incrementAndGet();
                if (turn.tryTake()) {
                    require(inTurn.incrementAndGet() == 1, "two hold the turn");
                    published.set(0);
                    inTurn.decrementAndGet();
                    turn.giveBack();
                    if (published.get() > 0) {
                        wakes.incrementAndGet();
                    }
                }
            };
            TellingThread other = TellingThread.start(publisher);
            publisher.run();
            other.join();
            require(published.get() == 0 || wakes.get() > 0, "work is there, and nobody knows");
        });
    }

    @Test
    void aGroupHasOneOwnerAndIsSyncedOnce() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            SyncHandover handover = new SyncHandover();
            AtomicInteger synced = new AtomicInteger();
            Runnable syncOnce = () -> {
                SyncGroup group = handover.take();
                if (group != null) {
                    synced.addAndGet(
                            group.batches); // not given back: emptying its tables is a loop too long for the checker
                }
            };
            TellingThread sync = TellingThread.start(() -> {
                syncOnce.run();
                syncOnce.run();
            });
            handOver(handover);
            handOver(handover);
            sync.join();
            syncOnce.run();
            require(synced.get() == 2, "a batch was synced twice or never");
        });
    }

    private static void handOver(SyncHandover handover) {
        SyncGroup group = handover.takeBack();
        group.batches++;
        handover.put(group);
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
