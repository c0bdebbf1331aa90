package io.odradek.engine.segment;

import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.spec.stress.HeapStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A segment's files are closed once, by the last who lets go, and not under anybody. */
public final class SegmentFilesStress {
    private static final Path DIRECTORY = Path.of("/orders-0");

    private static final int REFUSED = 0;
    private static final int READ = 1;
    private static final int CLOSED_UNDER_IT = -1;

    private SegmentFilesStress() {}

    /** One segment on a store of its own. */
    abstract static class OneSegment {
        final HeapStore store = new HeapStore();
        final SegmentFiles files;

        OneSegment() {
            try {
                files = SegmentFiles.open(store, DIRECTORY, 0, OpenMode.CREATE_NEW);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        final void retain() {
            if (!files.tryRetain()) {
                throw new AssertionError("refused");
            }
        }

        final int read() {
            if (!files.tryRetain()) {
                return REFUSED;
            }
            int seen = use();
            files.release();
            return seen;
        }

        final int use() {
            try {
                files.log().read(ByteBuffer.allocate(1), 0);
                return READ;
            } catch (ClosedChannelException e) {
                return CLOSED_UNDER_IT;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** 0: closed once; else what is still open, or was closed again. */
        final int leftOpen() {
            return store.openFiles() + store.wronglyUsed();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "too late")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "in time")
    @State
    public static class AReaderAgainstRemoval extends OneSegment {
        @Actor
        public void read(II_Result result) {
            result.r1 = read();
        }

        @Actor
        public void remove() {
            files.remove();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = leftOpen();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "closed by the last")
    @State
    public static class TwoReadersOfARemovedSegment extends OneSegment {
        public TwoReadersOfARemovedSegment() {
            retain();
            retain();
            files.remove();
        }

        @Actor
        public void one(III_Result result) {
            result.r1 = use();
            files.release();
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = use();
            files.release();
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = leftOpen();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "both in time")
    @State
    public static class TwoReadersOfOneSegment extends OneSegment {
        @Actor
        public void one(III_Result result) {
            result.r1 = read();
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = read();
        }

        @Arbiter
        public void after(III_Result result) {
            int used = use();
            files.remove();
            result.r3 = used == READ ? leftOpen() : CLOSED_UNDER_IT;
        }
    }
}
