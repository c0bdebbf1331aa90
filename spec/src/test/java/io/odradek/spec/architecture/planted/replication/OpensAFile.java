package io.odradek.spec.architecture.planted.replication;

import java.nio.file.Files;
import java.nio.file.Path;

/** Planted: a file. */
final class OpensAFile {
    static boolean exists(Path path) {
        return Files.exists(path);
    }

    private OpensAFile() {}
}
