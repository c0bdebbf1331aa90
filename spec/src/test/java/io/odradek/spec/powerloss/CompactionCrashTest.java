package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.spec.powerloss.CompactedLife.Entry;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The life of a compacted log, ended at each of its operations in turn: appends, rolls, two passes, a cut, deletions that were
 * forgotten after their time, a clean stop. After each end, on several of the disks it may leave, every key has the value it had
 * been given last, as far as the log reaches; nothing is there twice, and nothing that was deleted is back.
 */
@ExtendWith(QuietEngine.class)
class CompactionCrashTest {

    /** @param tidy everything is synced before each pass, and now and then */
    private static void run(CompactedLife life, boolean tidy) throws IOException {
        life.open();
        for (int i = 0; i < 10; i++) {
            life.put("a" + i % 3, "first " + i);
        }
        life.put("gone", "for now");
        life.put("gone", null);
        for (int i = 0; i < 9; i++) {
            life.put("b" + i % 2, "second " + i);
        }
        life.sync();
        compact(life, tidy);
        life.directory().checkpointRecoveryPoints();
        life.nowMs += 2_000; // the deletion may be forgotten now
        for (int i = 0; i < 9; i++) {
            life.put("a" + i % 4, "third " + i);
        }
        life.sync();
        compact(life, tidy);
        tidyUp(life, tidy);
        life.directory().deletePending(0);
        life.directory().deletePending(1);
        for (int i = 0; i < 5; i++) {
            life.put("c", "fourth " + i);
        }
        tidyUp(life, tidy);
        life.cut(2);
        life.put("c", "fifth");
        tidyUp(life, tidy);
        life.close();

        life.open();
        life.put("a0", "sixth");
        life.sync();
        compact(life, tidy);
        life.close();
    }

    private static void tidyUp(CompactedLife life, boolean tidy) throws IOException {
        if (tidy) {
            life.store.syncFileSystem(CompactedLife.DATA);
        }
    }

    private static void compact(CompactedLife life, boolean tidy) throws IOException {
        tidyUp(life, tidy);
        assertThat(life.compact()).as("there is something to compact").isTrue();
    }

    @Test
    void everyKeyKeepsItsLastValueWhereverTheMachineStops() throws Exception {
        crashEverywhere(false, 0);
    }

    /** With little that is unsynced at a time, so that every disk can be looked at. */
    @Test
    void everyKeyKeepsItsLastValueOnEveryDiskThatACrashMayLeave() throws Exception {
        crashEverywhere(true, 0);
    }

    /** Each pass finds the segments it replaces in a journal. */
    @Test
    void everyKeyKeepsItsLastValueWhenGroupsAreJournaled() throws Exception {
        crashEverywhere(false, 40);
    }

    private static void crashEverywhere(boolean tidy, int journalBlocks) throws Exception {
        CompactedLife whole = new CompactedLife(new SimulatedFileStore(1), journalBlocks);
        run(whole, tidy);
        long operations = whole.store.operations();
        CrashDisks disks = new CrashDisks(128);
        for (long crashAt = 1; crashAt <= operations; crashAt++) {
            CompactedLife life = new CompactedLife(new SimulatedFileStore(1), journalBlocks);
            life.store.crashAtOperation(crashAt);
            try {
                run(life, tidy);
            } catch (SimulatedCrash crash) {
                assertThat(life.store.crashed()).isTrue();
            }
            String where = "crash at operation " + crashAt + " of " + operations + ", "
                    + life.store.trace().getLast();
            disks.each(life.store, where, (found, which) -> check(found, life, which));
        }
        disks.report(journalBlocks > 0 ? "compaction, journaled" : tidy ? "compaction, tidy" : "compaction");
    }

    /** Recovers, recovers again from what a power loss leaves of that, and then compacts and writes on. */
    private static void check(SimulatedFileStore found, CompactedLife life, String where) throws Exception {
        LogDirectory once = EagerSnapshots.open(found, CompactedLife.DATA);
        PartitionLog log = once.openOrCreate(CompactedLife.PARTITION, CompactedLife.CONFIG);
        List<Entry> entries = CompactedLife.read(log.view(), where);
        life.check(log.view(), entries, where);
        SimulatedFileStore left = found.afterCrash(7);
        LogDirectory again = EagerSnapshots.open(left, CompactedLife.DATA);
        PartitionLog twice = again.openOrCreate(CompactedLife.PARTITION, CompactedLife.CONFIG);
        assertThat(CompactedLife.read(twice.view(), where))
                .as("%s, recovered twice", where)
                .isEqualTo(entries);
        assertThat(left.list(twice.directory()))
                .as(where)
                .noneMatch(file -> file.toString().endsWith(".cleaned")
                        || file.toString().endsWith(".swap")
                        || file.toString().endsWith(".deleted"));
        twice.beginEpoch(1000);
        long end = twice.view().logEndOffset();
        if (end > 0) {
            Entry last = life.written.get(end - 1);
            if (last != null) { // else it was about to be cut
                assertThat(CompactedLife.stage(twice, 1000, (int) end - 1, last.key(), last.value(), 0))
                        .as("%s: a retry of the last batch", where)
                        .isInstanceOf(AppendOutcome.Duplicate.class);
            }
            CompactedLife.append(twice, 1000, (int) end, "new", "value", 0);
            assertThat(CompactedLife.read(twice.view(), where).getLast().offset())
                    .as(where)
                    .isEqualTo(end);
        }
    }
}
