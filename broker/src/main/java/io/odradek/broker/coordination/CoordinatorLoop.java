package io.odradek.broker.coordination;

import io.odradek.broker.coordination.CoordinatorHost.Ask;
import io.odradek.broker.coordination.OffsetsLog.KeyValue;
import io.odradek.broker.coordination.OffsetsLog.Outcome;
import io.odradek.coordinator.group.GroupCounts;
import io.odradek.coordinator.group.GroupEffect;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupMachine;
import io.odradek.coordinator.group.GroupRecord;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.coordinator.group.GroupState;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jctools.queues.atomic.MpscAtomicArrayQueue;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that owns the machines of some partitions of {@code __consumer_offsets}.
 *
 * <p>Each pass takes what is in the inbox, then lets time pass, then hands what was decided to the log: everything decided
 * in one pass for one partition goes as one batch, so commits share batches as load rises. With nothing to do it sleeps
 * until the next deadline.
 *
 * <pre>
 *                                                              records replayed
 *             becomeLeader            appends drained          and committed
 *   Absent ───────────────▶ Draining ────────────────▶ Loading ────────────────▶ Active
 *      ▲                       ▲                        ▲   │ unreadable            │  │
 *      │ resign                │             some later │   ▼                       │  │ fault
 *      └───────────── any      │                       Unreadable                   │  ▼
 *                              └──────────── an append's end unknown ───────────────┘ Faulty
 * </pre>
 *
 * What can't be read is tried again, after a second at first and five minutes at last: a disk may have been busy, a record
 * that is malformed stays so. A machine that broke its own rules stays away until this broker leads the partition anew: the
 * same records would lead it there again.
 *
 * Whoever may not act as the partition's leader answers nobody out of the machine: another coordinator may have promised other things meanwhile.
 * When its lease is renewed, and nobody else has led, the machine goes on.
 *
 * A machine is loaded only when no append of its predecessor is under way: else a batch could enter the log behind what was
 * read, and memory and log would disagree.
 */
final class CoordinatorLoop implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorLoop.class);

    /** Requests that may wait for a pass; beyond that clients are told to try again. */
    static final int INBOX_SIZE = 64 * 1024;

    /** Taken from the inbox before time passes and batches leave. */
    private static final int PASS_SIZE = 4_096;

    /** More do not make the log faster, they only make batches smaller. */
    private static final int BATCHES_IN_FLIGHT = 8;

    /** Records decided and not yet in the log, per partition; beyond that requests to it are told to try again. */
    private static final long PENDING_BYTES_MAX = 32L << 20;

    /** What a record takes in a batch beside its key and value, at most: see the varints of record format v2. */
    private static final int RECORD_OVERHEAD_BYTES = 32;

    private static final int BATCH_OVERHEAD_BYTES = 61;

    /** Until it is asked again whether what was read is committed. */
    private static final long RETRY_COMMITTED_MS = 100;

    /** Until a log that could not be read is read again; doubles up to the second. */
    private static final long RETRY_FIRST_MS = 1_000;

    private static final long RETRY_LAST_MS = 300_000;

    private sealed interface Message {
        record Asked(int partition, Ask ask, Consumer<GroupReply> answer) implements Message {}

        record AskedAll(Ask ask, Consumer<List<GroupReply>> answer) implements Message {}

        record LeadershipGained(int partition, int leaderEpoch) implements Message {}

        record LeadershipLost(int partition, int leaderEpoch) implements Message {}

        record MachineLoaded(int partition, long incarnation, GroupMachine machine) implements Message {}

        record LoadCommitted(int partition, long incarnation, Outcome outcome) implements Message {}

        record LoadFailed(int partition, long incarnation, Exception cause) implements Message {}

        record BatchEnded(int partition, Batch batch, Outcome outcome) implements Message {}

        record Counted(Consumer<GroupCounts> answer) implements Message {}

        record TopicsGone(Set<String> topics) implements Message {}

        record Poked() implements Message {}
    }

    /** Appends of the machine that went to the log together. */
    private static final class Batch {
        final long incarnation;
        final List<Long> appendIds = new ArrayList<>();
        final List<KeyValue> records = new ArrayList<>();
        int sizeBytes = BATCH_OVERHEAD_BYTES;

        @Nullable
        Outcome outcome;

        Batch(long incarnation) {
            this.incarnation = incarnation;
        }
    }

    private enum Phase {
        ABSENT,
        DRAINING,
        LOADING,
        ACTIVE,
        UNREADABLE,
        FAULTY
    }

    private record Pending(long appendId, List<KeyValue> records, int sizeBytes) {}

    /** One partition. The machine is there exactly in phase ACTIVE. */
    private static final class Slot {
        final int partition;
        Phase phase = Phase.ABSENT;
        int leaderEpoch = -1;
        /** Counts machines, so that news of an earlier one is told apart. */
        long incarnation;

        @Nullable
        GroupMachine machine;

        /** In phase LOADING, once the log is read and until that is committed. */
        @Nullable
        GroupMachine read;

        final Map<Long, Consumer<GroupReply>> waiting = new HashMap<>();
        final ArrayDeque<Pending> pending = new ArrayDeque<>();
        long pendingBytes;
        final ArrayDeque<Batch> sent = new ArrayDeque<>();
        /** When the log is read again, in phase UNREADABLE, or asked whether that is committed, in LOADING; never, when it is not to be. */
        long retryAtMs = Long.MAX_VALUE;

        /** How long it was waited for a log that could not be read. */
        long retryDelayMs;
        /** The topics there were when the last machine was gone, or before the first: no commit has been accepted since. */
        Predicate<String> topicsThen = topic -> true;
        /** Those deleted since, also if they have been made again: the new ones have no offsets. */
        final Set<String> deletedSince = new HashSet<>();

        Slot(int partition) {
            this.partition = partition;
        }
    }

    private final GroupSettings settings;
    private final OffsetsLog log;
    private final Supplier<Predicate<String>> topics;
    private final LongSupplier clockMs;
    private final Executor loader;
    private final Thread thread;
    private final MpscAtomicArrayQueue<Message> requests = new MpscAtomicArrayQueue<>(INBOX_SIZE);
    /** News that must not be lost; as many as there are partitions and batches in flight. */
    private final MpscUnboundedAtomicArrayQueue<Message> news = new MpscUnboundedAtomicArrayQueue<>(1024);

    private final Map<Integer, Slot> slots = new HashMap<>();
    private long requestIds;
    private volatile boolean sleeping;
    private volatile boolean stopping;

    /** @param topics whether a topic of that name exists, as it is when asked for: see {@link OffsetsTopic#topicsNow} */
    CoordinatorLoop(
            String name,
            GroupSettings settings,
            OffsetsLog log,
            Supplier<Predicate<String>> topics,
            LongSupplier clockMs,
            Executor loader) {
        this.settings = settings;
        this.log = log;
        this.topics = topics;
        this.clockMs = clockMs;
        this.loader = loader;
        this.thread = new Thread(this, name);
    }

    // ---- from any thread

    void start() {
        thread.start();
    }

    /** Everyone waiting is turned away; later requests find nobody. */
    void stop() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    void ask(int partition, Ask ask, Consumer<GroupReply> answer) {
        if (stopping) {
            answer.accept(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE));
        } else if (requests.offer(new Message.Asked(partition, ask, answer))) {
            wake();
        } else {
            answer.accept(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE));
        }
    }

    /** One reply for each partition led here. */
    void askAll(Ask ask, Consumer<List<GroupReply>> answer) {
        if (!stopping && requests.offer(new Message.AskedAll(ask, answer))) {
            wake();
        } else {
            answer.accept(List.of(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE)));
        }
    }

    void becomeLeader(int partition, int leaderEpoch) {
        tell(new Message.LeadershipGained(partition, leaderEpoch));
    }

    void resign(int partition, int leaderEpoch) {
        tell(new Message.LeadershipLost(partition, leaderEpoch));
    }

    void topicsDeleted(Set<String> topics) {
        tell(new Message.TopicsGone(topics));
    }

    /** Counts what the machines here have; nobody answers once the loop has stopped. */
    void count(Consumer<GroupCounts> answer) {
        tell(new Message.Counted(answer));
    }

    /** Has the clock read again. */
    void poke() {
        tell(new Message.Poked());
    }

    private void tell(Message message) {
        news.offer(message);
        wake();
    }

    private void wake() {
        // The message must be visible before we look whether the loop sleeps; the loop says so before it looks for
        // messages.
        VarHandle.fullFence();
        if (sleeping) {
            LockSupport.unpark(thread);
        }
    }

    // ---- the loop

    @Override
    public void run() {
        while (!stopping) {
            if (!turn()) {
                sleep();
            }
        }
        slots.values().forEach(slot -> unload(slot, Phase.ABSENT));
        turnAwayTheRest();
    }

    /** One pass; whether there was anything to take. By the loop's thread, or by whoever drives a loop that was not started. */
    boolean turn() {
        int taken = drain();
        timePasses();
        for (Slot slot : slots.values()) {
            send(slot);
        }
        return taken > 0;
    }

    private int drain() {
        int taken = 0;
        for (Message message = news.poll(); message != null; message = news.poll()) {
            handle(message);
            taken++;
        }
        for (Message message = requests.poll(); message != null; message = requests.poll()) {
            handle(message);
            if (++taken >= PASS_SIZE) {
                break;
            }
        }
        return taken;
    }

    private void sleep() {
        long deadlineMs = Long.MAX_VALUE;
        for (Slot slot : slots.values()) {
            if (slot.machine != null) {
                deadlineMs = Math.min(deadlineMs, slot.machine.nextDeadlineMs());
            } else {
                deadlineMs = Math.min(deadlineMs, slot.retryAtMs);
            }
        }
        sleeping = true;
        if (news.isEmpty() && requests.isEmpty() && !stopping) {
            if (deadlineMs == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                long waitMs = deadlineMs - clockMs.getAsLong();
                if (waitMs > 0) {
                    LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(waitMs));
                }
            }
        }
        sleeping = false;
    }

    private void timePasses() {
        long nowMs = clockMs.getAsLong();
        for (Slot slot : slots.values()) {
            if (slot.machine != null && slot.machine.nextDeadlineMs() <= nowMs) {
                step(slot, new GroupEvent.TimePassed(nowMs));
            } else if (slot.machine == null && slot.retryAtMs <= nowMs) {
                slot.retryAtMs = Long.MAX_VALUE;
                if (slot.phase == Phase.UNREADABLE) {
                    load(slot);
                } else {
                    awaitCommitted(slot);
                }
            }
        }
    }

    private void turnAwayTheRest() {
        // A request that slipped in while we stopped.
        for (Message message = requests.poll(); message != null; message = requests.poll()) {
            switch (message) {
                case Message.Asked asked -> refuse(asked.answer(), GroupError.COORDINATOR_NOT_AVAILABLE);
                case Message.AskedAll asked ->
                    asked.answer().accept(List.of(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE)));
                case Message.LeadershipGained gained -> {}
                case Message.LeadershipLost lost -> {}
                case Message.MachineLoaded loaded -> {}
                case Message.LoadCommitted committed -> {}
                case Message.LoadFailed failed -> {}
                case Message.BatchEnded ended -> {}
                case Message.Counted counted -> {}
                case Message.TopicsGone gone -> {}
                case Message.Poked poked -> {}
            }
        }
    }

    private void handle(Message message) {
        switch (message) {
            case Message.Asked(int partition, Ask ask, Consumer<GroupReply> answer) ->
                onAsked(slots.get(partition), ask, answer);
            case Message.AskedAll(Ask ask, Consumer<List<GroupReply>> answer) -> onAskedAll(ask, answer);
            case Message.LeadershipGained(int partition, int leaderEpoch) -> onGained(partition, leaderEpoch);
            case Message.LeadershipLost(int partition, int leaderEpoch) -> {
                Slot slot = slots.get(partition);
                if (slot != null && slot.leaderEpoch <= leaderEpoch) {
                    unload(slot, Phase.ABSENT);
                }
            }
            case Message.MachineLoaded(int partition, long incarnation, GroupMachine machine) ->
                onLoaded(slot(partition), incarnation, machine);
            case Message.LoadCommitted(int partition, long incarnation, Outcome outcome) ->
                onCommitted(slot(partition), incarnation, outcome);
            case Message.LoadFailed(int partition, long incarnation, Exception cause) ->
                onUnreadable(slot(partition), incarnation, cause);
            case Message.BatchEnded(int partition, Batch batch, Outcome outcome) -> {
                batch.outcome = outcome;
                settle(slot(partition));
            }
            case Message.Counted(Consumer<GroupCounts> answer) -> {
                GroupCounts counts = GroupCounts.NONE;
                for (Slot slot : slots.values()) {
                    counts = slot.machine == null ? counts : counts.plus(slot.machine.counts());
                }
                answer.accept(counts);
            }
            case Message.TopicsGone(Set<String> gone) -> {
                for (Slot slot : slots.values()) {
                    if (slot.machine != null) {
                        step(slot, new GroupEvent.TopicsDeleted(clockMs.getAsLong(), gone));
                    } else if (slot.phase != Phase.ABSENT) {
                        slot.deletedSince.addAll(gone);
                    }
                }
            }
            case Message.Poked poked -> {}
        }
    }

    private Slot slot(int partition) {
        return slots.computeIfAbsent(partition, Slot::new);
    }

    // ---- requests

    private void onAsked(@Nullable Slot slot, Ask ask, Consumer<GroupReply> answer) {
        if (slot == null) {
            refuse(answer, GroupError.NOT_COORDINATOR);
            return;
        }
        switch (slot.phase) {
            case ABSENT, UNREADABLE, FAULTY -> refuse(answer, GroupError.NOT_COORDINATOR);
            case DRAINING, LOADING ->
                refuse(answer, leads(slot) ? GroupError.COORDINATOR_LOADING : GroupError.NOT_COORDINATOR);
            case ACTIVE -> {
                if (!leads(slot)) {
                    refuse(answer, GroupError.NOT_COORDINATOR);
                } else if (slot.pendingBytes > PENDING_BYTES_MAX) {
                    refuse(answer, GroupError.COORDINATOR_NOT_AVAILABLE);
                } else {
                    long requestId = requestIds++;
                    slot.waiting.put(requestId, answer);
                    step(slot, ask.at(clockMs.getAsLong(), requestId));
                }
            }
        }
    }

    private boolean leads(Slot slot) {
        return log.leads(slot.partition, slot.leaderEpoch);
    }

    /** Each slot answers within its step: only requests that read what there is are asked of all. */
    private void onAskedAll(Ask ask, Consumer<List<GroupReply>> answer) {
        List<GroupReply> replies = new ArrayList<>();
        for (Slot slot : List.copyOf(slots.values())) {
            switch (slot.phase) {
                case DRAINING, LOADING, ACTIVE -> onAsked(slot, ask, replies::add);
                case ABSENT, UNREADABLE, FAULTY -> {}
            }
        }
        answer.accept(replies);
    }

    private static void refuse(Consumer<GroupReply> answer, GroupError error) {
        answer.accept(new GroupReply.Refused(error));
    }

    private void step(Slot slot, GroupEvent event) {
        GroupMachine machine = slot.machine;
        if (machine == null) {
            return;
        }
        List<GroupEffect> effects;
        try {
            effects = machine.step(event);
        } catch (RuntimeException | AssertionError fault) {
            // An invariant does not hold. Wrong answers would spread; without a coordinator clients wait.
            LOG.error(
                    "The coordinator of __consumer_offsets-{} failed on {} and stops until this broker leads the"
                            + " partition anew",
                    slot.partition,
                    event,
                    fault);
            abandon(slot, Phase.FAULTY);
            return;
        }
        for (GroupEffect effect : effects) {
            switch (effect) {
                case GroupEffect.Append(long appendId, List<GroupRecord> records) ->
                    enqueue(slot, appendId, records, event.nowMs());
                case GroupEffect.Answer(long requestId, GroupReply reply) -> {
                    Consumer<GroupReply> answer = slot.waiting.remove(requestId);
                    if (answer != null && leads(slot)) {
                        answer.accept(reply);
                    } else if (answer != null) {
                        refuse(answer, GroupError.NOT_COORDINATOR);
                    }
                }
                case GroupEffect.ReportTransition transition -> report(transition);
            }
        }
    }

    private static void report(GroupEffect.ReportTransition transition) {
        if (transition.to() == GroupState.COMPLETING_REBALANCE) {
            LOG.debug(
                    "Group {} has generation {} with {} members",
                    transition.groupId(),
                    transition.generationId(),
                    transition.memberCount());
        } else {
            LOG.info(
                    "Group {} is {} in generation {} with {} members: {}",
                    transition.groupId(),
                    transition.to().protocolName(),
                    transition.generationId(),
                    transition.memberCount(),
                    transition.reason());
        }
    }

    // ---- to the log and back

    private static void enqueue(Slot slot, long appendId, List<GroupRecord> records, long nowMs) {
        List<KeyValue> encoded = new ArrayList<>(records.size());
        long sizeBytes = 0;
        for (GroupRecord record : records) {
            ByteBuffer key = OffsetsRecords.key(record);
            ByteBuffer value = OffsetsRecords.value(record);
            encoded.add(new KeyValue(key, value, nowMs));
            sizeBytes += RECORD_OVERHEAD_BYTES + key.remaining() + (value == null ? 0 : value.remaining());
        }
        slot.pending.add(new Pending(appendId, encoded, (int) Math.min(sizeBytes, Integer.MAX_VALUE / 2)));
        slot.pendingBytes += sizeBytes;
    }

    private void send(Slot slot) {
        if (slot.pending.isEmpty()) {
            return;
        }
        int maxBytes = log.maxBatchBytes(slot.partition);
        while (!slot.pending.isEmpty() && slot.sent.size() < BATCHES_IN_FLIGHT) {
            Batch batch = new Batch(slot.incarnation);
            for (Pending next = slot.pending.peek();
                    next != null && (batch.appendIds.isEmpty() || batch.sizeBytes + next.sizeBytes() <= maxBytes);
                    next = slot.pending.peek()) {
                slot.pending.remove();
                slot.pendingBytes -= next.sizeBytes();
                batch.appendIds.add(next.appendId());
                batch.records.addAll(next.records());
                batch.sizeBytes += next.sizeBytes();
            }
            slot.sent.add(batch);
            // A single append above the limit is left to the log to judge: ours is an upper estimate.
            log.append(
                    slot.partition,
                    slot.leaderEpoch,
                    batch.records,
                    outcome -> tell(new Message.BatchEnded(slot.partition, batch, outcome)));
        }
    }

    /** Reports ended batches to the machine, oldest first. */
    private void settle(Slot slot) {
        for (Batch oldest = slot.sent.peek(); oldest != null && oldest.outcome != null; oldest = slot.sent.peek()) {
            slot.sent.remove();
            if (slot.phase == Phase.ACTIVE && oldest.incarnation == slot.incarnation) {
                report(slot, oldest, oldest.outcome);
            }
        }
        if (slot.phase == Phase.DRAINING && slot.sent.isEmpty()) {
            load(slot);
        }
    }

    private void report(Slot slot, Batch batch, Outcome outcome) {
        switch (outcome) {
            case COMMITTED ->
                batch.appendIds.forEach(id -> step(slot, new GroupEvent.Appended(clockMs.getAsLong(), id)));
            case NOT_LEADER -> refused(slot, batch, GroupError.NOT_COORDINATOR);
            case NOT_ENOUGH_REPLICAS, OVERLOADED -> refused(slot, batch, GroupError.COORDINATOR_NOT_AVAILABLE);
            case TOO_LARGE -> refused(slot, batch, GroupError.RECORDS_TOO_LARGE);
            case UNKNOWN -> {
                LOG.warn(
                        "It is not known whether {} records entered __consumer_offsets-{}; its groups are loaded anew",
                        batch.records.size(),
                        slot.partition);
                unload(slot, Phase.DRAINING);
            }
        }
    }

    private void refused(Slot slot, Batch batch, GroupError error) {
        batch.appendIds.forEach(id -> step(slot, new GroupEvent.AppendRefused(clockMs.getAsLong(), id, error)));
    }

    // ---- coming and going

    private void onGained(int partition, int leaderEpoch) {
        Slot slot = slot(partition);
        if (slot.phase != Phase.ABSENT && slot.leaderEpoch >= leaderEpoch) {
            return;
        }
        unload(slot, Phase.DRAINING);
        slot.leaderEpoch = leaderEpoch;
        slot.retryDelayMs = 0;
        settle(slot);
    }

    private void load(Slot slot) {
        slot.phase = Phase.LOADING;
        long incarnation = slot.incarnation;
        int partition = slot.partition;
        int leaderEpoch = slot.leaderEpoch;
        loader.execute(() -> tell(read(partition, leaderEpoch, incarnation)));
    }

    /** On the loading thread; the machine is nobody else's until the loop gets it. */
    private Message read(int partition, int leaderEpoch, long incarnation) {
        GroupMachine machine = new GroupMachine(settings);
        long[] foreign = new long[1];
        try {
            log.read(partition, leaderEpoch, (offset, key, value) -> {
                try {
                    GroupRecord record = OffsetsRecords.read(key, value);
                    if (record == null) {
                        foreign[0]++;
                    } else {
                        machine.replay(record);
                    }
                } catch (IllegalArgumentException malformed) {
                    throw new IllegalArgumentException(
                            "the record at offset " + offset + " of __consumer_offsets-" + partition + " is malformed: "
                                    + malformed.getMessage(),
                            malformed);
                }
            });
        } catch (Exception unreadable) {
            return new Message.LoadFailed(partition, incarnation, unreadable);
        }
        if (foreign[0] > 0) {
            LOG.warn(
                    "__consumer_offsets-{} has {} records of kinds this broker does not know; they are left alone",
                    partition,
                    foreign[0]);
        }
        return new Message.MachineLoaded(partition, incarnation, machine);
    }

    private void onUnreadable(Slot slot, long incarnation, Exception cause) {
        if (slot.phase == Phase.LOADING && slot.incarnation == incarnation) {
            slot.phase = Phase.UNREADABLE;
            slot.retryDelayMs =
                    slot.retryDelayMs == 0 ? RETRY_FIRST_MS : Math.min(2 * slot.retryDelayMs, RETRY_LAST_MS);
            slot.retryAtMs = clockMs.getAsLong() + slot.retryDelayMs;
            LOG.error(
                    "The groups of __consumer_offsets-{} can't be loaded and have no coordinator; trying again in {}"
                            + " ms",
                    slot.partition,
                    slot.retryDelayMs,
                    cause);
        }
    }

    private void onLoaded(Slot slot, long incarnation, GroupMachine machine) {
        if (slot.phase == Phase.LOADING && slot.incarnation == incarnation) {
            slot.read = machine;
            awaitCommitted(slot);
        }
    }

    /** Nobody is told of what may still go with this broker. Nothing is appended meanwhile: only the machine does that. */
    private void awaitCommitted(Slot slot) {
        int partition = slot.partition;
        long incarnation = slot.incarnation;
        log.awaitCommitted(partition, outcome -> tell(new Message.LoadCommitted(partition, incarnation, outcome)));
    }

    private void onCommitted(Slot slot, long incarnation, Outcome outcome) {
        GroupMachine machine = slot.read;
        if (machine == null || slot.phase != Phase.LOADING || slot.incarnation != incarnation) {
            return;
        }
        if (outcome != Outcome.COMMITTED) { // it has no lease, or too few replicas: that may pass
            slot.retryAtMs = clockMs.getAsLong() + RETRY_COMMITTED_MS;
        } else {
            slot.phase = Phase.ACTIVE;
            slot.retryDelayMs = 0;
            slot.read = null;
            slot.machine = machine;
            step(slot, new GroupEvent.Loaded(clockMs.getAsLong()));
            forgetTopicsThatWent(slot, machine.topicsWithOffsets());
        }
    }

    /** Topics that were deleted while nobody here could forget their offsets, in an earlier life of this process, too. */
    private void forgetTopicsThatWent(Slot slot, Set<String> withOffsets) {
        Set<String> gone = new HashSet<>();
        for (String topic : withOffsets) {
            if (slot.deletedSince.contains(topic) || !slot.topicsThen.test(topic)) {
                gone.add(topic);
            }
        }
        slot.deletedSince.clear();
        if (!gone.isEmpty()) {
            step(slot, new GroupEvent.TopicsDeleted(clockMs.getAsLong(), gone));
        }
    }

    private void unload(Slot slot, Phase next) {
        if (slot.machine != null) {
            step(slot, new GroupEvent.Unloaded(clockMs.getAsLong()));
        }
        abandon(slot, next);
    }

    private void abandon(Slot slot, Phase next) {
        if (next != Phase.ABSENT && (slot.phase == Phase.ABSENT || slot.phase == Phase.ACTIVE)) {
            // Commits were accepted until now, here or elsewhere, and none will be before the next machine is there.
            slot.topicsThen = topics.get();
            slot.deletedSince.clear();
        }
        slot.machine = null;
        slot.read = null;
        slot.retryAtMs = Long.MAX_VALUE;
        slot.phase = next;
        slot.incarnation++;
        slot.pending.clear();
        slot.pendingBytes = 0;
        // After Unloaded nobody is left; after a fault everybody is.
        List<Consumer<GroupReply>> left = List.copyOf(slot.waiting.values());
        slot.waiting.clear();
        left.forEach(answer -> refuse(answer, GroupError.NOT_COORDINATOR));
    }
}
