package io.odradek.engine.journal;

/** A log, as its journal needs to know it. Any thread, and quick. */
public interface JournaledLog {

    /** What its entries are found by after a crash. */
    LogName journalName();

    /** Changes whenever the log is cut: what was handed out before must not be journaled after. */
    long truncations();

    /**
     * What was handed out longest ago, up to and with what ended at {@code end}, is in the journal. {@code part} takes over its
     * files; the recovery point stays.
     */
    void journaled(long end, JournaledPart part);

    /** The files of {@code part} are synced: the recovery point moves, unless the log was cut since. */
    void settled(JournaledPart part);
}
