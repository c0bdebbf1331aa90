package io.odradek.spec.architecture.planted.engine.io;

import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.channels.FileChannel;

/** Keeps the rules: this is where channels and native calls belong. */
final class ReadsAChannel {
    static long size(FileChannel channel) throws IOException {
        return Linker.nativeLinker() == null ? 0 : channel.size();
    }

    private ReadsAChannel() {}
}
