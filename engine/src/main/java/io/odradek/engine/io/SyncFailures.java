package io.odradek.engine.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The syncs that failed, by path, for the life of a store. Linux reports a failed write-back to each open descriptor once
 * and marks the lost pages clean (the "fsyncgate" of 2018), so the only memory of the loss is ours. Any thread.
 */
public final class SyncFailures {
    private final ConcurrentHashMap<Path, IOException> failures = new ConcurrentHashMap<>();

    /** Remembers the first failure of {@code path} (absolute, normalized) and returns {@code failure} to be thrown. */
    public IOException record(Path path, IOException failure) {
        failures.putIfAbsent(path, failure);
        return failure;
    }

    /** A failure of {@code directory} or of anything below it, or null. */
    public @Nullable IOException under(Path directory) {
        if (failures.isEmpty()) { // all there is to pay on a healthy disk
            return null;
        }
        for (var failure : failures.entrySet()) {
            if (failure.getKey().startsWith(directory)) {
                return failure.getValue();
            }
        }
        return null;
    }

    /** Throws when {@link #under} has something. */
    public void check(Path path) throws IOException {
        IOException earlier = under(path);
        if (earlier != null) {
            throw new IOException(
                    "nothing under " + path + " can be synced any more: an earlier sync failed and the kernel may have"
                            + " dropped the data (" + earlier.getMessage() + ")",
                    earlier);
        }
    }
}
