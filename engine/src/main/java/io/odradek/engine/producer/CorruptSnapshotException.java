package io.odradek.engine.producer;

import java.io.IOException;

/** A producer snapshot cannot be used. Nothing was loaded: drop the file and replay the log from an earlier snapshot. */
public final class CorruptSnapshotException extends IOException {
    public CorruptSnapshotException(String message) {
        super(message);
    }
}
