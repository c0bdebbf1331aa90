package io.odradek.engine.writepath;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.GroupSync;
import io.odradek.spec.stress.HeapStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A slot of the ring belongs to one stage at a time: each entry is run once and told once, whichever stages run together. */
public final class WritePathStress {
    private static final int SLOTS = 2;
    private static final int TRIES = 30;
    private static final Path DIRECTORY = Path.of("/data");
    private static final HeapStore STORE = new HeapStore();
    private static final LogDirectory LOGS = open();
    private static final GroupSync SYNC = new GroupSync(STORE, DIRECTORY, GroupSync.Strategy.FDATASYNC);
    private static final Shard.Options OPTIONS = new Shard.Options("stressed", SLOTS, 100, "block");

    private WritePathStress() {}

    private static LogDirectory open() {
        try {
            return LogDirectory.open(STORE, DIRECTORY, "cluster", 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A write path of two slots, and what its entries did. */
    abstract static class Stages {
        final WritePath path = new WritePath(
                OPTIONS,
                LOGS,
                SYNC,
                (_, _) -> {
                    throw new AssertionError("no log was written to");
                },
                InstantSource.system(),
                ShardObserver.NONE);
        private final AtomicInteger ran = new AtomicInteger();
        private final AtomicInteger told = new AtomicInteger();

        /** 1 when it found room. */
        final int publish() {
            return path.tryRun(null, ran::incrementAndGet, failure -> told.addAndGet(failure == null ? 1 : 100))
                    ? 1
                    : 0;
        }

        /** Tries for a moment; 1 when there was something. */
        final int appendSome() {
            int tries = TRIES;
            boolean any = false;
            while (!any && tries-- > 0) {
                any = path.append(Integer.MAX_VALUE);
            }
            return any ? 1 : 0;
        }

        /** Tries for a moment. */
        final int settleSome() {
            int tries = TRIES;
            boolean any = false;
            while (!any && tries-- > 0) {
                any = path.settle();
            }
            return any ? 1 : 0;
        }

        /** How often something ran, and how often somebody was told, once all is done; -1 when the path does not trust itself. */
        final int finished() {
            while (path.append(Integer.MAX_VALUE) || path.settle()) {
                // until nothing is left
            }
            path.close();
            return path.fault().bug() == null && path.isDrained() ? 10 * ran.get() + told.get() : -1;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0, 11", expect = Expect.ACCEPTABLE, desc = "published later")
    @Outcome(id = "1, 1, 11", expect = Expect.ACCEPTABLE, desc = "published before")
    @State
    public static class AProducerAndAppend extends Stages {
        @Actor
        public void produce(III_Result result) {
            result.r1 = publish();
        }

        @Actor
        public void append(III_Result result) {
            result.r2 = appendSome();
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = finished();
        }
    }

    @JCStressTest
    @Outcome(
            id = {"0, 22", "1, 22"},
            expect = Expect.ACCEPTABLE,
            desc = "each once")
    @State
    public static class AppendAndSettle extends Stages {
        public AppendAndSettle() {
            publish();
            publish();
        }

        @Actor
        public void appendBoth() {
            path.append(1);
            path.append(1);
        }

        @Actor
        public void settle(II_Result result) {
            result.r1 = settleSome();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = finished();
        }
    }

    /** The ring is full; a slot is written again as soon as settle has given it back. */
    @JCStressTest
    @Outcome(id = "0, 22", expect = Expect.ACCEPTABLE, desc = "no room yet")
    @Outcome(id = "1, 33", expect = Expect.ACCEPTABLE, desc = "into the slot that was given back")
    @State
    public static class SettleAndAProducer extends Stages {
        public SettleAndAProducer() {
            publish();
            publish();
            path.append(2);
        }

        @Actor
        public void settle() {
            path.settle();
        }

        @Actor
        public void produce(II_Result result) {
            // A refusal would shut the gate until settle has done its work.
            int tries = TRIES;
            while (tries-- > 0 && path.gauges().ringOccupancy() == SLOTS) {
                Thread.onSpinWait();
            }
            result.r1 = publish();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = finished();
        }
    }
}
