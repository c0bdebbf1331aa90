package io.odradek.spec.architecture.planted.broker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Planted: a file channel, opened. */
final class OpensAChannel {
    static FileChannel open(Path path) throws IOException {
        return FileChannel.open(path);
    }

    private OpensAChannel() {}
}
