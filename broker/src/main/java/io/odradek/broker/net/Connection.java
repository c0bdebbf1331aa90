package io.odradek.broker.net;

/** What a handler may do to the connection its request came in on. Any thread. */
public interface Connection {

    /** Unique in this process. */
    String id();

    /** Stops reading until {@link #resumeReading()}; calls count, so each stop needs its resume. */
    void stopReading();

    void resumeReading();

    /** Runs on the connection's network loop. */
    void execute(Runnable task);

    /** Runs on the connection's network loop after {@code delayMs}, unless cancelled; the handle cancels. */
    Timer schedule(long delayMs, Runnable task);

    /** Runs when the connection is closed, or at once when it already is; on the network loop. */
    void onClose(Runnable task);

    /** A scheduled task. */
    interface Timer {
        void cancel();
    }
}
