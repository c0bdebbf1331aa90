package io.odradek.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The first fault of a log directory's disk: from then on it is offline, and nothing more is written or claimed. Any thread. */
final class DirectoryFault {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryFault.class);

    private final Path directory;
    private final List<Consumer<IOException>> listeners = new ArrayList<>(); // guarded by itself
    private volatile @Nullable IOException cause;

    /** Something that needs the disk. */
    interface Step {
        void take() throws IOException;
    }

    DirectoryFault(Path directory) {
        this.directory = directory;
    }

    /** Calls {@code listener} when it happens, at once when it has; on the thread that found the fault. */
    void onFault(Consumer<IOException> listener) {
        IOException happened;
        synchronized (listeners) {
            happened = cause;
            if (happened == null) {
                listeners.add(listener);
            }
        }
        if (happened != null) {
            listener.accept(happened);
        }
    }

    /** Only the first is a fault: what comes after it follows from it. */
    void happened(IOException fault) {
        List<Consumer<IOException>> told;
        synchronized (listeners) {
            if (cause != null) {
                return;
            }
            cause = fault;
            told = List.copyOf(listeners);
        }
        LOG.error(
                "Log directory {} is offline: {}. Nothing more is written there; free or repair the disk and start"
                        + " again",
                directory,
                fault.getMessage(),
                fault);
        told.forEach(listener -> listener.accept(fault));
    }

    boolean hasHappened() {
        return cause != null;
    }

    /** Why nothing is written there any more, or null. */
    @Nullable
    String reason() {
        IOException happened = cause;
        return happened == null ? null : "log directory " + directory + " is offline: " + happened.getMessage();
    }

    void throwIfHappened() throws IOException {
        String reason = reason();
        if (reason != null) {
            throw new IOException(reason, cause);
        }
    }

    /** Takes a step after whose failure nothing may be claimed any more: that is the fault then. */
    void guard(Step step) throws IOException {
        try {
            step.take();
        } catch (IOException e) {
            happened(e);
            throw e;
        }
    }
}
