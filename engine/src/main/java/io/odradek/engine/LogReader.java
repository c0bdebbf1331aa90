package io.odradek.engine;

import java.io.IOException;
import java.util.Optional;

/** Reads from a {@link LogView}. Stateless; any thread; takes no lock. */
public final class LogReader {

    /** @param leaderEpoch of the batch that holds the offset */
    public record TimestampedOffset(long timestamp, long offset, int leaderEpoch) {}

    /**
     * Whole batches, starting with the one that contains {@code fromOffset} (it may begin below).
     *
     * @param upTo exclusive bound, a batch boundary: high watermark, last stable offset or log end
     * @param maxBytes soft limit
     * @param atLeastOneBatch return the first batch even when it is larger than {@code maxBytes} (KIP-74)
     * @throws OffsetOutOfRangeException below {@code logStartOffset} or above {@code upTo}
     */
    public static FetchedSlices read(
            LogView view, long fromOffset, LogPosition upTo, int maxBytes, boolean atLeastOneBatch)
            throws IOException, OffsetOutOfRangeException {
        throw new UnsupportedOperationException();
    }

    /** The first record below {@code upTo} whose timestamp is at least {@code timestamp}. */
    public static Optional<TimestampedOffset> offsetForTimestamp(LogView view, long timestamp, LogPosition upTo)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The first record that has the largest timestamp below {@code upTo} (KIP-734). */
    public static Optional<TimestampedOffset> maxTimestamp(LogView view, LogPosition upTo) throws IOException {
        throw new UnsupportedOperationException();
    }

    private LogReader() {}
}
