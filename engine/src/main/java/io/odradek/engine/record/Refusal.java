package io.odradek.engine.record;

/** Why a producer's bytes may not enter a log. */
public enum Refusal {
    /** Sizes, magic or CRC are wrong: what arrived is not what was sent. */
    CORRUPT,
    /** The batch is whole, but says something a producer may not say. */
    INVALID_RECORD,
    /** More than {@code max.message.bytes}. */
    TOO_LARGE,
    /** A timestamp too far from the broker's clock. */
    INVALID_TIMESTAMP,
    /** A codec that the request's version does not know. */
    UNSUPPORTED_COMPRESSION
}
