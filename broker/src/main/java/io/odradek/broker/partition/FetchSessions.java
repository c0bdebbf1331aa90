package io.odradek.broker.partition;

import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FetchMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The broker's fetch sessions (KIP-227): at most {@code max.incremental.fetch.session.cache.slots}. When all are taken, a new
 * client gets the place of one that was idle for two minutes, or of one that is older than that and has fewer partitions
 * (followers count more than consumers); else it has no session and sends all its partitions every time. Any thread.
 */
public final class FetchSessions {
    /** Kafka's {@code min.incremental.fetch.session.eviction.ms}: younger sessions are not driven out. */
    public static final long MIN_EVICTION_MS = 120_000;

    private static final short FIRST_VERSION_WITH_TOPIC_IDS = 13;

    private static final Comparator<FetchSession> IDLEST_FIRST =
            Comparator.comparingLong(FetchSession::lastUsedMs).thenComparingInt(FetchSession::id);
    private static final Comparator<FetchSession> LEAST_FIRST = Comparator.comparing(FetchSession::isPrivileged)
            .thenComparingInt(FetchSession::size)
            .thenComparingInt(FetchSession::id);

    private final int slots;
    private final InstantSource clock;
    private final IntSupplier ids;
    private final ConcurrentHashMap<Integer, FetchSession> sessions = new ConcurrentHashMap<>();
    /** Slots taken or about to be; never above {@link #slots}. */
    private final AtomicInteger taken = new AtomicInteger();

    private final AtomicLong evictions = new AtomicLong();

    /** How a fetch request goes on. */
    public sealed interface Entry {}

    /** All partitions are looked at and all are answered; {@link FetchSession#leave} it afterwards. */
    public record Full(FetchSession session) implements Entry {}

    /** Only what changed is answered; {@link FetchSession#leave} it afterwards. */
    public record Incremental(FetchSession session) implements Entry {}

    /** The request is answered with this error alone. */
    public record Refused(Errors error) implements Entry {}

    public FetchSessions(int slots, InstantSource clock) {
        this(slots, clock, () -> ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE));
    }

    FetchSessions(int slots, InstantSource clock, IntSupplier ids) {
        this.slots = slots;
        this.clock = clock;
        this.ids = ids;
    }

    /** Finds, makes or ends the session that a request speaks of, and brings its partitions up to date. */
    public Entry enter(FetchRequestData request, short version) {
        boolean usesTopicIds = version >= FIRST_VERSION_WITH_TOPIC_IDS;
        long nowMs = clock.millis();
        int epoch = request.sessionEpoch();
        if (epoch == FetchMetadata.INITIAL_EPOCH || epoch == FetchMetadata.FINAL_EPOCH) {
            FetchSession old = sessions.get(request.sessionId());
            if (old != null) {
                remove(old);
            }
            FetchSession session =
                    epoch == FetchMetadata.INITIAL_EPOCH ? tryCreate(request, usesTopicIds, nowMs) : null;
            return full(session != null ? session : sessionless(usesTopicIds, nowMs), request);
        }
        FetchSession session = sessions.get(request.sessionId());
        if (session == null) {
            return new Refused(Errors.FETCH_SESSION_ID_NOT_FOUND);
        }
        // A client sends the next request of a session after the last response: who finds it entered is out of step.
        if (session.epoch() != epoch || !session.tryEnter()) {
            return new Refused(Errors.INVALID_FETCH_SESSION_EPOCH);
        }
        if (session.epoch() != epoch) {
            session.leave();
            return new Refused(Errors.INVALID_FETCH_SESSION_EPOCH);
        }
        if (session.usesTopicIds() != usesTopicIds) {
            session.leave();
            return new Refused(Errors.FETCH_SESSION_TOPIC_ID_ERROR);
        }
        session.update(request.topics(), request.forgottenTopicsData());
        if (session.size() == 0) {
            remove(session);
            session.leave();
            return full(sessionless(usesTopicIds, nowMs), request);
        }
        session.used(nowMs);
        return new Incremental(session);
    }

    /** The client is not told of it, and will not come back to it. By whoever is in it, before leaving. */
    public void end(FetchSession session) {
        remove(session);
    }

    /** Sessions there are. */
    public int count() {
        return sessions.size();
    }

    /** Sessions that gave their place to others, since the start. */
    public long evictions() {
        return evictions.get();
    }

    /** Partitions in all sessions, for the metric of that name. */
    public long partitionCount() {
        long count = 0;
        for (FetchSession session : sessions.values()) {
            count += session.size();
        }
        return count;
    }

    private static Entry full(FetchSession session, FetchRequestData request) {
        session.update(request.topics(), List.of());
        return new Full(session);
    }

    private static FetchSession sessionless(boolean usesTopicIds, long nowMs) {
        return new FetchSession(FetchMetadata.INVALID_SESSION_ID, usesTopicIds, false, nowMs);
    }

    private @Nullable FetchSession tryCreate(FetchRequestData request, boolean usesTopicIds, long nowMs) {
        int size = 0;
        for (int t = 0; t < request.topics().size(); t++) {
            size += request.topics().get(t).partitions().size();
        }
        boolean privileged = request.replicaId() >= 0 || request.replicaState().replicaId() >= 0;
        if (size == 0 || !takeSlot(size, privileged, nowMs)) {
            return null;
        }
        while (true) {
            FetchSession session = new FetchSession(ids.getAsInt(), usesTopicIds, privileged, nowMs);
            if (sessions.putIfAbsent(session.id(), session) == null) {
                return session;
            }
        }
    }

    private boolean takeSlot(int size, boolean privileged, long nowMs) {
        while (true) {
            int now = taken.get();
            if (now < slots) {
                if (taken.compareAndSet(now, now + 1)) {
                    return true;
                }
                continue;
            }
            FetchSession loser = evictable(size, privileged, nowMs);
            if (loser == null) {
                return false;
            }
            if (remove(loser)) {
                evictions.incrementAndGet();
            }
        }
    }

    /** Looks at every session: at most {@link #slots}, and only when a new one finds them all taken. */
    private @Nullable FetchSession evictable(int size, boolean privileged, long nowMs) {
        @Nullable FetchSession idle = null;
        @Nullable FetchSession least = null;
        for (FetchSession session : sessions.values()) {
            if (nowMs - session.lastUsedMs() > MIN_EVICTION_MS
                    && (idle == null || IDLEST_FIRST.compare(session, idle) < 0)) {
                idle = session;
            }
            boolean old = nowMs - session.createdMs() > MIN_EVICTION_MS;
            boolean yields = old || (privileged && !session.isPrivileged());
            boolean less = session.isPrivileged() == privileged ? session.size() < size : privileged;
            if (yields && less && (least == null || LEAST_FIRST.compare(session, least) < 0)) {
                least = session;
            }
        }
        return idle != null ? idle : least;
    }

    /** @return false when another has removed it */
    private boolean remove(FetchSession session) {
        if (!sessions.remove(session.id(), session)) {
            return false;
        }
        taken.decrementAndGet();
        session.close();
        return true;
    }
}
