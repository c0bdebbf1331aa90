package io.odradek.broker.partition;

import io.odradek.engine.PartitionView;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.jspecify.annotations.Nullable;

/**
 * One partition in a fetch session: what the client asked for and what it was last told. Belongs to the loop that has
 * {@linkplain FetchSession#tryEnter() entered} the session, but for the two flags that settle threads share.
 */
public final class FetchInterest {
    private static final AtomicIntegerFieldUpdater<FetchInterest> PARKED =
            AtomicIntegerFieldUpdater.newUpdater(FetchInterest.class, "parked");
    private static final AtomicReferenceFieldUpdater<FetchInterest, @Nullable Decided> DECIDED =
            AtomicReferenceFieldUpdater.newUpdater(FetchInterest.class, Decided.class, "decided");

    private static final AtomicIntegerFieldUpdater<FetchInterest> ANNOUNCED =
            AtomicIntegerFieldUpdater.newUpdater(FetchInterest.class, "announced");

    private final FetchSession session;
    private final @Nullable String topic;
    private final Uuid topicId;
    private final int partition;

    private long fetchOffset;
    private int maxBytes;
    private int currentLeaderEpoch;
    private int lastFetchedEpoch;
    private long replicaLogStartOffset;

    /** What the last response said; -1 makes sure that the next one says something (KIP-227). */
    private long sentHighWatermark = -1;

    private long sentLogStartOffset = -1;

    private @Nullable PartitionHost host;
    private @Nullable PartitionView seen;
    private @Nullable String resolvedTopic;
    /** In the session's list of partitions to look at. */
    boolean listed;

    // Of a follower: what it knows, whether it has said something new, and what its leader has decided to answer.

    private long knownHighWatermark;
    /** The leader is to be asked: the follower has said something, or was answered. */
    private boolean unasked = true;

    private int asks;
    private volatile @Nullable Decided decided;

    private record Decided(int ask, FollowerAnswer answer) {}

    private volatile boolean forgotten;

    /** 1 while this is in a {@link ParkedFetches} or about to be pushed there: whoever sets it may use {@link #next}. */
    private volatile int parked;

    @Nullable
    FetchInterest next;

    /** 1 while this is in the session's list of announced partitions. */
    private volatile int announced;

    @Nullable
    FetchInterest nextAnnounced;

    FetchInterest(FetchSession session, @Nullable String topic, Uuid topicId, FetchPartition wanted) {
        this.session = session;
        this.topic = topic;
        this.topicId = topicId;
        this.partition = wanted.partition();
        update(wanted);
    }

    void update(FetchPartition wanted) {
        fetchOffset = wanted.fetchOffset();
        maxBytes = wanted.partitionMaxBytes();
        currentLeaderEpoch = wanted.currentLeaderEpoch();
        lastFetchedEpoch = wanted.lastFetchedEpoch();
        knownHighWatermark = wanted.highWatermark();
        replicaLogStartOffset = wanted.logStartOffset();
        unasked = true;
    }

    /** As the client named it: null when it speaks topic ids. */
    public @Nullable String topic() {
        return topic;
    }

    /** {@link Uuid#ZERO_UUID} when the client speaks names. */
    public Uuid topicId() {
        return topicId;
    }

    public int partition() {
        return partition;
    }

    public long fetchOffset() {
        return fetchOffset;
    }

    public int maxBytes() {
        return maxBytes;
    }

    /** -1: the client doesn't know. */
    public int currentLeaderEpoch() {
        return currentLeaderEpoch;
    }

    /** -1: the client doesn't ask for divergence. */
    public int lastFetchedEpoch() {
        return lastFetchedEpoch;
    }

    /** Where a follower's log begins; -1 when it does not say. */
    public long replicaLogStartOffset() {
        return replicaLogStartOffset;
    }

    /** As the follower knows it; {@link Long#MAX_VALUE} when it does not say. */
    public long knownHighWatermark() {
        return knownHighWatermark;
    }

    /** It was told of this high watermark, or is about to be. */
    public void knows(long highWatermark) {
        knownHighWatermark = Math.max(knownHighWatermark, highWatermark);
    }

    /** Whether its leader is to be asked. */
    public boolean isUnasked() {
        return unasked;
    }

    /** It is to be asked, as the follower has been answered. */
    public void askAgain() {
        unasked = true;
    }

    /** Its leader is asked now; where the answer, which may come much later, is to go. What it answered before is void. */
    public FollowerAnswer.Reader ask() {
        unasked = false;
        int ask = ++asks;
        decided = null;
        return answer -> {
            DECIDED.getAndAccumulate(this, new Decided(ask, answer), FetchInterest::later);
            if (announced == 0 && ANNOUNCED.compareAndSet(this, 0, 1)) {
                session.announce(this);
            }
            session.grew(Long.MAX_VALUE / 2);
        };
    }

    /** One that was asked before may be answered behind it: a leader whose reign ends answers whoever waits. */
    private static @Nullable Decided later(@Nullable Decided was, @Nullable Decided is) {
        return was != null && is != null && was.ask > is.ask ? was : is;
    }

    /** What its leader has answered, if it has. */
    public @Nullable FollowerAnswer answer() {
        Decided now = decided;
        return now == null || now.ask != asks ? null : now.answer;
    }

    /** Where it was found last; it may be gone since. */
    public @Nullable PartitionHost host() {
        return host;
    }

    /** Name of the topic when it was found last; null when it never was. */
    public @Nullable String resolvedTopic() {
        return resolvedTopic;
    }

    public void found(@Nullable PartitionHost host) {
        this.host = host;
        if (host != null) {
            resolvedTopic = host.partition().topic();
        }
        this.seen = null;
    }

    /** Remembers the view that is being read, for {@link #watch()}. */
    public PartitionView look(PartitionHost host) {
        PartitionView view = host.view();
        seen = view;
        return view;
    }

    /**
     * Makes sure that progress beyond the view last looked at is announced to the session.
     *
     * @return false when there already was some: look again
     */
    @SuppressWarnings("ReferenceEquality") // each view is published once: another object is another moment
    public boolean watch() {
        PartitionHost watched = host;
        if (watched == null) {
            return false;
        }
        if (!claim()) {
            return true; // it has been watched since before the last look
        }
        watched.watch(this);
        return watched.view() == seen;
    }

    /** Whether the response has news for the client besides records. */
    public boolean isNews(long highWatermark, long logStartOffset) {
        return highWatermark != sentHighWatermark || logStartOffset != sentLogStartOffset;
    }

    public void sent(long highWatermark, long logStartOffset) {
        sentHighWatermark = highWatermark;
        sentLogStartOffset = logStartOffset;
    }

    /** The partition will be sent again once the error is gone. */
    public void sentError() {
        sentHighWatermark = -1;
    }

    void forget() {
        forgotten = true;
    }

    /** Whether anybody would look at progress here. Any thread. */
    boolean isWanted() {
        return !forgotten && session.isWanted();
    }

    /** Takes the right to push this on a stack of waiters. */
    boolean claim() {
        return parked == 0 && PARKED.compareAndSet(this, 0, 1);
    }

    /**
     * Told by the settle thread, which has just taken this off its stack.
     *
     * @return true to be put back
     */
    boolean grew(long bytes) {
        // Free first, then announced: the loop that sees the announcement must be able to claim.
        parked = 0;
        if (!isWanted()) {
            return false;
        }
        if (announced == 0 && ANNOUNCED.compareAndSet(this, 0, 1)) {
            session.announce(this);
        }
        return session.grew(bytes) && claim();
    }

    /** The loop has taken this off the announced; progress from now on is announced anew. */
    void heard() {
        nextAnnounced = null;
        announced = 0;
    }

    boolean isForgotten() {
        return forgotten;
    }
}
