package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;

/** The log directory is in use by another process, or by another broker in this one. */
public final class DirectoryLockedException extends IOException {
    private static final long serialVersionUID = 1L;

    public DirectoryLockedException(Path lockFile) {
        super("log directory " + lockFile.getParent() + " is in use by another process or another broker in this one ("
                + lockFile + " is locked); stop that one or start this one with another log.dirs");
    }
}
