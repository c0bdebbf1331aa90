package io.odradek.engine;

import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.journal.JournalReplay;
import io.odradek.engine.journal.WrittenBytes;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A journal is retired while a group is written to it, and while the files behind it are synced: whatever crash comes then, nothing
 * is replayed over what has another meaning by now.
 */
public final class JournalStress {
    private static final Path DIRECTORY = Path.of("/");

    private JournalStress() {}

    /** A log with one batch, and a journal with room for one record in each half, which is old whenever it is looked at. */
    abstract static class Journaled extends HeapLog {
        private static final int AS_IT_IS = 0;
        private static final int REPLAYED_OVER = 1;
        private static final int FAULT = 2;

        final Journal itsJournal;
        private volatile boolean fault;

        Journaled() {
            super(1);
            log.reconfigure(log.config().withSegmentBytes(1 << 20)); // what follows a roll is not journaled
            itsJournal = new Journal(
                    store, DIRECTORY, "0", new Journal.Limits(Journal.LEAST_HALF_BYTES, 0), () -> 0, _ -> fault = true);
            itsJournal.prepare();
            journal = itsJournal;
        }

        /** Append thread: another batch. Returns it as a group on its way to the sync thread. */
        final JournalGroup another() {
            append(1);
            JournalGroup group = new JournalGroup();
            log.takeDirtyFiles(group, new WrittenBytes());
            return group;
        }

        /** Sync thread: returns 1 when the journal has taken the group; else its files are synced. */
        final int write(JournalGroup group, long end) {
            try {
                boolean taken = itsJournal.write(group);
                if (!taken) {
                    log.synced(end);
                }
                return taken ? 1 : 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Append thread: everything but the first batch goes. */
        final void cutBehindTheFirst() {
            try {
                log.truncateTo(1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        final SegmentFiles files() {
            return log.view().segment(0).files();
        }

        /** Whether a crash would leave the segment as it is. */
        final int afterACrash() {
            try {
                ByteBuffer before = content();
                JournalReplay.run(
                        store,
                        DIRECTORY,
                        store.list(DIRECTORY),
                        _ -> log.partition().topicId());
                if (!content().equals(before)) {
                    return REPLAYED_OVER;
                }
                return fault ? FAULT : AS_IT_IS;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private ByteBuffer content() throws IOException {
            try (StoreFile opened =
                    store.open(SegmentNames.in(log.directory(), 0, SegmentNames.LOG), OpenMode.READ_ONLY)) {
                ByteBuffer content = ByteBuffer.allocate((int) opened.size());
                opened.read(content, 0);
                return content.flip();
            }
        }

        final void closeJournal() {
            try {
                itsJournal.close(false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        final int leftOpenWithJournal() {
            closeJournal();
            return leftOpen();
        }
    }

    /** Batch 1 is on its way to the journal. */
    abstract static class OnItsWay extends Journaled {
        final JournalGroup group = another();
    }

    /** The log is cut while a group of it is on its way to the journal. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 0", "1, 0, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "too late for the journal, or taken and then void")
    @State
    public static class AWriteAgainstACut extends OnItsWay {
        @Actor
        public void sync(III_Result result) {
            result.r1 = write(group, 2);
        }

        @Actor
        public void append() {
            cutBehindTheFirst();
        }

        @Arbiter
        public void after(III_Result result) {
            result.r2 = afterACrash();
            result.r3 = leftOpenWithJournal();
        }
    }

    /** A compacted segment gets the name of one that a group on its way to the journal has bytes of. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 0", "1, 0, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "too late for the journal, or taken and then void")
    @State
    public static class AWriteAgainstASwap extends OnItsWay {
        @Actor
        public void sync(III_Result result) {
            result.r1 = write(group, 2);
        }

        /** As {@link LogDirectory#commit} does; what lies under the name then is another's. */
        @Actor
        public void compact() {
            try {
                files().giveNameAway();
                itsJournal.retire(log);
                files().log().write(ByteBuffer.allocate(2 * SIZE_BYTES), 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Arbiter
        public void after(III_Result result) {
            result.r2 = afterACrash();
            result.r3 = leftOpenWithJournal();
        }
    }

    /** Both halves have a record: that of the first is about to be synced. */
    abstract static class Full extends Journaled {
        Full() {
            write(another(), 2);
            write(another(), 3);
        }
    }

    /** The log is cut while the files behind a full half are synced. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "void, in whatever order")
    @State
    public static class ADrainAgainstACut extends Full {
        @Actor
        public void keep() {
            itsJournal.work();
        }

        @Actor
        public void append() {
            cutBehindTheFirst();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r1 = afterACrash();
            result.r2 = leftOpenWithJournal();
        }
    }

    /** The log is deleted while the files behind a full half are synced. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "nobody used what was closed, and nothing is left open")
    @State
    public static class ADrainAgainstADeletion extends Full {
        @Actor
        public void keep() {
            itsJournal.work();
        }

        /** As {@link LogDirectory#deleteAll} does. */
        @Actor
        public void delete() {
            try {
                log.stop();
                itsJournal.retire(log);
                log.releaseFiles();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Arbiter
        public void after(I_Result result) {
            closeJournal();
            result.r1 = store.openFiles() + store.wronglyUsed();
        }
    }
}
