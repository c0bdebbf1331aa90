package io.odradek.engine.record;

import java.io.IOException;

/** The records of a batch are not what its header says, although its checksum may be right. Nothing was changed. */
public final class CorruptBatchException extends IOException {

    public CorruptBatchException(String message) {
        super(message);
    }
}
