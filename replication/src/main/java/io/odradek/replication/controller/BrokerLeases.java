package io.odradek.replication.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who was heard of, and when: {@code tla/core/Isr}, whom the controller may fence. In memory only, so a controller that begins gives
 * every broker a full session. Confined to the metadata loop.
 *
 * <p>A heartbeat counts from the first {@link #timePassed} after it, so time that has not been told yet makes a session longer, never
 * shorter.
 */
final class BrokerLeases {

    private static final long NOT_READ = -1;

    private static final class Session {
        final long brokerEpoch;

        /** By this controller; else it was registered before. */
        final boolean heard;

        long sinceMs;

        /** Whether {@code sinceMs} is still to be told. */
        boolean undated = true;

        long metadataOffset = NOT_READ;

        Session(long brokerEpoch, boolean heard) {
            this.brokerEpoch = brokerEpoch;
            this.heard = heard;
        }
    }

    private final TreeMap<Integer, Session> sessions = new TreeMap<>();
    private final int sessionMs;
    private long nowMs = Long.MIN_VALUE;

    /** Of brokers that leave: what the others have to have read before. */
    private final Map<Integer, Long> leftAtOffset = new TreeMap<>();

    BrokerLeases(int sessionMs) {
        this.sessionMs = sessionMs;
    }

    /** This controller begins. */
    void begin(ClusterImage image) {
        for (BrokerImage broker : image.brokers().values()) {
            if (!broker.fenced()) {
                sessions.put(broker.id(), new Session(broker.epoch(), false));
                if (broker.inControlledShutdown()) {
                    leftAtOffset.put(broker.id(), image.lastOffset());
                }
            }
        }
    }

    void registered(int brokerId, long brokerEpoch) {
        sessions.put(brokerId, new Session(brokerEpoch, true));
        leftAtOffset.remove(brokerId);
    }

    /** @param metadataOffset up to where it has read, inclusive */
    void heard(int brokerId, long brokerEpoch, long metadataOffset) {
        Session before = sessions.get(brokerId);
        Session session = new Session(brokerEpoch, true);
        session.metadataOffset = before != null && before.brokerEpoch == brokerEpoch
                ? Math.max(before.metadataOffset, metadataOffset)
                : metadataOffset;
        sessions.put(brokerId, session);
    }

    void forget(int brokerId) {
        sessions.remove(brokerId);
        leftAtOffset.remove(brokerId);
    }

    void timePassed(long now) {
        nowMs = Math.max(nowMs, now);
        for (Session session : sessions.values()) {
            if (session.undated) {
                session.undated = false;
                session.sinceMs = nowMs;
            }
        }
    }

    /** Whether a process with that registration may still live, and whether it was heard of by this controller. */
    boolean isAlive(int brokerId, long brokerEpoch) {
        Session session = sessions.get(brokerId);
        return session != null && session.brokerEpoch == brokerEpoch && !isOver(session);
    }

    boolean isHeard(int brokerId) {
        Session session = sessions.get(brokerId);
        return session != null && session.heard;
    }

    private boolean isOver(Session session) {
        return !session.undated && nowMs - session.sinceMs >= sessionMs;
    }

    /** Who was not heard of in time. */
    List<Integer> expired() {
        List<Integer> over = new ArrayList<>();
        sessions.forEach((id, session) -> {
            if (isOver(session)) {
                over.add(id);
            }
        });
        return over;
    }

    /** When time has to be told again; at once while a heartbeat waits for it. */
    long deadlineMs() {
        long deadline = Long.MAX_VALUE;
        for (Session session : sessions.values()) {
            deadline = Math.min(deadline, session.undated ? nowMs : session.sinceMs + sessionMs);
        }
        return deadline;
    }

    /** A broker leaves, and may stop when the others have read {@code offset}. */
    void leaves(int brokerId, long offset) {
        leftAtOffset.putIfAbsent(brokerId, offset);
    }

    /** Whether every other active broker has read what the broker gave away. */
    boolean mayStop(int brokerId, ClusterImage image) {
        long wanted = leftAtOffset.getOrDefault(brokerId, image.lastOffset());
        for (BrokerImage broker : image.brokers().values()) {
            if (broker.id() != brokerId && broker.isActive()) {
                Session session = sessions.get(broker.id());
                if (session == null || session.metadataOffset < wanted) {
                    return false;
                }
            }
        }
        return true;
    }
}
