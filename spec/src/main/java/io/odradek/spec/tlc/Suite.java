package io.odradek.spec.tlc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs tasks side by side, those that take longest first. */
final class Suite implements AutoCloseable {
    private final TlcJvm jvms;
    private final Optional<StoredTraces> traces;
    private final ExecutorService lanes;

    /**
     * @param traces what the stored traces of mutants are held against; empty when they are written anew
     * @param sideBySide how many JVMs there are at once; each wants a processor
     */
    Suite(TlcJvm jvms, Optional<StoredTraces> traces, int sideBySide) {
        this.jvms = jvms;
        this.traces = traces;
        lanes = Executors.newFixedThreadPool(sideBySide);
    }

    /** @param complaints as of {@link Task#complaints}; when there are none, as of {@link StoredTraces} */
    record Outcome(Task task, TlcJvm.Named named, List<String> complaints) {
        boolean isRight() {
            return complaints.isEmpty();
        }

        TlcResult result() {
            return named.ran().result();
        }

        double seconds() {
            return named.ran().took().toMillis() / 1000.0;
        }
    }

    /** Hears of what happens, on the threads that run the tasks. */
    interface Listener {
        Listener NONE = new Listener() {};

        default void at(Task task, long distinct, long queued, double seconds) {}

        default void ended(Outcome outcome) {}
    }

    /** A task that was begun. */
    record Begun(Task task, Future<Outcome> future) {
        Outcome outcome() throws IOException, InterruptedException {
            try {
                return future.get();
            } catch (ExecutionException e) {
                throw new IOException(task.name() + " could not be run", e.getCause());
            }
        }
    }

    /** In the order of the tasks. */
    List<Begun> begin(List<Task> tasks, Listener listener) {
        List<Task> longestFirst = new ArrayList<>(tasks);
        longestFirst.sort(
                Comparator.comparingInt((Task task) -> task.check().resources().limitSeconds())
                        .reversed());
        List<Begun> begun = new ArrayList<>();
        for (Task task : longestFirst) {
            Callable<Outcome> run = () -> run(task, listener);
            begun.add(new Begun(task, lanes.submit(run)));
        }
        begun.sort(Comparator.comparingInt(one -> tasks.indexOf(one.task())));
        return begun;
    }

    private Outcome run(Task task, Listener listener) throws IOException, InterruptedException {
        long began = System.nanoTime();
        TlcJvm.Named named = jvms.runAndName(
                task.check(),
                (distinct, queued) -> listener.at(task, distinct, queued, (System.nanoTime() - began) / 1e9));
        List<String> complaints = new ArrayList<>(task.complaints(named));
        if (complaints.isEmpty() && traces.isPresent()) {
            complaints.addAll(traces.get().complaints(task, named));
        }
        Outcome outcome = new Outcome(task, named, complaints);
        listener.ended(outcome);
        return outcome;
    }

    /** Ends what still runs. */
    @Override
    public void close() {
        lanes.shutdownNow();
    }
}
