package io.odradek.spec.cluster;

import java.io.IOException;

/** A disk failed where the caller cannot say so. */
final class DiskTrouble extends RuntimeException {
    DiskTrouble(IOException cause) {
        super(cause);
    }
}
