package io.odradek.broker.metadata;

import io.odradek.broker.quorum.QuorumLog;
import io.odradek.broker.quorum.ReplicatedState;
import io.odradek.broker.quorum.SnapshotWriter;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.ControllerEffect;
import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.OthersAppended;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerEvent.TimePassed;
import io.odradek.replication.controller.ControllerMachine;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.ImageRecords;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's metadata on this node: folds what the quorum has committed into the {@link ClusterImage} that everyone reads, and, while
 * this node leads the quorum, has a {@link ControllerMachine} decide about requests.
 *
 * <pre>
 *   submit ──> inbox ──turn──> machine.step ──> QuorumLog
 *                                                  │ committed
 *              replies <── listeners <── image <── fold
 *            └────── publishing ──────┘     └── metadata loop
 * </pre>
 *
 * <p>The machine is made when this node begins to lead, and thrown away when it stops: what was decided and is not committed may or may
 * not come, and the next machine, here or elsewhere, begins with what did. A reply leaves when what it rests on is committed, folded, and
 * followed by the listeners of this node.
 *
 * <p>The metadata loop ({@link ReplicatedState}) never waits for a listener, which may wait for the disk: a leader that does is no leader
 * for long. Listeners and replies are {@code publishing}'s, a thread of its own or, in a simulator, the caller's.
 */
public final class ControllerHost implements ReplicatedState, ActiveController {

    private static final Logger LOG = LoggerFactory.getLogger(ControllerHost.class);

    /** Requests submitted and not yet answered; at the bound a submission is refused at once. Bounds the inbox, too. */
    private static final int MAX_UNANSWERED = 10_000;

    /** In a batch of a snapshot; a single larger one has a batch of its own. */
    private static final int SNAPSHOT_BATCH_BYTES = 256 << 10;

    /**
     * What does not change.
     *
     * @param features finalised levels for a new cluster
     * @param nodeId of this node, as the quorum knows it
     * @param snapshotBytes of records that a snapshot is taken after ({@code metadata.log.max.record.bytes.between.snapshots})
     * @param snapshotIntervalMs in which one is taken if there is anything new ({@code metadata.log.max.snapshot.interval.ms}); 0: never
     *     because of the time
     */
    public record Options(
            String clusterId,
            int nodeId,
            ControllerSettings settings,
            ConfigRules rules,
            SortedMap<String, Short> features,
            long snapshotBytes,
            long snapshotIntervalMs) {}

    private record Submitted<R extends ControllerReply>(ControllerRequest<R> request, ReplyTo<? super R> to) {}

    /** A request that the machine has, until its reply is released. */
    private record Pending<R extends ControllerReply>(Class<R> type, ReplyTo<? super R> to) {
        static <R extends ControllerReply> Pending<R> of(Submitted<R> submitted) {
            return new Pending<>(submitted.request().replyType(), submitted.to());
        }

        void reply(ControllerReply reply) {
            to.reply(type.cast(reply));
        }
    }

    /** This node's time as the active controller, in one epoch of the quorum. */
    private static final class Reign {
        private final int epoch;
        private ControllerMachine machine;
        /** Appends that are not known to be committed, and replies that stand behind them. */
        private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();

        private Reign(int epoch, ControllerMachine machine) {
            this.epoch = epoch;
            this.machine = machine;
        }
    }

    /** @param appends whether it is on its way to the log, or only waits for what is before it */
    private record InFlight(boolean appends, @Nullable Reply onceCommitted) {}

    /** @param values may be none: the reply waits for what is before it */
    private record Append(List<byte[]> values, @Nullable Reply onceCommitted) {}

    private final Options options;
    private final LongSupplier seeds;
    private final Executor publishing;
    private final ConcurrentLinkedQueue<Submitted<?>> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unanswered = new AtomicInteger();
    private final CompletableFuture<Void> upToDate = new CompletableFuture<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private @Nullable QuorumLog log;
    private volatile Consumer<Throwable> onBroken = cause -> {};

    /** As the listeners have it, or are about to. */
    private volatile ClusterImage image;
    /** Why requests are refused; null while they are not. */
    private volatile @Nullable String refusing;

    private volatile boolean ended;
    private volatile int leader = HardState.NOBODY;
    private volatile boolean active;

    // publishing's.
    private final List<ImageListener> listeners = new ArrayList<>();
    private boolean publishingIsBroken;

    private volatile long followedOffset = -1;

    // The loop's.
    private ClusterImage folded;
    private @Nullable Reign reign;
    private final Map<Long, Pending<?>> pending = new HashMap<>();
    private long nextRequestId;
    /** What was folded since the last snapshot. */
    private long newBytes;

    private long lastSnapshotMs;
    private boolean timeIsKnown;
    private boolean snapshotIsWanted;
    private final PatientClock clock;

    /**
     * @param seeds where topic ids and placements come from, e.g. a {@code SecureRandom}
     * @param publishing runs one task after the other, in order
     */
    public ControllerHost(Options options, LongSupplier seeds, Executor publishing) {
        this.options = options;
        this.seeds = seeds;
        this.publishing = publishing;
        this.clock = new PatientClock(options.settings().sessionMs() / 2);
        this.folded = ClusterImage.empty(options.clusterId());
        this.image = folded;
    }

    /** The log it decides for; once, before the loop's first turn. */
    public void decideFor(QuorumLog quorum) {
        log = quorum;
    }

    private QuorumLog log() {
        QuorumLog known = log;
        if (known == null) {
            throw new IllegalStateException("the controller has no log yet");
        }
        return known;
    }

    // ---- Any thread.

    /**
     * Shows the listener everything there is, as if it had just been created, and every change from then on.
     *
     * @return done when it has seen the first
     */
    public CompletableFuture<Void> addListener(ImageListener listener) {
        CompletableFuture<Void> shown = new CompletableFuture<>();
        publish(() -> {
            ClusterImage nothing = ClusterImage.empty(options.clusterId());
            listener.onImage(nothing, image, ImageDifference.between(nothing, image));
            listeners.add(listener);
            shown.complete(null);
        });
        return shown;
    }

    /** Told once when a listener has failed: what this node makes of the metadata is in doubt. Before the loop's first turn. */
    public void onBroken(Consumer<Throwable> listener) {
        onBroken = listener;
    }

    /** The committed metadata. */
    public ClusterImage image() {
        return image;
    }

    /** Up to where, inclusive, the listeners of this node have followed the metadata. */
    public long followedOffset() {
        return followedOffset;
    }

    /** Who leads the quorum, as far as this node knows; negative when nobody is known. */
    public int leader() {
        return leader;
    }

    /** Whether this node decides. By the time that is known, it may be otherwise. */
    public boolean isActive() {
        return active;
    }

    /** Done when the image is what it was for the cluster when this node came; exceptionally when it has failed before. */
    public CompletableFuture<Void> upToDateFuture() {
        return upToDate;
    }

    /** Replies come on {@code publishing}; what is refused at once is, on the caller's thread. */
    @Override
    public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
        String reason = refusing;
        if (reason == null && unanswered.incrementAndGet() > MAX_UNANSWERED) {
            answered();
            reason = MAX_UNANSWERED + " requests already wait for the controller";
        }
        if (reason != null) {
            to.failed(ControllerError.CONTROLLER_UNAVAILABLE, reason);
            return;
        }
        inbox.add(new Submitted<>(request, to));
        if (ended) {
            refuseInbox(); // the loop went between the first look and now
        } else {
            log().wake();
        }
    }

    /** From now on requests are refused; done when all that were taken before are answered. */
    public CompletableFuture<Void> drain() {
        refusing = "the broker is shutting down";
        if (unanswered.get() == 0) {
            drained.complete(null);
        }
        return drained;
    }

    private void answered() {
        if (unanswered.decrementAndGet() == 0 && refusing != null) {
            drained.complete(null);
        }
    }

    private void refuseInbox() {
        for (Submitted<?> next = inbox.poll(); next != null; next = inbox.poll()) {
            answered();
            next.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, String.valueOf(refusing));
        }
    }

    // ---- The loop: requests.

    @Override
    public long turn(long nowMs) {
        for (Submitted<?> next = inbox.poll(); next != null; next = inbox.poll()) {
            onRequest(next);
        }
        long machineMs = tellTime(nowMs);
        return Math.min(machineMs, askForSnapshot(nowMs));
    }

    /** @return when the machine wants to be told again: behind the requests, for a heartbeat counts from the next time on */
    private long tellTime(long nowMs) {
        long shownMs = clock.at(nowMs);
        Reign now = reign;
        if (now == null) {
            return clock.whenAt(Long.MAX_VALUE);
        }
        if (now.machine.deadlineMs() <= shownMs) {
            carryOut(now, now.machine.step(new TimePassed(shownMs)), "what follows from the time");
        }
        return clock.whenAt(now.machine.deadlineMs());
    }

    private <R extends ControllerReply> void onRequest(Submitted<R> submitted) {
        Reign now = reign;
        if (now == null) {
            answer(submitted.to(), ControllerError.NOT_CONTROLLER, notActive());
            return;
        }
        long requestId = nextRequestId++;
        pending.put(requestId, Pending.of(submitted));
        ClusterImage before = now.machine.image();
        List<ControllerEffect> effects =
                now.machine.step(new Requested(requestId, submitted.request(), seeds.getAsLong()));
        List<Append> appends = encoded(effects);
        if (appends == null) {
            // It has decided what cannot be said. What it had decided before stands.
            now.machine = machine(before);
            pending.remove(requestId);
            answer(
                    submitted.to(),
                    ControllerError.INVALID_REQUEST,
                    "the request makes more than " + QuorumLog.MOST_BATCH_BYTES + " bytes of metadata at once");
            return;
        }
        carryOut(now, appends);
    }

    private String notActive() {
        return leader == HardState.NOBODY
                ? "no active controller is known"
                : "the active controller is on node " + leader;
    }

    private ControllerMachine machine(ClusterImage from) {
        return new ControllerMachine(from, options.settings(), options.rules());
    }

    /** What is to be appended, in turn; null when something is larger than a batch may be and has to be in one. */
    private static @Nullable List<Append> encoded(List<ControllerEffect> effects) {
        List<Append> appends = new ArrayList<>(effects.size());
        for (ControllerEffect effect : effects) {
            switch (effect) {
                case AppendRecords(List<MetadataRecord> records, boolean atomic, Reply reply) -> {
                    List<List<byte[]>> batches = batches(records, QuorumLog.MOST_BATCH_BYTES);
                    if (atomic && batches.size() > 1) {
                        return null;
                    }
                    for (int i = 0; i < batches.size(); i++) {
                        appends.add(new Append(batches.get(i), i == batches.size() - 1 ? reply : null));
                    }
                }
            }
        }
        return appends;
    }

    /**
     * One at least.
     *
     * @param mostBytes of each; a single larger record has a batch of its own
     */
    private static List<List<byte[]>> batches(List<MetadataRecord> records, long mostBytes) {
        List<List<byte[]>> batches = new ArrayList<>();
        batches.add(new ArrayList<>());
        long bytes = 0;
        for (MetadataRecord record : records) {
            byte[] value = MetadataRecordCodec.encode(record);
            if (bytes > 0 && bytes + value.length > mostBytes) {
                batches.add(new ArrayList<>());
                bytes = 0;
            }
            batches.getLast().add(value);
            bytes += value.length;
        }
        return batches;
    }

    /** What nobody asked for, and so nobody can be told that it does not fit. */
    private void carryOut(Reign of, List<ControllerEffect> effects, String what) {
        List<Append> appends = encoded(effects);
        if (appends == null) {
            throw new IllegalStateException(what + " does not fit into a batch");
        }
        carryOut(of, appends);
    }

    private void carryOut(Reign of, List<Append> appends) {
        appends.forEach(each -> append(of, each.values(), each.onceCommitted()));
    }

    private void append(Reign of, List<byte[]> values, @Nullable Reply onceCommitted) {
        if (values.isEmpty() && of.inFlight.isEmpty()) {
            release(onceCommitted);
            return;
        }
        of.inFlight.add(new InFlight(!values.isEmpty(), onceCommitted));
        if (values.isEmpty()) {
            return; // released with what is before it
        }
        log().appendInTurn(of.epoch, values, new QuorumLog.Appended() {
            @Override
            public void committed(long baseOffset) {
                if (reign == of) { // else whoever waited was told that nobody knows
                    release(of.inFlight.remove().onceCommitted());
                    releaseWhatWaitsForNothing(of);
                }
            }

            @Override
            public void failed(boolean mayBeCommitted) {
                if (reign == of) {
                    resign("what was decided was not appended");
                }
            }
        });
    }

    private void releaseWhatWaitsForNothing(Reign of) {
        while (!of.inFlight.isEmpty() && !of.inFlight.element().appends()) {
            release(of.inFlight.remove().onceCommitted());
        }
    }

    private void release(@Nullable Reply reply) {
        if (reply == null) {
            return;
        }
        Pending<?> to = pending.remove(reply.requestId());
        if (to == null) {
            throw new IllegalStateException("request " + reply.requestId() + " is answered twice");
        }
        publishing.execute(() -> {
            answered();
            if (publishingIsBroken) { // the listeners have not followed, and never will
                to.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, String.valueOf(refusing));
            } else {
                to.reply(reply.body());
            }
        });
    }

    private void answer(ReplyTo<?> to, ControllerError error, String message) {
        publishing.execute(() -> {
            answered();
            to.failed(error, message);
        });
    }

    // ---- The loop: who leads.

    @Override
    public void leads(int epoch, long from) {
        // The record that opens the reign is none of the controller's, and the next one follows it.
        Reign begun = new Reign(epoch, machine(folded.at(from - 1)));
        reign = begun;
        active = true;
        leader = options.nodeId();
        carryOut(begun, begun.machine.step(new BecameActive(options.features())), "what a controller begins with");
    }

    @Override
    public void follows(int epoch, int newLeader) {
        leader = newLeader;
        resign("the controller of this node is not active any more; epoch " + epoch + " began");
    }

    /** What waits may be carried out or not: only the log will say. */
    private void resign(String why) {
        reign = null;
        active = false;
        pending.values().forEach(each -> answer(each.to(), ControllerError.CONTROLLER_UNAVAILABLE, why));
        pending.clear();
    }

    @Override
    public void upToDate() {
        publish(() -> upToDate.complete(null)); // behind the images
    }

    @Override
    public void ended(@Nullable Throwable cause) {
        if (cause != null || refusing == null) {
            refusing = "the metadata loop has stopped" + (cause == null ? "" : ": " + cause);
        }
        ended = true;
        reign = null;
        active = false;
        for (Pending<?> each : pending.values()) { // here, for publishing may have ended, or hang
            answered();
            each.to().failed(ControllerError.CONTROLLER_UNAVAILABLE, String.valueOf(refusing));
        }
        pending.clear();
        upToDate.completeExceptionally(cause != null ? cause : new IOException(String.valueOf(refusing)));
        refuseInbox();
    }

    @Override
    public void othersAppended(long lastOffset) {
        Reign now = reign;
        if (now != null) {
            now.machine.step(new OthersAppended(lastOffset));
        }
    }

    // ---- The loop: folding.

    @Override
    public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {
        for (ByteBuffer value : values) {
            newBytes += value.remaining();
        }
        ClusterImage.Step step = folded.apply(baseOffset, decoded(baseOffset, values));
        folded = step.after();
        publish(step.after(), step.delta());
    }

    @Override
    public void passed(long lastOffset) {
        folded = folded.at(lastOffset);
        ClusterImage after = folded;
        publish(() -> {
            image = after;
            followedOffset = lastOffset;
        });
    }

    private static List<MetadataRecord> decoded(long baseOffset, List<ByteBuffer> values) {
        List<MetadataRecord> records = new ArrayList<>(values.size());
        for (ByteBuffer value : values) {
            try {
                records.add(MetadataRecordCodec.decode(value));
            } catch (MetadataFormatException e) {
                throw new MetadataFormatException("__cluster_metadata-0, record at offset "
                        + (baseOffset + records.size()) + ": " + e.getMessage());
            }
        }
        return records;
    }

    @Override
    public void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException {
        ClusterImage[] restored = {ClusterImage.empty(options.clusterId())};
        batches.forEach(values -> {
            long next = restored[0].lastOffset() + 1; // within the snapshot
            restored[0] = restored[0].apply(next, decoded(next, values)).after();
        });
        folded = restored[0].at(snapshot.offset() - 1);
        newBytes = 0;
        timeIsKnown = false;
        publish(folded, null);
    }

    // ---- The loop: snapshots.

    /** @return when it wants to look again, for one */
    private long askForSnapshot(long nowMs) {
        if (!timeIsKnown) {
            timeIsKnown = true;
            lastSnapshotMs = nowMs;
        }
        if (newBytes == 0 || snapshotIsWanted) {
            return Long.MAX_VALUE;
        }
        long dueMs = options.snapshotIntervalMs() == 0 ? Long.MAX_VALUE : lastSnapshotMs + options.snapshotIntervalMs();
        if (newBytes >= options.snapshotBytes() || nowMs >= dueMs) {
            snapshotIsWanted = true;
            log().wantSnapshot();
        }
        return dueMs;
    }

    @Override
    public void snapshot(SnapshotWriter writer) throws IOException {
        List<MetadataRecord> records = new ArrayList<>();
        ImageRecords.forEach(folded, records::add);
        for (List<byte[]> batch : batches(records, SNAPSHOT_BATCH_BYTES)) {
            if (!batch.isEmpty()) {
                writer.append(batch);
            }
        }
        newBytes = 0;
        timeIsKnown = false; // this one counts from the next turn on
        snapshotIsWanted = false;
    }

    // ---- Publishing.

    /** @param delta null: it has to be found out */
    private void publish(ClusterImage after, @Nullable ClusterDelta delta) {
        publish(() -> {
            ClusterImage before = image;
            image = after;
            if (!listeners.isEmpty()) {
                ClusterDelta changes = delta != null ? delta : ImageDifference.between(before, after);
                for (ImageListener listener : listeners) {
                    listener.onImage(before, after, changes);
                }
            }
            followedOffset = after.lastOffset();
        });
    }

    /** After a task that fails none is run any more: what listeners made of the metadata is in doubt. */
    private void publish(Runnable task) {
        publishing.execute(() -> {
            if (publishingIsBroken) {
                return;
            }
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                publishingIsBroken = true;
                upToDate.completeExceptionally(e);
                refusing = "this node could not follow the metadata: " + e;
                LOG.error(
                        "What was committed up to offset {} could not be followed; nothing that changes metadata is"
                                + " answered any more. Repair the cause and start the broker again",
                        image.lastOffset(),
                        e);
                onBroken.accept(e);
            }
        });
    }
}
