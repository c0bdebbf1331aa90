package io.odradek.engine.record;

/** Why a producer's batch may not enter the log. The broker maps each to one protocol error, in one place. */
public enum Refusal {
    /** Length, magic or checksum are wrong: bytes were damaged on the way, so sending again may help. CORRUPT_MESSAGE. */
    CORRUPT,
    /** Intact, but not a batch a client may send. INVALID_RECORD. */
    INVALID_RECORD,
    /** A timestamp lies outside {@code message.timestamp.before/after.max.ms}. INVALID_TIMESTAMP. */
    INVALID_TIMESTAMP,
    /** Larger than {@code max.message.bytes}, as sent or as the topic wants it stored. MESSAGE_TOO_LARGE. */
    TOO_LARGE,
    /** A codec nobody knows, or zstd in a request too old for it (KIP-110). UNSUPPORTED_COMPRESSION_TYPE. */
    UNSUPPORTED_COMPRESSION
}
