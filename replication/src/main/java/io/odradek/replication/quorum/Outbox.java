package io.odradek.replication.quorum;

import io.odradek.replication.quorum.QuorumEffect.Send;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is on its way to other servers. A role asks a server one thing at a time; the next role asks at once, whatever the last one still
 * waits for. As many requests are remembered as the host has not answered or given up.
 */
final class Outbox {

    /** @param turn of the role that asks: an answer is not for the one that came after */
    record Sent(int to, QuorumRequest request, long turn) {}

    private final Map<Long, Sent> sent = new LinkedHashMap<>();
    private final Map<Integer, Long> notBeforeMs = new HashMap<>();
    private long nextRequestId;
    /** Counts the roles there have been. */
    private long turn;

    void nextTurn() {
        turn++;
        notBeforeMs.clear();
    }

    Send send(int to, QuorumRequest request) {
        long requestId = nextRequestId++;
        sent.put(requestId, new Sent(to, request, turn));
        return new Send(requestId, to, request);
    }

    /** Answered, or given up. Null when it is known no more. */
    @Nullable
    Sent ended(long requestId) {
        return sent.remove(requestId);
    }

    boolean isOfThisTurn(Sent request) {
        return request.turn == turn;
    }

    /** Whether anybody has been asked and has not answered. */
    boolean waits() {
        return sent.values().stream().anyMatch(this::isOfThisTurn);
    }

    boolean maySend(int to, long nowMs) {
        return notBeforeMs.getOrDefault(to, Long.MIN_VALUE) <= nowMs
                && sent.values().stream().noneMatch(request -> request.to == to && isOfThisTurn(request));
    }

    void notBefore(int to, long ms) {
        notBeforeMs.put(to, ms);
    }

    /** When somebody may be asked again. */
    long nextMs(long nowMs) {
        long next = Long.MAX_VALUE;
        for (long notBefore : notBeforeMs.values()) {
            if (notBefore > nowMs) {
                next = Math.min(next, notBefore);
            }
        }
        return next;
    }
}
