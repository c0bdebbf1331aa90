package io.odradek.broker.metadata;

/** A record of the metadata log that this version can't read. The broker must not go on: it would not know what it missed. */
public final class MetadataFormatException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    MetadataFormatException(String message) {
        super(message);
    }
}
