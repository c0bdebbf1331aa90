package io.odradek.broker.request;

import io.odradek.broker.net.Connection;

/** A connection that stays open, on whose loop every thread is; its timers never fire. */
public class IdleConnection implements Connection {
    @Override
    public String id() {
        return "test";
    }

    @Override
    public void stopReading() {}

    @Override
    public void resumeReading() {}

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        return () -> {};
    }

    @Override
    public void onClose(Runnable task) {}
}
