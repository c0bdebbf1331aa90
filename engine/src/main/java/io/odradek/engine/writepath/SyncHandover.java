package io.odradek.engine.writepath;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Passes groups from append to sync without a lock: ownership goes with the reference. While a sync runs, the append thread
 * takes back the group that waits for the next one, adds to it, and puts it down again; so the next group is whatever
 * arrived meanwhile, each file in it once.
 *
 * <pre>
 *   append: takeBack() ... add ... put()      sync: take() ... sync ... giveBack()
 * </pre>
 */
final class SyncHandover {
    private final AtomicReference<@Nullable SyncGroup> waiting = new AtomicReference<>();
    private final AtomicReference<@Nullable SyncGroup> spare = new AtomicReference<>();

    /** The group that the sync thread hasn't taken yet, or an empty one. Append thread. */
    SyncGroup takeBack() {
        SyncGroup group = waiting.getAndSet(null);
        if (group == null) {
            group = spare.getAndSet(null);
            if (group == null) {
                group = new SyncGroup();
            }
        }
        return group;
    }

    /** Append thread. */
    void put(SyncGroup group) {
        boolean wasFree = waiting.compareAndSet(null, group);
        assert wasFree : "one thread puts groups down";
    }

    /** Sync thread. */
    @Nullable
    SyncGroup take() {
        return waiting.getAndSet(null);
    }

    /** Sync thread. */
    void giveBack(SyncGroup group) {
        group.clear();
        spare.set(group);
    }

    boolean hasWork() {
        return waiting.get() != null;
    }
}
