package io.odradek.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** The thread that asks is the append thread: for tests with one thread. */
public final class DirectAppendThread implements LogCleaner.AppendThread {
    @Override
    public <T> CompletableFuture<T> call(Callable<T> work) {
        try {
            return CompletableFuture.completedFuture(work.call());
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
