package io.odradek.spec.stress;

import java.util.List;

/** What each stress test is known to notice. */
final class PlantedMistakes {
    private static final String ENGINE = "engine/src/main/java/io/odradek/engine/";
    private static final String BROKER = "broker/src/main/java/io/odradek/broker/";

    static final List<PlantedMistake> ALL = List.of(
            new PlantedMistake(
                    "IndexEntriesStress.AnEntryIsThereBeforeItIsCounted",
                    "the count is a plain field",
                    ENGINE + "segment/IndexEntries.java",
                    "private volatile int count;",
                    "private int count;"),
            new PlantedMistake(
                    "IndexEntriesStress.AnEntryIsThereBeforeItIsCounted",
                    "the count before the entry",
                    ENGINE + "segment/IndexEntries.java",
                    """
                    int at = (n - firstOf(chunkOf(n))) * entryBytes;
                    if (keyBytes == Long.BYTES) {
                        room
                    """,
                    """
                    count = n + 1;
                    int at = (n - firstOf(chunkOf(n))) * entryBytes;
                    if (keyBytes == Long.BYTES) {
                        room
                    """),
            new PlantedMistake(
                    "IndexEntriesStress.AnotherChunkIsThereBeforeWhatNeedsIt",
                    "the longer list of chunks before what it takes over",
                    ENGINE + "segment/IndexEntries.java",
                    "ByteBuffer[] larger = Arrays.copyOf(current, chunk + 1);",
                    """
                    ByteBuffer[] larger = new ByteBuffer[chunk + 1];
                    chunks = larger;
                    System.arraycopy(current, 0, larger, 0, chunk);
                    """),
            new PlantedMistake(
                    "IndexEntriesStress.ASearchHasRoomForWhatItCounts",
                    "a search takes the chunks before the count",
                    ENGINE + "segment/IndexEntries.java",
                    """
                    int low = 0;
                    int high = count - 1;
                    ByteBuffer[] searched = chunks; // after the count: it has room for that many
                    """,
                    """
                    ByteBuffer[] searched = chunks;
                    int low = 0;
                    int high = count - 1;
                    """),
            new PlantedMistake(
                    "SegmentSwapStress.AReaderAgainstASwap",
                    "the old segments go before the log has the new one",
                    ENGINE + "LeavingSegments.java",
                    """
                    segments.replace(outcome.replaced(), outcome.replacement()); // before readers find the old ones gone
                    for (SealedSegment old : outcome.replaced()) {
                        unsynced.forget(old.files());
                        old.files().remove();
                    }
                    """,
                    """
                    for (SealedSegment old : outcome.replaced()) {
                        unsynced.forget(old.files());
                        old.files().remove();
                    }
                    segments.replace(outcome.replaced(), outcome.replacement());
                    """),
            new PlantedMistake(
                    "SegmentSwapStress.ATruncationAgainstASwap",
                    "a swap is ended without the lock",
                    ENGINE + "SegmentSwap.java",
                    "synchronized @Nullable Outcome end() {",
                    "@Nullable Outcome end() {"),
            new PlantedMistake(
                    "SegmentSwapStress.ATruncationAgainstASwap",
                    "a swap is committed though it was called off",
                    ENGINE + "SegmentSwap.java",
                    "if (stage != Stage.OPEN) {",
                    "if (stage == Stage.COMMITTED) {"),
            new PlantedMistake(
                    "SegmentFilesStress.TwoReadersOfOneSegment",
                    "a share is taken by a read and a write",
                    ENGINE + "segment/SegmentFiles.java",
                    """
                    if (shares.compareAndSet(seen, seen + 1)) {
                        return true;
                    }
                    """,
                    """
                    if (seen > 0) {
                        shares.set(seen + 1);
                        return true;
                    }
                    """),
            new PlantedMistake(
                    "SegmentFilesStress.AReaderAgainstRemoval",
                    "a share is taken by a read and a write",
                    ENGINE + "segment/SegmentFiles.java",
                    """
                    if (shares.compareAndSet(seen, seen + 1)) {
                        return true;
                    }
                    """,
                    """
                    if (seen > 0) {
                        shares.set(seen + 1);
                        return true;
                    }
                    """),
            new PlantedMistake(
                    "SegmentFilesStress.TwoReadersOfARemovedSegment",
                    "a share is given back by a read and a write",
                    ENGINE + "segment/SegmentFiles.java",
                    "int left = shares.decrementAndGet();",
                    """
                    int left = shares.get() - 1;
                    shares.set(left);
                    """),
            new PlantedMistake(
                    "JournalStress.AWriteAgainstACut",
                    "who retires takes no lock",
                    ENGINE + "journal/Journal.java",
                    """
                    synchronized (lock) {
                        for (JournalHalf half : halves) {
                            if (half.holds(log)) {
                                retireAll();
                                retirements++;
                                return;
                            }
                        }
                    }
                    """,
                    """
                    for (JournalHalf half : halves) {
                        if (half.holds(log)) {
                            retireAll();
                            retirements++;
                            return;
                        }
                    }
                    """),
            new PlantedMistake(
                    "JournalStress.AWriteAgainstACut",
                    "a group of a log that was cut since is journaled",
                    ENGINE + "journal/JournalGroup.java",
                    "if (logs[i].truncations() != truncations[i]) {",
                    "if (logs[i].truncations() < truncations[i]) {"),
            new PlantedMistake(
                    "JournalStress.AWriteAgainstACut",
                    "a cut retires the journal first, and makes groups stale when it knows where it cuts",
                    ENGINE + "PartitionLog.java",
                    """
                    LogView view = view();
                    CutPoint cut = CutPoint.at(view, offset);
                    long newEnd = cut.endOffset();
                    cutTo = newEnd;
                    checkpointer.truncated(newEnd); // what is on its way to a journal is stale from here on
                    home.retireJournals(this);
                    """,
                    """
                    home.retireJournals(this);
                    LogView view = view();
                    CutPoint cut = CutPoint.at(view, offset);
                    long newEnd = cut.endOffset();
                    cutTo = newEnd;
                    checkpointer.truncated(newEnd);
                    """),
            new PlantedMistake(
                    "JournalStress.AWriteAgainstASwap",
                    "a file that gives its name away is journaled",
                    ENGINE + "segment/SegmentFiles.java",
                    "return !givesNameAway;",
                    "return true;"),
            new PlantedMistake(
                    "JournalStress.ADrainAgainstACut",
                    "a drain does not look whether the half was retired meanwhile",
                    ENGINE + "journal/Journal.java",
                    "if (stage == Stage.READY && closed.stage == JournalHalf.Stage.CLOSED && closed.generation =="
                            + " generation) {",
                    "if (stage == Stage.READY) {"),
            new PlantedMistake(
                    "JournalStress.ADrainAgainstADeletion",
                    "a drain takes its shares behind the lock",
                    ENGINE + "journal/Journal.java",
                    """
                        behind = closed.retainFiles();
                    }
                    """,
                    """
                    }
                    behind = closed.retainFiles();
                    """),
            new PlantedMistake(
                    "DurableProgressStress.ASyncAgainstATruncation",
                    "a sync from before a cut counts",
                    ENGINE + "DurableProgress.java",
                    "if (oldest.generation == generation) {",
                    "if (oldest.generation <= generation) {"),
            new PlantedMistake(
                    "DurableProgressStress.ASyncAgainstATruncation",
                    "a cut takes no lock",
                    ENGINE + "DurableProgress.java",
                    "synchronized void truncated(",
                    "void truncated("),
            new PlantedMistake(
                    "DurableProgressStress.ACheckpointAgainstATruncation",
                    "a checkpoint from before a cut counts",
                    ENGINE + "LogCheckpointer.java",
                    "if (durable.generation() == persisted.generation()) { // else",
                    "if (durable.generation() >= persisted.generation()) { // else"),
            new PlantedMistake(
                    "DurableProgressStress.ACheckpointAgainstATruncation",
                    "a cut lowers what is written down before its generation ends",
                    ENGINE + "LogCheckpointer.java",
                    """
                    durable.truncated(newEnd);
                    synchronized (lock) {
                        if (recoveryPoint.offset() > newEnd) {
                            recoveryPoint = LogPosition.ofOffset(newEnd);
                        }
                        snapshots.forget();
                        logStartOffset = Math.min(logStartOffset, newEnd);
                    }
                    """,
                    """
                    synchronized (lock) {
                        if (recoveryPoint.offset() > newEnd) {
                            recoveryPoint = LogPosition.ofOffset(newEnd);
                        }
                        snapshots.forget();
                        logStartOffset = Math.min(logStartOffset, newEnd);
                    }
                    durable.truncated(newEnd);
                    """),
            new PlantedMistake(
                    "RecentBatchesStress.TwoWhoLetGo",
                    "letting go is a read and a write",
                    ENGINE + "RecentBatch.java",
                    "if (gone.compareAndSet(false, true)) {",
                    """
                    if (!gone.get()) {
                                gone.set(true);
                    """),
            new PlantedMistake(
                    "RecentBatchesStress.AReaderWhileItsBatchGivesWay",
                    "a reader takes no share of the memory",
                    ENGINE + "RecentBatch.java",
                    "return !gone.get() && lease.tryRetain();",
                    "return !gone.get();"),
            new PlantedMistake(
                    "PartitionLogStress.AnAppendIsSeen",
                    "the end is read as a plain field",
                    ENGINE + "PublishedLog.java",
                    "return (long) END.getAcquire(this);",
                    "return end;"),
            new PlantedMistake(
                    "PartitionLogStress.AViewIsOfOneMoment",
                    "the end is published before the write",
                    ENGINE + "PartitionLog.java",
                    """
                    try {
                        staged.appendTo(active, config.appendAheadBytes());
                    """,
                    """
                    segments.grewTo(staged.endOffset());
                    try {
                        staged.appendTo(active, config.appendAheadBytes());
                    """),
            new PlantedMistake(
                    "PartitionLogStress.AViewIsOfOneMoment",
                    "a view takes the end in two looks",
                    ENGINE + "PublishedLog.java",
                    "return new LogView(this, lastBaseOffset + offsets(now), bytes(now), recent.window());",
                    "return new LogView(this, lastBaseOffset + offsets(now), bytes(end()), recent.window());"),
            new PlantedMistake(
                    "PartitionLogStress.AViewIsOfOneMoment",
                    "the segments change under the views that have them",
                    ENGINE + "LogSegments.java",
                    "Segment[] now = new Segment[sealed.size() + 1];",
                    """
                    Segment[] now = segments != null && segments.length == sealed.size() + 1 ? segments : new Segment[sealed.size() + 1];
                    if (segments != null && segments.length > 0) {
                        segments[segments.length - 1] = active;
                    }
                    """),
            new PlantedMistake(
                    "PartitionLogStress.AReaderAgainstDeletion",
                    "a reader goes on without its share",
                    ENGINE + "LogReader.java",
                    "if (!segment.tryRetain()) {",
                    "if (!segment.tryRetain() && segment.baseOffset() < 0) {"),
            new PlantedMistake(
                    "PartitionLogStress.AReaderAgainstDeletion",
                    "a reader gives its share back before it has read",
                    ENGINE + "LogReader.java",
                    "return new Slices(List.of(new FileSlice(segment.log(), from, bytes)), bytes, segment::release);",
                    """
                    segment.release();
                            return new Slices(List.of(new FileSlice(segment.log(), from, bytes)), bytes, () -> {});
                    """),
            new PlantedMistake(
                    "PartitionLogStress.AReaderBehindATruncation",
                    "a cut closes the files of its readers",
                    ENGINE + "LeavingSegments.java",
                    """
                    unsynced.forget(segment.files());
                    segment.files().remove();
                    for (String suffix : SegmentNames.ALL) {
                        Path file = segment.files().path(suffix);
                        Path away
                    """,
                    """
                    unsynced.forget(segment.files());
                    segment.log().close();
                    for (String suffix : SegmentNames.ALL) {
                        Path file = segment.files().path(suffix);
                        Path away
                    """),
            new PlantedMistake(
                    "PartitionLogStress.AReaderBelowATruncation",
                    "a cut writes anew what stays of its segment",
                    ENGINE + "PartitionLog.java",
                    "active.log().truncate(cut.position());",
                    """
                    var kept = java.nio.ByteBuffer.allocate(cut.position());
                    active.log().read(kept, 0);
                    active.log().truncate(0);
                    active.log().write(kept.flip(), 0);
                    """),
            new PlantedMistake(
                    "DoorbellStress",
                    "no fence before the ringer looks for a sleeper",
                    ENGINE + "writepath/Doorbell.java",
                    """
                    VarHandle.fullFence();
                    Thread waiting = sleeper;
                    """,
                    "Thread waiting = sleeper;"),
            new PlantedMistake(
                    "DoorbellStress",
                    "the waiter looks for work before it says that it sleeps",
                    ENGINE + "writepath/Doorbell.java",
                    """
                    sleeper = me;
                    VarHandle.fullFence();
                    if (work.isThere()) {
                        sleeper = null;
                        return;
                    }
                    """,
                    """
                    if (work.isThere()) {
                        return;
                    }
                    sleeper = me;
                    VarHandle.fullFence();
                    """),
            new PlantedMistake(
                    "DoorbellStress",
                    "the waiter says that it sleeps by a release, without a fence",
                    ENGINE + "writepath/Doorbell.java",
                    """
                    sleeper = me;
                    VarHandle.fullFence();
                    """,
                    "SLEEPER.setRelease(this, me);"),
            new PlantedMistake(
                    "TurnStress.WorkBehindTheTurn",
                    "no fence before a publisher tries to take the turn",
                    ENGINE + "writepath/Turn.java",
                    """
                    VarHandle.fullFence();
                    return holder.getPlain()
                    """,
                    "return holder.getPlain()"),
            new PlantedMistake(
                    "TurnStress.WorkBehindTheTurn",
                    "the turn is given back by a release, without a fence",
                    ENGINE + "writepath/Turn.java",
                    """
                    holder.set(null);
                    VarHandle.fullFence();
                    """,
                    "holder.setRelease(null);"),
            new PlantedMistake(
                    "TurnStress.OneHasTheTurn",
                    "the turn is taken by a read and a write",
                    ENGINE + "writepath/Turn.java",
                    "holder.compareAndSet(null, Thread.currentThread())",
                    "holder.getAndSet(Thread.currentThread()) != NOBODY"),
            new PlantedMistake(
                    "DiskWaitStress",
                    "no fence before a publisher looks whether the sync thread waits",
                    ENGINE + "writepath/DiskWait.java",
                    """
                    VarHandle.fullFence();
                    return waiting;
                    """,
                    "return waiting;"),
            new PlantedMistake(
                    "SyncHandoverStress",
                    "the waiting group is taken back by a read and a write",
                    ENGINE + "writepath/SyncHandover.java",
                    """
                    SyncGroup group = waiting.getAndSet(null);
                    if
                    """,
                    """
                    SyncGroup group = waiting.get();
                    waiting.set(null);
                    if
                    """),
            new PlantedMistake(
                    "SyncHandoverStress",
                    "a group is offered for use before it is empty",
                    ENGINE + "writepath/SyncHandover.java",
                    """
                    group.clear();
                    spare.set(group);
                    """,
                    """
                    spare.set(group);
                    group.clear();
                    """),
            new PlantedMistake(
                    "WritePathStress.AProducerAndAppend",
                    "an entry is published before it is filled",
                    ENGINE + "writepath/WritePath.java",
                    "event.kind = kind;",
                    """
                    ring.publish(sequence);
                    event.kind = kind;
                    """),
            new PlantedMistake(
                    "WritePathStress.AppendAndSettle",
                    "append says it is done before it is",
                    ENGINE + "writepath/Appender.java",
                    "long synced = syncer.through();",
                    """
                    appended.set(last);
                    long synced = syncer.through();
                    """),
            new PlantedMistake(
                    "WritePathStress.SettleAndAProducer",
                    "a slot is given back before it is empty",
                    ENGINE + "writepath/Settler.java",
                    """
                    long next = released.get() + 1;
                    while (next <= examined && ring.get(next).settled) {
                        ring.get(next).settled = false;
                        next++;
                    }
                    released.set(next - 1);
                    """,
                    """
                    long first = released.get() + 1;
                    long next = first;
                    while (next <= examined && ring.get(next).settled) {
                        ring.get(next).settled = false;
                        next++;
                    }
                    released.set(next - 1);
                    for (long given = first; given < next; given++) {
                        ring.get(given).clear();
                    }
                    """),
            new PlantedMistake(
                    "ReceivedMemoryStress.TwoReadersOfOneFrame",
                    "a share of a frame is taken by a read and a write",
                    BROKER + "net/NettyLease.java",
                    "int witness = (int) SHARES.compareAndExchange(this, seen, seen + 1);",
                    """
                    int witness = seen;
                    shares = seen + 1;
                    """),
            new PlantedMistake(
                    "ReceivedMemoryStress.TwoReadersOfOneFrame",
                    "a share of a frame is given back by a read and a write",
                    BROKER + "net/NettyLease.java",
                    "int before = (int) SHARES.getAndAdd(this, -1);",
                    """
                    int before = shares;
                    shares = before - 1;
                    """),
            new PlantedMistake(
                    "ReceivedMemoryStress.AReaderAgainstTheLastRelease",
                    "a frame that is gone comes back",
                    BROKER + "net/NettyLease.java",
                    "while (seen > 0) {",
                    "while (seen >= 0) {"),
            new PlantedMistake(
                    "ReceivedMemoryStress.TwoFramesOfOneBuffer",
                    "a share of a buffer is given back by a read and a write",
                    BROKER + "net/ReceiveMemory.java",
                    "int before = (int) SHARES.getAndAdd(this, -1);",
                    """
                    int before = shares;
                    shares = before - 1;
                    """),
            new PlantedMistake(
                    "ReceivedMemoryStress.AWaiterAgainstARelease",
                    "who begins to wait does not look again",
                    BROKER + "net/MemoryBudget.java",
                    """
                    // one of the two sees the other, so no wake-up is lost.
                    next = takeServable();
                    """,
                    """
                    // one of the two sees the other, so no wake-up is lost.
                    next = null;
                    """),
            new PlantedMistake(
                    "ReceivedMemoryStress.AWaiterAgainstARelease",
                    "that somebody waits is a plain field",
                    BROKER + "net/MemoryBudget.java",
                    "private volatile int waiting;",
                    "private int waiting;"),
            new PlantedMistake(
                    "FetchWakeUpStress.AFetchThatBeginsToWatch",
                    "the loop compares views before it watches",
                    BROKER + "partition/FetchInterest.java",
                    """
                    watched.watch(this);
                    return watched.view() == seen;
                    """,
                    """
                    boolean same = watched.view() == seen;
                    watched.watch(this);
                    return same;
                    """),
            new PlantedMistake(
                    "FetchWakeUpStress.AFetchThatBeginsToWatch",
                    "the view is a plain field",
                    BROKER + "partition/PartitionHost.java",
                    "private volatile PartitionView view;",
                    "private PartitionView view;"),
            new PlantedMistake(
                    "FetchWakeUpStress.AFetchThatBeginsToWait",
                    "who waits does not look at what was announced",
                    BROKER + "partition/FetchSession.java",
                    """
                    if (announced == null) {
                        return true;
                    }
                    // Announced before
                    """,
                    """
                    if (announced == null || id > 0) {
                        return true;
                    }
                    // Announced before
                    """),
            new PlantedMistake(
                    "FetchWakeUpStress.AParkedFetch",
                    "a fetch is taken back by a read and a write",
                    BROKER + "partition/ParkedFetch.java",
                    "return STATE.compareAndSet(this, PARKED, RUNNING);",
                    """
                    boolean parked = state == PARKED;
                    if (parked) {
                        state = RUNNING;
                    }
                    return parked;
                    """),
            new PlantedMistake(
                    "FetchWakeUpStress.AFetchThatEachShardReaches",
                    "a fetch is woken by a read and a write",
                    BROKER + "partition/ParkedFetch.java",
                    """
                    if (STATE.compareAndSet(this, PARKED, WOKEN)) {
                        wake();
                    """,
                    """
                    if (state == PARKED) {
                        state = WOKEN;
                        wake();
                    """),
            new PlantedMistake(
                    "FetchWakeUpStress.AFetchThatBothShardsReach",
                    "what is missing is counted by a read and a write",
                    BROKER + "partition/ParkedFetch.java",
                    "if (missingBytes.addAndGet(-bytes) > 0) {",
                    """
                    long missing = missingBytes.get() - bytes;
                    missingBytes.set(missing);
                    if (missing > 0) {
                    """));

    private PlantedMistakes() {}
}
