package io.odradek.engine;

import java.io.IOException;

/** A log directory can be read, and what it says is that it is not for this broker: the configuration is at fault, not the disk. */
public final class UnsuitableDirectoryException extends IOException {
    private static final long serialVersionUID = 1L;

    UnsuitableDirectoryException(String message) {
        super(message);
    }
}
