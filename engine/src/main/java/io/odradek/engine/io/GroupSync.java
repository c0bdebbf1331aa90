package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;

/** Makes a group of files durable, by {@code fdatasync} each or one {@code syncfs}, whichever is cheaper. One sync thread. */
public final class GroupSync {

    public enum Strategy {
        AUTO,
        FDATASYNC,
        SYNCFS
    }

    public GroupSync(FileStore store, Path dataDirectory, Strategy strategy) {
        throw new UnsupportedOperationException();
    }

    /** @throws IOException a sync failed: the log directory has to go offline, nothing may be claimed */
    public void sync(StoreFile[] files, int count) throws IOException {
        throw new UnsupportedOperationException();
    }
}
