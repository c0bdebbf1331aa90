package io.odradek.broker.partition;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Log starts on their way to the disk: a deletion of records is answered when its log's start has arrived there. What is asked
 * for while one write is under way shares the next, one per log directory. Any thread.
 *
 * <p>Bounded by who waits: each entry belongs to a request that is not answered yet.
 */
public final class LogStartWrites {
    private final Executor blocking;
    private final Map<LogDirectory, List<Waiting>> waiting = new HashMap<>(); // guarded by itself

    private record Waiting(PartitionLog log, Consumer<@Nullable IOException> then) {}

    /** @param blocking where a task may wait for the disk */
    public LogStartWrites(Executor blocking) {
        this.blocking = blocking;
    }

    /**
     * Has the log's present start written, and then tells: null when it is durable. Told on a thread of {@code blocking}, or
     * on the caller's when nothing is written any more.
     */
    public void write(LogDirectory directory, PartitionLog log, Consumer<@Nullable IOException> then) {
        boolean first;
        synchronized (waiting) {
            List<Waiting> queue = waiting.computeIfAbsent(directory, _ -> new ArrayList<>());
            first = queue.isEmpty();
            queue.add(new Waiting(log, then));
        }
        if (first) {
            try {
                blocking.execute(() -> writeAll(directory));
            } catch (RejectedExecutionException e) {
                tell(take(directory), new IOException("the broker is stopping", e));
            }
        }
    }

    private void writeAll(LogDirectory directory) {
        List<Waiting> now = take(directory); // before the write: who comes later needs another one
        Set<PartitionLog> logs = new LinkedHashSet<>();
        now.forEach(one -> logs.add(one.log()));
        IOException failure = null;
        try {
            directory.checkpointLogStarts(logs);
        } catch (IOException e) {
            failure = e;
        }
        tell(now, failure);
    }

    private List<Waiting> take(LogDirectory directory) {
        synchronized (waiting) {
            List<Waiting> taken = waiting.remove(directory);
            return taken == null ? List.of() : taken;
        }
    }

    private static void tell(List<Waiting> told, @Nullable IOException failure) {
        told.forEach(one -> one.then().accept(failure));
    }
}
