package io.odradek.spec.cluster;

import io.odradek.broker.net.RequestRouter;
import org.jspecify.annotations.Nullable;

/** Something that runs, stops, and is started again; the same one, in another life. */
interface Machine {

    /** Unique among machines, 0 or more. */
    int id();

    boolean isUp();

    /** Another number after each start and each end. */
    long life();

    /** What it answers at a port; null while nobody listens there. */
    @Nullable
    RequestRouter listensAt(int port);

    /** Runs a task as one of its threads: not while it stands still, and not in another life than {@code life}. */
    void run(long life, Runnable task);
}
