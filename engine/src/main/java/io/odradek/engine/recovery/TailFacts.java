package io.odradek.engine.recovery;

/**
 * What is known about a log when it is opened: everything {@link RecoveryTable} decides by, and nothing else.
 *
 * @param stop how the last run ended
 * @param tail what the files look like from the recovery point on
 * @param recoveryPoint whether the intact part reaches what is known to have been synced
 * @param highWatermark whether the intact part reaches what readers have been shown
 * @param promise what an acknowledgement meant for this topic
 */
public record TailFacts(Stop stop, Tail tail, Reach recoveryPoint, Reach highWatermark, Promise promise) {

    /** How the last run ended. */
    public enum Stop {
        /** The marker of a clean stop was there: all was synced, all was written down. */
        CLEAN,
        UNCLEAN
    }

    /** What follows the last intact batch. */
    public enum Tail {
        /** Nothing; after a crash, zeros count as nothing. */
        INTACT,
        /** Bytes that are no batch, and nothing but such bytes: part of a last write. */
        BROKEN_AT_END,
        /** Bytes that are no batch, or a hole, and after them intact batches or whole segments. */
        BROKEN_INSIDE
    }

    /** Where the intact part ends, measured against an offset that was written down. */
    public enum Reach {
        /** At or above it. */
        COVERED,
        /** Below it: something is missing. */
        SHORT
    }

    /** What an acknowledgement meant. */
    public enum Promise {
        /** Durability {@code sync}. */
        ON_DISK,
        /** Any other: the page cache may be lost with the machine. */
        IN_MEMORY
    }
}
