package io.odradek.spec.powerloss;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.journal.WrittenBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a sync thread does with its groups when every one that can be goes to a journal. */
final class JournaledSyncs {
    static final int BLOCK_BYTES = 4096;
    private static final long DRAIN_AFTER_NANOS = 1000;

    final Journal journal;
    private long nowNanos;

    /** What the next group takes over instead of having it read back; empty when nothing is written into it. */
    final WrittenBytes written = new WrittenBytes();

    /** Groups that are journaled; the others were synced file by file. */
    int journaled;

    /** @param blocks of each half, its label included */
    JournaledSyncs(LogDirectory directory, int blocks) throws IOException {
        journal = directory.openJournal(
                "tested", new Journal.Limits((long) blocks * BLOCK_BYTES, DRAIN_AFTER_NANOS), () -> nowNanos);
        journal.prepare();
    }

    /** One group; returns when it is durable. */
    void sync(List<PartitionLog> logs) throws IOException {
        JournalGroup ranges = new JournalGroup();
        List<StoreFile> files = new ArrayList<>();
        List<Long> ends = new ArrayList<>();
        for (PartitionLog log : logs) {
            ends.add(log.logEndOffset());
            files.addAll(log.takeDirtyFiles(ranges, written));
        }
        written.clear();
        finish(logs, ends, files, ranges);
    }

    /** A group that was collected before, with where the logs ended then. */
    void finish(List<PartitionLog> logs, List<Long> ends, List<StoreFile> files, JournalGroup ranges)
            throws IOException {
        if (journal.recordBytes(ranges) >= 0 && journal.write(ranges)) {
            journaled++;
            return;
        }
        for (StoreFile file : files) {
            file.sync();
        }
        for (int i = 0; i < logs.size(); i++) {
            logs.get(i).synced(ends.get(i));
        }
    }

    /** The journal's thread comes round, when its half is old. */
    void drain() {
        nowNanos += DRAIN_AFTER_NANOS;
        work();
    }

    /** The journal's thread comes round. */
    void work() {
        while (journal.work()) {
            // until there is nothing left to do
        }
    }
}
