package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A connection whose network loop is one thread. */
final class TestConnection implements Connection, AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String id = "test-" + NUMBER.incrementAndGet();
    private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name(id).daemon(true).factory());
    private final List<Runnable> whenClosed = new ArrayList<>();
    final AtomicInteger stops = new AtomicInteger();
    final AtomicInteger resumes = new AtomicInteger();

    @Override
    public String id() {
        return id;
    }

    @Override
    public void stopReading() {
        stops.incrementAndGet();
    }

    @Override
    public void resumeReading() {
        resumes.incrementAndGet();
    }

    boolean isReading() {
        return stops.get() == resumes.get();
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        ScheduledFuture<?> scheduled = loop.schedule(task, delayMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void onClose(Runnable task) {
        loop.execute(() -> whenClosed.add(task));
    }

    @Override
    public void close() {
        loop.execute(() -> whenClosed.forEach(Runnable::run));
        loop.shutdown();
    }
}
