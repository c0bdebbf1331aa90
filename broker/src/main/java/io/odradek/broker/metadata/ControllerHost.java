package io.odradek.broker.metadata;

import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.ControllerEffect;
import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerMachine;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.TopicImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata loop: one thread that feeds requests to the {@link ControllerMachine}, appends what it decides, folds what became
 * durable into the {@link ClusterImage} that everyone reads, tells the listeners, and only then releases the replies.
 *
 * <pre>
 *   submit ──> inbox ──> machine.step ──> MetadataLog.append
 *                                              │ durable, on the log's thread
 *              replies <── listeners <── image <── inbox
 * </pre>
 *
 * When the log fails, what was asked of it may or may not be on disk: every waiting request is answered
 * CONTROLLER_UNAVAILABLE, and so is every later one, until the process is started again and reads what is there.
 */
public final class ControllerHost {

    private static final Logger LOG = LoggerFactory.getLogger(ControllerHost.class);

    /** Requests submitted and not yet answered; at the bound a submission is refused at once. Bounds the inbox, too. */
    private static final int MAX_UNANSWERED = 10_000;

    /** Where a reply goes; exactly one method is called, once, by the metadata loop or, refused at once, by the submitter. */
    public interface ReplyTo<R> {

        void reply(R reply);

        /** The request may or may not have been carried out. */
        void failed(ControllerError error, String message);
    }

    private sealed interface Input {
        record Submitted(ControllerRequest<?> request, PendingReply<?> to) implements Input {}

        record Durable(long baseOffset) implements Input {}

        record Failed(Throwable cause) implements Input {}

        record Stop() implements Input {}
    }

    private record PendingReply<R extends ControllerReply>(Class<R> type, ReplyTo<? super R> to) {
        void reply(ControllerReply reply) {
            to.reply(type.cast(reply));
        }
    }

    /** An append on its way to the disk. */
    private record InFlight(
            List<MetadataRecord> records, @Nullable Reply onceCommitted) {}

    private final MetadataLog log;
    private final LongSupplier seeds;
    private final LinkedBlockingQueue<Input> inbox = new LinkedBlockingQueue<>();
    private final AtomicInteger unanswered = new AtomicInteger();
    private final List<ImageListener> listeners = new CopyOnWriteArrayList<>();
    private final Thread loop;
    private volatile Consumer<Throwable> onBroken = cause -> {};

    private volatile ClusterImage image;
    /** Why requests are refused; null while they are not. */
    private volatile @Nullable String refusing;

    private volatile boolean ended;
    /** {@link #stop} has lost its patience: an interrupt is no accident. */
    private volatile boolean abandoned;

    // Confined to the loop, once it runs.
    private final ControllerMachine machine;
    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private final Map<Long, PendingReply<?>> pending = new HashMap<>();
    private long nextRequestId;

    private ControllerHost(
            MetadataLog log,
            ClusterImage replayed,
            ControllerSettings settings,
            ConfigRules rules,
            LongSupplier seeds) {
        this.log = log;
        this.seeds = seeds;
        this.image = replayed;
        this.machine = new ControllerMachine(replayed, settings, rules);
        this.loop = new Thread(this::run, "metadata");
    }

    /**
     * Reads the whole log and prepares the loop; {@link #start} runs it.
     *
     * @param seeds where topic ids and placements come from, e.g. a {@code SecureRandom}
     * @throws MetadataFormatException when the log holds what this version does not understand
     * @throws IOException when the log can't be read
     */
    public static ControllerHost open(
            String clusterId, MetadataLog log, ControllerSettings settings, ConfigRules rules, LongSupplier seeds)
            throws IOException {
        Replay replay = new Replay(ClusterImage.empty(clusterId));
        log.replay(replay);
        return new ControllerHost(log, replay.image, settings, rules, seeds);
    }

    private static final class Replay implements MetadataLog.Visitor {
        private ClusterImage image;

        Replay(ClusterImage empty) {
            this.image = empty;
        }

        @Override
        public void batch(long baseOffset, List<ByteBuffer> values) {
            List<MetadataRecord> records = new ArrayList<>(values.size());
            for (ByteBuffer value : values) {
                try {
                    records.add(MetadataRecordCodec.decode(value));
                } catch (MetadataFormatException e) {
                    throw new MetadataFormatException("__cluster_metadata-0, record at offset "
                            + (baseOffset + records.size()) + ": " + e.getMessage());
                }
            }
            image = image.apply(baseOffset, records).after();
        }
    }

    /** Shows the listener everything there is, as if it had just been created, and every change from {@link #start} on. */
    public void addListener(ImageListener listener) {
        List<TopicImage> topics = new ArrayList<>();
        image.topicsByName().values().forEach(topics::add);
        TreeSet<ConfigResource> configs = new TreeSet<>();
        image.configs().forEach(entry -> configs.add(entry.getKey()));
        TreeSet<Integer> brokers = new TreeSet<>();
        image.brokers().forEach(entry -> brokers.add(entry.getKey()));
        ClusterImage nothing = ClusterImage.empty(image.clusterId());
        listener.onImage(nothing, image, new ClusterDelta(topics, List.of(), List.of(), configs, brokers));
        listeners.add(listener);
    }

    /** Told once when the loop ends otherwise than by {@link #stop}; on the metadata thread. Before {@link #start}. */
    public void onBroken(Consumer<Throwable> listener) {
        onBroken = listener;
    }

    /**
     * Starts the loop; an empty log gets its first records.
     *
     * @param features finalised levels for a new cluster
     */
    public void start(SortedMap<String, Short> features) {
        carryOut(machine.step(new BecameActive(features)));
        loop.start();
    }

    /** The committed metadata. Any thread. */
    public ClusterImage image() {
        return image;
    }

    /** Any thread; never blocks. */
    public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
        String reason = refusing;
        if (reason == null && unanswered.incrementAndGet() > MAX_UNANSWERED) {
            unanswered.decrementAndGet();
            reason = MAX_UNANSWERED + " requests already wait for the controller";
        }
        if (reason != null) {
            to.failed(ControllerError.CONTROLLER_UNAVAILABLE, reason);
            return;
        }
        inbox.add(new Input.Submitted(request, new PendingReply<>(request.replyType(), to)));
        if (ended) {
            refuseInbox(); // the loop went between the first look and now
        }
    }

    private void run() {
        Throwable broken = null;
        boolean stopping = false;
        try {
            while (!stopping || !inFlight.isEmpty()) {
                switch (inbox.take()) {
                    case Input.Submitted(ControllerRequest<?> request, PendingReply<?> to) -> onRequest(request, to);
                    case Input.Durable(long baseOffset) -> onDurable(baseOffset);
                    case Input.Failed(Throwable cause) -> throw new IOException("the metadata log failed", cause);
                    case Input.Stop() -> {
                        stopping = true;
                        refusing = "the broker is shutting down";
                    }
                }
            }
        } catch (InterruptedException e) {
            if (!stopping && !abandoned) {
                broken = e;
            }
            if (!stopping) {
                refusing = "the broker is shutting down";
            }
        } catch (IOException | RuntimeException | Error e) {
            // Not only when the log fails: a loop whose state is in doubt must not decide anything more.
            broken = e;
            LOG.error(
                    "The metadata loop ends at offset {}; no request that changes metadata is served any more. Repair"
                            + " the cause and start the broker again",
                    image.lastOffset(),
                    e);
        }
        if (broken != null) {
            refusing = "the metadata loop has stopped: " + broken;
        }
        ended = true;
        String reason = String.valueOf(refusing);
        for (PendingReply<?> reply : pending.values()) {
            unanswered.decrementAndGet();
            reply.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, reason);
        }
        pending.clear();
        refuseInbox();
        if (broken != null) {
            onBroken.accept(broken);
        }
    }

    private void refuseInbox() {
        for (Input input = inbox.poll(); input != null; input = inbox.poll()) {
            if (input instanceof Input.Submitted(ControllerRequest<?> _, PendingReply<?> to)) {
                unanswered.decrementAndGet();
                to.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, String.valueOf(refusing));
            }
        }
    }

    private void onRequest(ControllerRequest<?> request, PendingReply<?> to) {
        String reason = refusing;
        if (reason != null) {
            unanswered.decrementAndGet();
            to.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, reason);
            return;
        }
        long requestId = nextRequestId++;
        pending.put(requestId, to);
        carryOut(machine.step(new Requested(requestId, request, seeds.getAsLong())));
    }

    private void carryOut(List<ControllerEffect> effects) {
        for (ControllerEffect effect : effects) {
            switch (effect) {
                case AppendRecords(List<MetadataRecord> records, Reply reply) -> append(records, reply);
            }
        }
    }

    private void append(List<MetadataRecord> records, @Nullable Reply onceCommitted) {
        if (records.isEmpty() && inFlight.isEmpty()) {
            release(onceCommitted);
            return;
        }
        inFlight.add(new InFlight(records, onceCommitted));
        if (records.isEmpty()) {
            return; // released with what is before it
        }
        List<byte[]> values = new ArrayList<>(records.size());
        for (MetadataRecord record : records) {
            values.add(MetadataRecordCodec.encode(record));
        }
        log.append(values, new MetadataLog.Completion() {
            @Override
            public void durable(long baseOffset) {
                inbox.add(new Input.Durable(baseOffset));
            }

            @Override
            public void failed(Throwable cause) {
                inbox.add(new Input.Failed(cause));
            }
        });
    }

    private void onDurable(long baseOffset) {
        InFlight committed = inFlight.remove();
        ClusterImage.Step step = image.apply(baseOffset, committed.records());
        image = step.after();
        for (ImageListener listener : listeners) {
            listener.onImage(step.before(), step.after(), step.delta());
        }
        release(committed.onceCommitted());
        while (!inFlight.isEmpty() && inFlight.element().records().isEmpty()) {
            release(inFlight.remove().onceCommitted());
        }
    }

    private void release(@Nullable Reply reply) {
        if (reply != null) {
            PendingReply<?> to = pending.remove(reply.requestId());
            if (to == null) {
                throw new IllegalStateException("request " + reply.requestId() + " is answered twice");
            }
            unanswered.decrementAndGet();
            to.reply(reply.body());
        }
    }

    /**
     * Ends the loop when the appends in flight are done; requests that are not decided yet are refused. Close the log after this.
     *
     * @param timeoutMs a disk that hangs must not keep the process: after this, what is in flight is answered
     *     CONTROLLER_UNAVAILABLE
     */
    public void stop(long timeoutMs) throws InterruptedException {
        if (loop.getState() == Thread.State.NEW) {
            return;
        }
        inbox.add(new Input.Stop());
        if (!loop.join(Duration.ofMillis(timeoutMs))) {
            LOG.warn("The metadata log did not finish its appends in {} ms; stopping without it", timeoutMs);
            abandoned = true;
            loop.interrupt();
            loop.join();
        }
    }
}
