package io.odradek.broker.partition;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.requests.FetchMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The partitions a client fetches (KIP-227), and which of them are worth looking at: a fetch over a thousand idle
 * partitions looks at none. A fetch without a session is one of these that lives for one request.
 *
 * <p>A partition is <em>listed</em> until a look at it found nothing and it is watched; from then on its settle thread
 * announces it when the partition grows.
 *
 * <pre>
 *   listed (looked at by the next fetch) --nothing there, watched--> quiet
 *      ^                                                               |
 *      '---drain()--- announced (stack) <----settle thread, grew-------'
 * </pre>
 *
 * <p>Confined to whoever has {@linkplain #tryEnter() entered}; settle threads announce and wake.
 */
public final class FetchSession {
    private static final AtomicReferenceFieldUpdater<FetchSession, @Nullable FetchInterest> ANNOUNCED =
            AtomicReferenceFieldUpdater.newUpdater(FetchSession.class, FetchInterest.class, "announced");
    private static final AtomicIntegerFieldUpdater<FetchSession> ENTERED =
            AtomicIntegerFieldUpdater.newUpdater(FetchSession.class, "entered");

    private final int id;
    private final boolean usesTopicIds;
    private final boolean privileged;
    private final long createdMs;
    private final Map<Key, FetchInterest> interests = new LinkedHashMap<>();
    /** In the order in which they are served; who got records goes to the end, so that nobody starves. */
    private final ArrayDeque<FetchInterest> listed = new ArrayDeque<>();

    private volatile int epoch;
    private volatile long lastUsedMs;
    private volatile int size;
    private volatile boolean closed;
    /** A new session is entered by who made it, before anybody can guess its id. */
    private volatile int entered = 1;

    private volatile @Nullable FetchInterest announced;
    private volatile @Nullable ParkedFetch waiting;

    private record Key(Object topic, int partition) {}

    FetchSession(int id, boolean usesTopicIds, boolean privileged, long nowMs) {
        this.id = id;
        this.usesTopicIds = usesTopicIds;
        this.privileged = privileged;
        this.createdMs = nowMs;
        this.lastUsedMs = nowMs;
        this.epoch = FetchMetadata.nextEpoch(FetchMetadata.INITIAL_EPOCH);
        this.closed = id == FetchMetadata.INVALID_SESSION_ID;
    }

    /** 0 when it lives for one request only. */
    public int id() {
        return id;
    }

    /** Whether {@link #id()} outlives the request. */
    public boolean isSession() {
        return id != FetchMetadata.INVALID_SESSION_ID;
    }

    boolean usesTopicIds() {
        return usesTopicIds;
    }

    boolean isPrivileged() {
        return privileged;
    }

    long createdMs() {
        return createdMs;
    }

    long lastUsedMs() {
        return lastUsedMs;
    }

    int epoch() {
        return epoch;
    }

    /** Partitions in it. Any thread. */
    public int size() {
        return size;
    }

    /** One request at a time has the session; false while another has it. */
    boolean tryEnter() {
        return ENTERED.compareAndSet(this, 0, 1);
    }

    /** Gives the session back; the response has been decided. */
    public void leave() {
        waiting = null;
        entered = 0;
    }

    void used(long nowMs) {
        lastUsedMs = nowMs;
        epoch = FetchMetadata.nextEpoch(epoch);
    }

    /** Nobody can come back to it; a request that is in it ends as usual. Any thread. */
    void close() {
        closed = true;
    }

    /** Adds, changes and removes partitions as the request says. */
    void update(List<FetchTopic> topics, List<ForgottenTopic> forgotten) {
        for (int t = 0; t < topics.size(); t++) {
            FetchTopic topic = topics.get(t);
            Object name = usesTopicIds ? topic.topicId() : topic.topic();
            List<FetchPartition> partitions = topic.partitions();
            for (int p = 0; p < partitions.size(); p++) {
                FetchPartition wanted = partitions.get(p);
                Key key = new Key(name, wanted.partition());
                FetchInterest interest = interests.get(key);
                if (interest == null) {
                    interest = new FetchInterest(
                            this,
                            usesTopicIds ? null : topic.topic(),
                            usesTopicIds ? topic.topicId() : Uuid.ZERO_UUID,
                            wanted);
                    interests.put(key, interest);
                } else {
                    interest.update(wanted);
                }
                list(interest);
            }
        }
        for (ForgottenTopic topic : forgotten) {
            Object name = usesTopicIds ? topic.topicId() : topic.topic();
            for (int partition : topic.partitions()) {
                FetchInterest interest = interests.remove(new Key(name, partition));
                if (interest != null) {
                    interest.forget();
                }
            }
        }
        size = interests.size();
    }

    /** All partitions, in the order in which the client named them. */
    public Collection<FetchInterest> interests() {
        return interests.values();
    }

    /** Number of partitions to look at, those announced since the last call included. */
    public int drain() {
        @Nullable FetchInterest at = announced == null ? null : ANNOUNCED.getAndSet(this, null);
        while (at != null) {
            FetchInterest interest = at;
            at = interest.nextAnnounced;
            interest.heard();
            list(interest);
        }
        return listed.size();
    }

    /** The next partition to look at; null when there is none. The caller decides whether to {@link #list} it again. */
    public @Nullable FetchInterest poll() {
        FetchInterest interest;
        do {
            interest = listed.poll();
            if (interest == null) {
                return null;
            }
            interest.listed = false;
        } while (interest.isForgotten());
        return interest;
    }

    /** Will be looked at again, after those that are listed already. */
    public void list(FetchInterest interest) {
        if (!interest.listed) {
            interest.listed = true;
            listed.add(interest);
        }
    }

    /** Nothing is listed any more: the caller looks at all. */
    public void unlistAll() {
        while (poll() != null) {}
    }

    /**
     * Lets a fetch wait for {@code missingBytes} more; every partition in the session is watched.
     *
     * @return false when something was announced meanwhile, so that it has to look again; true when it waits, or is woken
     */
    public boolean park(ParkedFetch fetch, long missingBytes) {
        fetch.park(missingBytes);
        waiting = fetch;
        if (announced == null) {
            return true;
        }
        // Announced before it was known that somebody waits: these bytes weren't counted.
        return !fetch.unpark();
    }

    /** Settle thread. */
    void announce(FetchInterest interest) {
        @Nullable FetchInterest head;
        do {
            head = announced;
            interest.nextAnnounced = head;
        } while (!ANNOUNCED.compareAndSet(this, head, interest));
    }

    /** Settle thread; true while a fetch waits for more. */
    boolean grew(long bytes) {
        ParkedFetch fetch = waiting;
        return fetch != null && fetch.grow(bytes);
    }

    /** Whether anybody will look at what is announced. Any thread. */
    boolean isWanted() {
        return !closed || entered != 0;
    }

    @Override
    public String toString() {
        return "fetch session " + id + " (epoch " + epoch + ", " + size + " partitions)";
    }

    /** For tests: what an independent reader would count. */
    Map<String, Long> fetchOffsets() {
        Map<String, Long> offsets = new HashMap<>();
        interests.forEach((key, interest) -> offsets.put(key.topic() + "-" + key.partition(), interest.fetchOffset()));
        return offsets;
    }
}
