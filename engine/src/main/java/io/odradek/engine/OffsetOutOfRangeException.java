package io.odradek.engine;

/** A read below the log's start or above its readable end. */
public final class OffsetOutOfRangeException extends Exception {
    private static final long serialVersionUID = 1L;

    public OffsetOutOfRangeException(long offset, long logStartOffset, long endOffset) {
        super("offset " + offset + " is not within [" + logStartOffset + ", " + endOffset + "]");
    }
}
