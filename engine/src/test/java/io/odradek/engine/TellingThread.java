package io.odradek.engine;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A thread whose failed assertion is thrown again where it is joined: a model checker looks at the first thread only. */
public final class TellingThread {
    private final AtomicReference<@Nullable AssertionError> failure = new AtomicReference<>();
    private final Thread thread;

    private TellingThread(Runnable work) {
        thread = new Thread(() -> {
            try {
                work.run();
            } catch (AssertionError e) {
                failure.set(e);
            }
        });
    }

    public static TellingThread start(Runnable work) {
        TellingThread telling = new TellingThread(work);
        telling.thread.start();
        return telling;
    }

    public void join() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        AssertionError failed = failure.get();
        if (failed != null) {
            throw failed;
        }
    }
}
