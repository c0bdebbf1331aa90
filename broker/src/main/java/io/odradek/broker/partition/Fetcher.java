package io.odradek.broker.partition;

import io.odradek.broker.net.PeerOutcome;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.partition.FetchAnswer;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FetchMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one broker for all partitions of one shard that follow it: one request at a time, in a fetch session (KIP-227), which names the
 * partitions that have something new to say. What one answer brings is appended and synced together, and the next request leaves when that
 * is durable: so it acknowledges all of it.
 *
 * <p>A partition asks until it is answered, through as many requests as it takes; one that is not asking, since it waits after a refusal or
 * has its log cut, is not in the session. Memory: one answer, so {@code replica.fetch.response.max.bytes} or one larger batch, until it is
 * appended.
 *
 * <p>Of the partitions that are throttled (KIP-73) one at a time is in a request, by turns, and none while what came before is not paid for; a
 * request does not wait beyond that. Those that are in sync, or have all that is committed, are never held up.
 *
 * <p>Confined to the shard's settle thread; answers are taken apart on the connection's loop.
 */
final class Fetcher {
    private static final Logger LOG = LoggerFactory.getLogger(Fetcher.class);

    /** A partition, as this broker and the other one name it. */
    record Key(Uuid topicId, int partition) {}

    /** A partition that follows. */
    private static final class Followed {
        final PartitionHost host;

        /** What it asks; null when it does not. */
        @Nullable
        Fetch asks;

        /** What the session has of it; null when it is not in it. */
        @Nullable
        Fetch sent;

        /** And where the leader believes that its log begins. */
        long sentLogStart;

        boolean appending;

        /** What it was sent for is to be paid for. */
        boolean throttled;

        Followed(PartitionHost host) {
            this.host = host;
        }
    }

    /** What an answer says of one partition. */
    record Part(
            Key key,
            @Nullable FetchAnswer answer,
            @Nullable FetchedBatches batches,
            @Nullable String complaint) {}

    private final int broker;
    private final Shard shard;
    private final int shardNumber;
    private final ReplicaPorts ports;
    private final ReplicationThrottle throttle;
    /** In the order in which those that are throttled get their turn. */
    private final Map<Key, Followed> followed = new LinkedHashMap<>();

    private final Map<Key, String> forgotten = new LinkedHashMap<>();
    private int sessionId = FetchMetadata.INVALID_SESSION_ID;
    private int sessionEpoch = FetchMetadata.INITIAL_EPOCH;
    private boolean inFlight;
    private int appending;
    private long notBeforeMs = Long.MIN_VALUE;
    private long wakesAtMs = Long.MIN_VALUE;
    private boolean failing;

    Fetcher(int broker, Shard shard, int shardNumber, ReplicaPorts ports, ReplicationThrottle throttle) {
        this.broker = broker;
        this.shard = shard;
        this.shardNumber = shardNumber;
        this.ports = ports;
        this.throttle = throttle;
    }

    private static Key key(PartitionHost host) {
        return new Key(host.topicId(), host.partition().partition());
    }

    /** The partition asks from now on. */
    void want(PartitionHost host, Fetch fetch) {
        Followed one = followed.computeIfAbsent(key(host), _ -> new Followed(host));
        one.asks = fetch;
        forgotten.remove(key(host));
    }

    /** What it was sent is on its way into its log. */
    void appending(PartitionHost host) {
        Followed one = followed.get(key(host));
        if (one != null && !one.appending) {
            one.appending = true;
            appending++;
        }
    }

    void appended(PartitionHost host) {
        Followed one = followed.get(key(host));
        if (one != null && one.appending) {
            one.appending = false;
            appending--;
        }
    }

    /** It does not follow this broker any more. */
    void leave(PartitionHost host) {
        Followed one = followed.remove(key(host));
        if (one == null) {
            return;
        }
        if (one.appending) {
            appending--;
        }
        if (one.sent != null) {
            forgotten.put(key(host), host.partition().topic());
        }
    }

    /** Sends the next request, if it is time. At the end of a pass: all that became durable in it is named together. */
    void askIfDue() {
        if (inFlight || appending > 0) {
            return;
        }
        long waitMs = throttle.waitMs();
        boolean asks = false;
        @Nullable Followed next = null;
        boolean held = false;
        for (Followed one : followed.values()) {
            one.throttled = one.asks != null && throttle.throttles(one.host.partition()) && one.host.lags();
            if (one.throttled && next == null && waitMs == 0) {
                next = one;
            }
            held |= one.throttled && one != next;
            asks |= one.asks != null && (!one.throttled || one == next);
        }
        if (!asks && !held) {
            return;
        }
        long nowMs = ports.clock().nowMs();
        if (!asks) {
            wakeAt(waitMs < Long.MAX_VALUE - nowMs ? nowMs + waitMs : Long.MAX_VALUE);
            return;
        }
        if (nowMs < notBeforeMs) {
            wakeAt(notBeforeMs);
            return;
        }
        boolean full = sessionId == FetchMetadata.INVALID_SESSION_ID;
        List<FetchQuestion.Asked> named = new ArrayList<>();
        List<FetchQuestion.Asked> dropped = new ArrayList<>();
        for (Map.Entry<Key, Followed> entry : followed.entrySet()) {
            Followed one = entry.getValue();
            Fetch wanted = one.throttled && one != next ? null : one.asks;
            String topic = one.host.partition().topic();
            if (wanted == null) {
                if (one.sent != null) {
                    dropped.add(new FetchQuestion.Asked(entry.getKey(), topic, null));
                    one.sent = null;
                }
            } else {
                // The leader answers only with news: what it waits for itself has to be said anew.
                long start = one.host.durableLogStart();
                if (full || !wanted.equals(one.sent) || start != one.sentLogStart) {
                    named.add(new FetchQuestion.Asked(
                            entry.getKey(), topic, wanted.fetch().withLogStart(start)));
                    one.sent = wanted;
                    one.sentLogStart = start;
                }
            }
        }
        if (next != null) { // and now it is the others' turn
            Key turn = key(next.host);
            followed.remove(turn);
            followed.put(turn, next);
        }
        forgotten.forEach((key, topic) -> dropped.add(new FetchQuestion.Asked(key, topic, null)));
        forgotten.clear();
        inFlight = true;
        Map<String, Uuid> ids = new HashMap<>();
        followed.forEach((key, one) -> {
            ids.put(one.host.partition().topic(), key.topicId());
        });
        ports.sources()
                .ask(
                        broker,
                        shardNumber,
                        new FetchQuestion(
                                ports.brokerId(),
                                ports.brokerEpoch().getAsLong(),
                                held && waitMs > 0 ? ports.fetching().waitingAtMost(waitMs) : ports.fetching(),
                                sessionId,
                                full ? FetchMetadata.INITIAL_EPOCH : sessionEpoch,
                                named,
                                full ? List.of() : dropped),
                        ports.fetching().timeoutMs(),
                        new PeerOutcome() {
                            @Override
                            public void answered(ApiMessage response, short version, BufferLease memory) {
                                if (response instanceof FetchResponseData data) {
                                    List<Part> parts = FetchParts.of(data, version, memory, ids);
                                    shard.settle(() -> taken(data.errorCode(), data.sessionId(), parts));
                                } else {
                                    shard.settle(() -> Fetcher.this.failed("another message: " + response));
                                }
                            }

                            @Override
                            public void failed(String why, boolean maybeDone) {
                                shard.settle(() -> Fetcher.this.failed(why));
                            }
                        });
    }

    /** Nothing else may happen in the shard by then. */
    private void wakeAt(long atMs) {
        if (wakesAtMs != atMs && atMs != Long.MAX_VALUE) {
            wakesAtMs = atMs;
            ports.clock().wakeAt(atMs, () -> shard.settle(() -> woken(atMs)));
        }
    }

    private void woken(long atMs) {
        if (wakesAtMs == atMs) {
            wakesAtMs = Long.MIN_VALUE; // or it would not be woken again, should it be too early
        }
        askIfDue();
    }

    private void taken(short errorCode, int answeredSession, List<Part> parts) {
        inFlight = false;
        Errors error = Errors.forCode(errorCode);
        if (error != Errors.NONE) {
            parts.forEach(Fetcher::release);
            forgetSession();
            switch (error) {
                case FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR -> {}
                default -> failed("error " + error + " for the whole request");
            }
            return;
        }
        if (failing) {
            failing = false;
            LOG.info("broker {} answers fetches again", broker);
        }
        for (Part part : parts) {
            take(part);
        }
        if (answeredSession == FetchMetadata.INVALID_SESSION_ID) {
            forgetSession(); // the other broker has no room for one
        } else if (answeredSession == sessionId) {
            sessionEpoch = FetchMetadata.nextEpoch(sessionEpoch);
        } else {
            sessionId = answeredSession;
            sessionEpoch = FetchMetadata.nextEpoch(FetchMetadata.INITIAL_EPOCH);
        }
    }

    private void take(Part part) {
        Followed one = followed.get(part.key());
        Fetch sent = one == null ? null : one.sent;
        if (one == null || sent == null) {
            release(part);
            return;
        }
        if (sent.equals(one.asks)) {
            one.asks = null;
        }
        String complaint = part.complaint();
        if (complaint != null) {
            one.host.cannotTake(complaint);
        }
        FetchedBatches batches = part.batches();
        if (one.throttled && batches != null) {
            throttle.passed(batches.sizeBytes());
        }
        FetchAnswer answer = part.answer();
        if (answer == null) {
            release(part);
            one.host.fetchFailed(sent.exchange());
        } else {
            one.host.fetchAnswered(sent.exchange(), sent.fetch().leaderEpoch(), answer, batches);
        }
    }

    private static void release(Part part) {
        FetchedBatches batches = part.batches();
        if (batches != null) {
            batches.releaseFrom(0);
        }
    }

    private void forgetSession() {
        sessionId = FetchMetadata.INVALID_SESSION_ID;
        sessionEpoch = FetchMetadata.INITIAL_EPOCH;
        followed.values().forEach(one -> one.sent = null);
        forgotten.clear();
    }

    /** Whether the other broker has got the request is not known, so neither is what it thinks of the session. */
    private void failed(String why) {
        inFlight = false;
        forgetSession();
        notBeforeMs = ports.clock().nowMs() + ports.fetching().backoffMs();
        if (!failing) {
            failing = true;
            LOG.warn("broker {} does not answer fetches: {}; it is asked again and again", broker, why);
        }
        for (Followed one : List.copyOf(followed.values())) {
            Fetch asked = one.asks;
            if (asked != null) {
                one.asks = null;
                one.host.fetchFailed(asked.exchange());
            }
        }
    }
}
