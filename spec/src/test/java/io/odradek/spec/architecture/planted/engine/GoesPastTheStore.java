package io.odradek.spec.architecture.planted.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Planted: a file that no simulated disk would lose. */
final class GoesPastTheStore {
    static void delete(Path path) throws IOException {
        Files.delete(path);
    }

    private GoesPastTheStore() {}
}
