package io.odradek.engine.journal;

/**
 * What a journal has done since it was made; one consistent snapshot.
 *
 * @param records groups made durable
 * @param entryBytes bytes of segments in them: what will be written a second time
 * @param writtenBytes to the journal's files, whole blocks
 * @param drains halves whose files were synced behind them
 * @param drainNanos that took
 * @param retirements times it was emptied because a log was cut, swapped or deleted
 * @param refusals groups it could not take, because both halves were full or it was not made yet
 */
public record JournalCounts(
        long records,
        long entryBytes,
        long writtenBytes,
        long drains,
        long drainNanos,
        long retirements,
        long refusals) {
    /** Of no journal. */
    public static final JournalCounts NONE = new JournalCounts(0, 0, 0, 0, 0, 0, 0);
}
