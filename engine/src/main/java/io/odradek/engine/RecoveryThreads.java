package io.odradek.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Does something for each of many logs, several at a time; the calling thread takes part. */
final class RecoveryThreads {
    interface Task {
        /** @param n from 0; each once */
        void run(int n) throws IOException;
    }

    private RecoveryThreads() {}

    /**
     * Returns when all are done.
     *
     * @throws IOException the first that a task has thrown; the others were run all the same
     */
    static void each(int count, int threads, Task task) throws IOException {
        AtomicInteger next = new AtomicInteger();
        ConcurrentLinkedQueue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        Runnable worker = () -> {
            for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                try {
                    task.run(n);
                } catch (IOException | RuntimeException | Error e) {
                    thrown.add(e);
                }
            }
        };
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < Math.min(threads, count); i++) {
            others.add(Thread.ofPlatform().name("log-recovery-" + i).start(worker));
        }
        worker.run();
        for (Thread other : others) {
            try {
                other.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while logs were recovered", e);
            }
        }
        switch (thrown.peek()) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }
}
