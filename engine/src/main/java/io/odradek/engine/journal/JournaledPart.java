package io.odradek.engine.journal;

import io.odradek.engine.segment.SegmentFiles;
import java.util.ArrayList;
import java.util.List;

/**
 * What of one log lies in one half of a journal and is not known to be durable otherwise: the files, each kept open by one
 * share, and where the log ends once they are synced. Guarded by the log's own record of what is durable, but for the files'
 * being synced, which nobody changes any more by then.
 */
public final class JournaledPart {
    private final List<SegmentFiles> files = new ArrayList<>(1);
    private long end;
    private long generation;

    /** Takes over the share of each file. */
    public void add(long newEnd, long asOfGeneration, List<SegmentFiles> handedOut) {
        end = newEnd;
        generation = asOfGeneration;
        for (int i = 0; i < handedOut.size(); i++) {
            SegmentFiles file = handedOut.get(i);
            if (files.contains(file)) {
                file.release();
            } else {
                files.add(file);
            }
        }
    }

    /** What was synced behind it counts when its own files are. */
    public void raise(long syncedEnd) {
        end = Math.max(end, syncedEnd);
    }

    /** Exclusive: everything below is durable once the files are synced. */
    public long end() {
        return end;
    }

    /** Of the log's cuts, when its files were handed out. */
    public long generation() {
        return generation;
    }

    List<SegmentFiles> files() {
        return files;
    }

    void release() {
        files.forEach(SegmentFiles::release);
        files.clear();
    }
}
