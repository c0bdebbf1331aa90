package io.odradek.engine.recovery;

import io.odradek.engine.recovery.TailFacts.Promise;
import io.odradek.engine.recovery.TailFacts.Reach;
import io.odradek.engine.recovery.TailFacts.Stop;
import io.odradek.engine.recovery.TailFacts.Tail;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to do with a log, by the facts about its tail. Exactly one row fits every combination of facts.
 *
 * <pre>
 *  row  stop     tail           recovery point  high watermark  promise    decision
 *  A    clean    intact         covered         covered         *          TRUST
 *  B    clean    intact         covered         short           *          REFUSE
 *  C    clean    intact         short           *               *          REFUSE
 *  D    clean    broken at end  *               *               *          REFUSE
 *  E    clean    broken inside  *               *               *          REFUSE
 *  F    unclean  intact         covered         covered         *          KEEP
 *  G    unclean  broken at end  covered         covered         *          CUT
 *  H    unclean  broken inside  covered         covered         *          CUT_LOUDLY
 *  I    unclean  *              covered         short           on disk    REFUSE
 *  J    unclean  *              covered         short           in memory  CUT_LOUDLY
 *  K    unclean  *              short           *               *          REFUSE
 * </pre>
 *
 * <p>A. The usual start. Only the last batches' headers were looked at, to find the end.
 *
 * <p>B, C. A clean stop syncs everything before it writes down how far the log reaches. Less than that means that files were
 * removed, replaced or cut by somebody else, or that the disk lost them. Going on would hide it.
 *
 * <p>D, E. As B: a clean stop leaves no half-written batch.
 *
 * <p>F. The process died between two writes, or the machine did and lost nothing. What is above the recovery point may never
 * have been acknowledged; it is whole and was sent by a producer, so it stays. Zeros behind it are no tail: the segment was
 * preallocated, or the length of a last write is there and nothing of its bytes. They go.
 *
 * <p>G. The process or the machine died in the middle of a write: the last write is there in part. An acknowledged batch was
 * synced and would be whole. The part goes.
 *
 * <p>H. As G, but something intact follows: pages, or whole segments, reached the disk out of order, none of them synced. The
 * log has to be a prefix, so what follows goes too. A sector of a synced batch gone bad looks the same; the two cannot be told
 * apart from one replica's files, so it is said with file, byte and offset.
 *
 * <p>I. Readers were shown records that are missing, and records of this topic are only shown when they are on disk. The disk
 * lost them, or the files are not the ones that were written.
 *
 * <p>J. Readers were shown records that only the page cache held, and the machine died. That is what the topic's durability
 * allows; it is said how many.
 *
 * <p>K. Synced bytes are missing or broken. No crash does that.
 */
public enum RecoveryTable {
    A(Stop.CLEAN, Tail.INTACT, Reach.COVERED, Reach.COVERED, null, Decision.TRUST),
    B(Stop.CLEAN, Tail.INTACT, Reach.COVERED, Reach.SHORT, null, Decision.REFUSE),
    C(Stop.CLEAN, Tail.INTACT, Reach.SHORT, null, null, Decision.REFUSE),
    D(Stop.CLEAN, Tail.BROKEN_AT_END, null, null, null, Decision.REFUSE),
    E(Stop.CLEAN, Tail.BROKEN_INSIDE, null, null, null, Decision.REFUSE),
    F(Stop.UNCLEAN, Tail.INTACT, Reach.COVERED, Reach.COVERED, null, Decision.KEEP),
    G(Stop.UNCLEAN, Tail.BROKEN_AT_END, Reach.COVERED, Reach.COVERED, null, Decision.CUT),
    H(Stop.UNCLEAN, Tail.BROKEN_INSIDE, Reach.COVERED, Reach.COVERED, null, Decision.CUT_LOUDLY),
    I(Stop.UNCLEAN, null, Reach.COVERED, Reach.SHORT, Promise.ON_DISK, Decision.REFUSE),
    J(Stop.UNCLEAN, null, Reach.COVERED, Reach.SHORT, Promise.IN_MEMORY, Decision.CUT_LOUDLY),
    K(Stop.UNCLEAN, null, Reach.SHORT, null, null, Decision.REFUSE);

    /** What is done. */
    public enum Decision {
        /** Open it as it is. */
        TRUST,
        /** Keep all that was found, and sync it. */
        KEEP,
        /** Remove what follows the last intact batch. */
        CUT,
        /** As {@link #CUT}, and warn with file, byte and offset. */
        CUT_LOUDLY,
        /** Change nothing; the log stays out of service until a person has looked. */
        REFUSE
    }

    private static final List<RecoveryTable> ROWS = List.of(values());

    private final @Nullable Stop stop;
    private final @Nullable Tail tail;
    private final @Nullable Reach recoveryPoint;
    private final @Nullable Reach highWatermark;
    private final @Nullable Promise promise;
    private final Decision decision;

    /** A null matches every value of its column. */
    RecoveryTable(
            @Nullable Stop stop,
            @Nullable Tail tail,
            @Nullable Reach recoveryPoint,
            @Nullable Reach highWatermark,
            @Nullable Promise promise,
            Decision decision) {
        this.stop = stop;
        this.tail = tail;
        this.recoveryPoint = recoveryPoint;
        this.highWatermark = highWatermark;
        this.promise = promise;
        this.decision = decision;
    }

    public Decision decision() {
        return decision;
    }

    boolean matches(TailFacts facts) {
        return (stop == null || stop == facts.stop())
                && (tail == null || tail == facts.tail())
                && (recoveryPoint == null || recoveryPoint == facts.recoveryPoint())
                && (highWatermark == null || highWatermark == facts.highWatermark())
                && (promise == null || promise == facts.promise());
    }

    /** The row for these facts. */
    public static RecoveryTable rowFor(TailFacts facts) {
        RecoveryTable found = null;
        for (RecoveryTable row : ROWS) {
            if (row.matches(facts)) {
                if (found != null) {
                    throw new AssertionError(facts + " matches " + found + " and " + row + ", expected one row");
                }
                found = row;
            }
        }
        if (found == null) {
            throw new AssertionError(facts + " matches no row");
        }
        return found;
    }
}
