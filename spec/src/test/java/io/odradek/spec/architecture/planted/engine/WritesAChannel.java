package io.odradek.spec.architecture.planted.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Planted: a file channel, used. */
final class WritesAChannel {
    static int write(FileChannel channel, ByteBuffer bytes) throws IOException {
        return channel.write(bytes);
    }

    private WritesAChannel() {}
}
