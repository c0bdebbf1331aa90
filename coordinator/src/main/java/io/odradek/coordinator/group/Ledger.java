package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEffect.Answer;
import io.odradek.coordinator.group.GroupEffect.Append;
import io.odradek.coordinator.group.GroupEffect.ReportTransition;
import io.odradek.coordinator.group.GroupEvent.FetchOffsets;
import io.odradek.coordinator.group.GroupRecord.GroupStored;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state all parts of the machine share: groups, offsets, deadlines, and the records on their way to the log with
 * whoever waits for them.
 *
 * <p>A group is <em>live</em> from the moment a request created it until one removed it; requests of members act on live
 * groups at once, ahead of the log. It is <em>visible</em> between the commits of the corresponding records; listings
 * and descriptions show visible groups only.
 */
final class Ledger {

    /**
     * Tombstones in one append: an estimate below half of what one batch may hold by default, so that expiry of a million
     * offsets needs no batch of a million records.
     */
    private static final int APPEND_SIZE_BYTES = 512 * 1024;

    /**
     * A group as readers find it.
     *
     * @param stored null for a group that only commits offsets
     */
    record Visible(Group group, @Nullable GroupStored stored) {}

    /** A reply that is true once all of its appends are committed. */
    private static final class Waiting {
        final long requestId;
        final GroupReply reply;
        int appendsLeft;
        boolean answered;

        Waiting(long requestId, GroupReply reply, int appends) {
            this.requestId = requestId;
            this.reply = reply;
            this.appendsLeft = appends;
        }
    }

    static final class InFlight {
        final long appendId;
        final List<GroupRecord> records;
        final long overdueAtMs;
        /** Becomes visible with this append. */
        final @Nullable Group group;

        Aftermath aftermath;
        boolean overdue;
        private final List<Waiting> waiting = new ArrayList<>(1);
        private final List<FetchOffsets> reads = new ArrayList<>(0);

        private InFlight(
                long appendId,
                List<GroupRecord> records,
                long overdueAtMs,
                @Nullable Group group,
                Aftermath aftermath) {
            this.appendId = appendId;
            this.records = records;
            this.overdueAtMs = overdueAtMs;
            this.group = group;
            this.aftermath = aftermath;
        }
    }

    final GroupSettings settings;
    final CommittedOffsets offsets = new CommittedOffsets();
    final Deadlines<Alarm> deadlines = new Deadlines<>();
    private final Map<String, Group> live = new LinkedHashMap<>();
    private final Map<String, Visible> visible = new LinkedHashMap<>();
    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private long lastAppendId;
    private long nowMs;
    private List<GroupEffect> effects = new ArrayList<>();

    Ledger(GroupSettings settings) {
        this.settings = settings;
    }

    // ---- time

    /** Time does not go back, whatever the wall clock does. */
    void advanceTo(long atMs) {
        nowMs = Math.max(nowMs, atMs);
    }

    long nowMs() {
        return nowMs;
    }

    /**
     * Sets or moves an alarm. It never falls due in the step that sets it, whatever delay a client asked for: so the alarms
     * of one step come to an end.
     */
    void alarm(Alarm alarm, long delayMs) {
        deadlines.set(alarm, nowMs + Math.max(1, delayMs));
    }

    // ---- effects

    void answer(long requestId, GroupReply reply) {
        effects.add(new Answer(requestId, reply));
    }

    void refuse(long requestId, GroupError error) {
        answer(requestId, new GroupReply.Refused(error));
    }

    void transition(Group group, GroupState next, String reason) {
        GroupState from = group.state();
        group.transitionTo(next, nowMs);
        report(group, from, reason);
    }

    void report(Group group, GroupState from, String reason) {
        effects.add(
                new ReportTransition(group.groupId, from, group.state(), group.generationId(), group.size(), reason));
    }

    List<GroupEffect> takeEffects() {
        List<GroupEffect> taken = effects;
        effects = new ArrayList<>();
        return taken;
    }

    // ---- groups

    @Nullable
    Group live(String groupId) {
        return live.get(groupId);
    }

    Collection<Group> liveGroups() {
        return live.values();
    }

    Group create(String groupId) {
        Group group = new Group(groupId, nowMs);
        live.put(groupId, group);
        return group;
    }

    /** Takes the group out of reach; its tombstone must be appended in the same step. */
    void remove(Group group) {
        live.remove(group.groupId, group);
    }

    /** Its tombstone did not make it; unless somebody has founded the group anew. */
    void restore(Group group) {
        live.putIfAbsent(group.groupId, group);
    }

    boolean isVisible(Group group) {
        Visible seen = visible.get(group.groupId);
        return seen != null && seen.group == group;
    }

    @Nullable
    Visible visible(String groupId) {
        return visible.get(groupId);
    }

    Collection<Visible> visibleGroups() {
        return visible.values();
    }

    boolean isOnItsWay(Group group) {
        return inFlight.stream().anyMatch(append -> append.group == group);
    }

    // ---- appends

    /** The id of the last append so far; compare later to see whether a step has appended. */
    long lastAppendId() {
        return lastAppendId;
    }

    void append(List<GroupRecord> records, @Nullable Group group, Aftermath aftermath) {
        long appendId = ++lastAppendId;
        List<GroupRecord> batch = List.copyOf(records);
        inFlight.add(new InFlight(appendId, batch, nowMs + settings.offsetsCommitTimeoutMs(), group, aftermath));
        for (GroupRecord record : batch) {
            offsets.write(appendId, record);
        }
        effects.add(new Append(appendId, batch));
    }

    /** Appends tombstones in as many batches as they need. {@code removed}: the groups whose tombstones are among them. */
    void appendTombstones(List<GroupRecord> tombstones, Map<String, Group> removed) {
        int from = 0;
        while (from < tombstones.size()) {
            int to = from;
            long sizeBytes = 0;
            List<Group> gone = new ArrayList<>();
            while (to < tombstones.size() && (to == from || sizeBytes < APPEND_SIZE_BYTES)) {
                GroupRecord tombstone = tombstones.get(to++);
                sizeBytes += estimatedSizeBytes(tombstone);
                if (tombstone instanceof GroupRecord.GroupRemoved(String groupId)) {
                    Group group = removed.get(groupId);
                    if (group != null) {
                        gone.add(group);
                    }
                }
            }
            append(tombstones.subList(from, to), null, new Aftermath.GroupsRemoved(gone));
            from = to;
        }
    }

    private static long estimatedSizeBytes(GroupRecord tombstone) {
        int chars = tombstone.groupId().length();
        if (tombstone instanceof GroupRecord.OffsetRemoved offset) {
            chars += offset.topic().length();
        }
        return 64 + 3L * chars;
    }

    /**
     * Answers once everything appended after {@code sinceAppendId} is committed; at once when nothing was. Refuses at once when
     * some of it is overdue already: there is no further alarm that would end the wait.
     */
    void answerOnceCommitted(long sinceAppendId, long requestId, GroupReply reply) {
        int appends = (int) (lastAppendId - sinceAppendId);
        if (appends == 0) {
            answer(requestId, reply);
            return;
        }
        Waiting waiting = new Waiting(requestId, reply, appends);
        Iterator<InFlight> newestFirst = inFlight.descendingIterator();
        for (int i = 0; i < appends; i++) {
            InFlight append = newestFirst.next();
            if (append.overdue) {
                refuse(requestId, GroupError.COORDINATOR_NOT_AVAILABLE);
                return;
            }
            append.waiting.add(waiting);
        }
    }

    /**
     * The id before the last append under way, so that {@link #answerOnceCommitted} waits for it even though this request
     * appended nothing: its answer rests on what others have written.
     */
    long lastSettledOrBeforeLast() {
        return inFlight.isEmpty() ? lastAppendId : lastAppendId - 1;
    }

    /** Reads wait for everything under way, unless that is overdue. False when there is nothing to wait for. */
    boolean readOnceSettled(FetchOffsets read) {
        if (inFlight.isEmpty()) {
            return false;
        }
        InFlight newest = inFlight.getLast();
        if (newest.overdue) {
            refuse(read.requestId(), GroupError.COORDINATOR_NOT_AVAILABLE);
        } else {
            newest.reads.add(read);
        }
        return true;
    }

    /** Takes the oldest append out of flight: its records are committed. */
    InFlight committed(long appendId) {
        InFlight append = takeOldest(appendId);
        for (GroupRecord record : append.records) {
            offsets.settle(append.appendId, record);
            switch (record) {
                case GroupStored stored ->
                    visible.put(stored.groupId(), new Visible(groupBehind(append, stored.groupId()), stored));
                case GroupRecord.GroupRemoved(String groupId) -> visible.remove(groupId);
                case GroupRecord.OffsetCommitted commit ->
                    visible.computeIfAbsent(commit.groupId(), id -> new Visible(groupBehind(append, id), null));
                case GroupRecord.OffsetRemoved removed -> {}
            }
        }
        for (Waiting waiting : append.waiting) {
            waiting.appendsLeft--;
            if (waiting.appendsLeft == 0 && !waiting.answered) {
                waiting.answered = true;
                answer(waiting.requestId, waiting.reply);
            }
        }
        return append;
    }

    private static Group groupBehind(InFlight append, String groupId) {
        Group group = append.group;
        if (group == null || !group.groupId.equals(groupId)) {
            throw new IllegalStateException("append " + append.appendId + " names group " + groupId
                    + " but was made for " + (group == null ? "none" : group.groupId));
        }
        return group;
    }

    /** Takes the oldest append out of flight: its records are not in the log. */
    InFlight refused(long appendId, GroupError error) {
        InFlight append = takeOldest(appendId);
        offsets.dropUnsettled();
        for (InFlight later : inFlight) {
            for (GroupRecord record : later.records) {
                offsets.write(later.appendId, record);
            }
        }
        fail(append, error);
        return append;
    }

    /** Requests that need not wait any longer for an answer to appends that took too long; the appends stay in flight. */
    List<InFlight> takeOverdue() {
        List<InFlight> overdue = new ArrayList<>();
        for (InFlight append : inFlight) {
            if (append.overdueAtMs > nowMs) {
                break;
            }
            if (!append.overdue) {
                append.overdue = true;
                fail(append, GroupError.COORDINATOR_NOT_AVAILABLE);
                for (FetchOffsets read : takeReads(append)) {
                    refuse(read.requestId(), GroupError.COORDINATOR_NOT_AVAILABLE);
                }
                overdue.add(append);
            }
        }
        return overdue;
    }

    long nextOverdueMs() {
        for (InFlight append : inFlight) {
            if (!append.overdue) {
                return append.overdueAtMs;
            }
        }
        return Deadlines.NEVER;
    }

    List<FetchOffsets> takeReads(InFlight append) {
        List<FetchOffsets> reads = List.copyOf(append.reads);
        append.reads.clear();
        return reads;
    }

    /** Everything waiting for an append is refused. */
    void abandonAppends(GroupError error) {
        for (InFlight append : inFlight) {
            fail(append, error);
            for (FetchOffsets read : takeReads(append)) {
                refuse(read.requestId(), error);
            }
        }
        inFlight.clear();
        offsets.dropUnsettled();
    }

    private void fail(InFlight append, GroupError error) {
        for (Waiting waiting : append.waiting) {
            if (!waiting.answered) {
                waiting.answered = true;
                refuse(waiting.requestId, error);
            }
        }
    }

    private InFlight takeOldest(long appendId) {
        InFlight oldest = inFlight.peek();
        if (oldest == null || oldest.appendId != appendId) {
            throw new IllegalStateException("append " + appendId + " reported, but the oldest in flight is "
                    + (oldest == null ? "none" : oldest.appendId));
        }
        inFlight.remove();
        return oldest;
    }

    // ---- loading

    void replay(GroupRecord record) {
        offsets.apply(record);
        switch (record) {
            case GroupStored stored -> {
                Group group = new Group(stored);
                live.put(stored.groupId(), group);
                visible.put(stored.groupId(), new Visible(group, stored));
            }
            case GroupRecord.GroupRemoved(String groupId) -> {
                live.remove(groupId);
                visible.remove(groupId);
            }
            case GroupRecord.OffsetCommitted commit -> {
                if (!live.containsKey(commit.groupId())) {
                    // A group that never had members: it only keeps offsets.
                    Group group = new Group(commit.groupId(), commit.value().commitTimestampMs());
                    live.put(commit.groupId(), group);
                    visible.put(commit.groupId(), new Visible(group, null));
                }
            }
            case GroupRecord.OffsetRemoved removed -> {}
        }
    }
}
