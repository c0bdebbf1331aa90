package io.odradek.broker.metadata;

import io.odradek.broker.quorum.QuorumHost;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two threads of a node's metadata: {@code metadata} runs the {@link QuorumHost}, {@code metadata-publisher} what follows from its
 * records on this node. Started and stopped by one thread.
 */
public final class MetadataLoop {

    private static final Logger LOG = LoggerFactory.getLogger(MetadataLoop.class);

    private final QuorumHost quorum;
    private final ControllerHost controller;
    private final ExecutorService publishing;
    private final Consumer<Throwable> onBroken;
    private final Thread thread;
    /** {@link #stop} has lost its patience: an interrupt is no accident. */
    private volatile boolean abandoned;

    /**
     * @param publishing the controller's; ends with the loop
     * @param onBroken told once when the loop ends otherwise than by {@link #stop}
     */
    public MetadataLoop(
            QuorumHost quorum, ControllerHost controller, ExecutorService publishing, Consumer<Throwable> onBroken) {
        this.quorum = quorum;
        this.controller = controller;
        this.publishing = publishing;
        this.onBroken = onBroken;
        this.thread = new Thread(this::run, "metadata");
    }

    /** What {@link ControllerHost} publishes on. */
    public static ExecutorService publisher() {
        return Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().name("metadata-publisher").unstarted(task));
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            quorum.run();
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            // Not only when the log fails: a loop whose state is in doubt must not decide anything more.
            if (!abandoned) {
                broken(e);
            }
        }
    }

    private void broken(Throwable cause) {
        LOG.error(
                "The metadata loop ends at offset {}; no request that changes metadata is served any more. Repair the"
                        + " cause and start the broker again",
                controller.image().lastOffset(),
                cause);
        onBroken.accept(cause);
    }

    /**
     * Ends both threads: requests are refused from now on, those that were taken are answered, leadership is handed over.
     *
     * @param timeoutMs for each of these: a disk that hangs, or a quorum without a majority, must not keep the process. What waits
     *     then is told that nobody knows what becomes of it
     */
    public void stop(long timeoutMs) throws InterruptedException {
        if (thread.getState() == Thread.State.NEW) {
            publishing.shutdownNow();
            return;
        }
        try {
            controller.drain().get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("The metadata log did not finish its appends in {} ms; stopping without it", timeoutMs);
        }
        quorum.handOver();
        quorum.close();
        if (!thread.join(Duration.ofMillis(timeoutMs))) {
            LOG.warn("The metadata loop did not end within {} ms; it is left where it is", timeoutMs);
            abandoned = true;
            thread.interrupt();
            thread.join(Duration.ofMillis(timeoutMs));
        }
        publishing.shutdown();
        if (!publishing.awaitTermination(timeoutMs, TimeUnit.MILLISECONDS)) {
            publishing.shutdownNow(); // whoever waits there is told by the interrupt
        }
    }
}
