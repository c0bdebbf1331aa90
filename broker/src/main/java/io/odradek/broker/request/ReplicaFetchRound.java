package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.FetchInterest;
import io.odradek.broker.partition.FetchSession;
import io.odradek.broker.partition.FollowerAnswer;
import io.odradek.broker.partition.ParkedFetch;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.partition.ReplicaFetch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FetchRequest;
import org.jspecify.annotations.Nullable;

/**
 * One fetch request of a follower. Where it asks from says what it has, so each partition's leader is told, on its settle thread, and decides
 * what to answer: at once, or when there is something new. What it decided is read here, and answered when it is enough.
 *
 * <pre>
 *   network loop                                settle threads
 *   ask what the request names, or ─────────▶   FollowerFetched: records, a divergence, a refusal; or it waits
 *   what was answered since             ◀────   all were asked
 *   read what was decided, answer               ...
 *   or park                             ◀────   decided: announced to the session
 * </pre>
 *
 * A partition that has nothing new goes on waiting at its leader when the request is answered because of another: the session's next request
 * finds it there. When it has waited for as long as the follower allows it is asked anew, if the follower has: so a follower that has
 * everything is known to be alive. Confined to the connection's network loop.
 */
final class ReplicaFetchRound extends ParkedFetch {
    private final FetchReads reads;
    private final Request request;
    private final Reply reply;
    private final FetchSession session;
    private final boolean incremental;
    private final int replicaId;
    private final long brokerEpoch;
    private final int minBytes;
    private final int maxBytes;
    private final int maxWaitMs;
    private final LongAdder parked;

    private final List<FetchInterest> found = new ArrayList<>();
    private final List<PartitionData> answers = new ArrayList<>();
    private long foundBytes;
    private boolean urgent;

    /** Settle threads that have not told all of their partitions yet. */
    private int unheard;

    private Connection.@Nullable Timer deadline;
    private boolean expired;
    /** Something is there that is throttled. */
    private boolean held;

    private Connection.@Nullable Timer release;

    private record Ask(PartitionHost host, ReplicaFetch fetch, FollowerAnswer.Reader reader) {}

    ReplicaFetchRound(
            FetchReads reads,
            Request request,
            Reply reply,
            FetchSession session,
            boolean incremental,
            int maxBytes,
            LongAdder parked) {
        FetchRequestData body = (FetchRequestData) request.body();
        this.reads = reads;
        this.request = request;
        this.reply = reply;
        this.session = session;
        this.incremental = incremental;
        this.replicaId = FetchRequest.replicaId(body);
        this.brokerEpoch = body.replicaState().replicaEpoch();
        this.maxBytes = Math.max(0, Math.min(body.maxBytes(), maxBytes));
        this.minBytes = Math.min(body.minBytes(), this.maxBytes);
        this.maxWaitMs = Math.max(0, body.maxWaitMs());
        this.parked = parked;
    }

    void begin() {
        session.drain();
        for (FetchInterest interest : session.interests()) {
            if (interest.isUnasked()) {
                session.list(interest);
            }
        }
        look();
    }

    private void look() {
        do {
            session.drain();
            if (lookAtListed()) {
                return; // comes back when all have been told
            }
            if (urgent || foundBytes >= minBytes || expired || maxWaitMs == 0 || session.size() == 0) {
                answer();
                return;
            }
        } while (!park());
    }

    /** @return whether somebody was asked */
    private boolean lookAtListed() {
        Map<Shard, List<Ask>> asks = new LinkedHashMap<>();
        List<FetchInterest> later = new ArrayList<>();
        held = false;
        @Nullable FetchInterest interest;
        while ((foundBytes == 0 || foundBytes < maxBytes) && (interest = session.poll()) != null) {
            if (interest.isUnasked()) {
                if (!expired) {
                    ask(interest, asks);
                }
            } else {
                FollowerAnswer answer = interest.answer();
                if (answer != null) {
                    take(interest, answer, asks, later);
                }
            }
        }
        later.forEach(session::list);
        unheard += asks.size();
        asks.forEach((shard, ofShard) -> shard.settle(() -> {
            for (Ask ask : ofShard) {
                ask.host().followerFetched(ask.fetch(), ask.reader());
            }
            request.connection().execute(this::heard);
        }));
        return unheard > 0;
    }

    private void ask(FetchInterest interest, Map<Shard, List<Ask>> asks) {
        PartitionHost host = reads.find(interest);
        if (host == null) {
            interest.askAgain();
            add(interest, reads.missing(interest, request), true);
            return;
        }
        ReplicaFetch fetch = new ReplicaFetch(
                replicaId,
                brokerEpoch,
                interest.currentLeaderEpoch(),
                interest.fetchOffset(),
                interest.lastFetchedEpoch(),
                interest.replicaLogStartOffset(),
                interest.knownHighWatermark(),
                maxWaitMs);
        asks.computeIfAbsent(host.shard(), _ -> new ArrayList<>()).add(new Ask(host, fetch, interest.ask()));
    }

    private void take(
            FetchInterest interest, FollowerAnswer answer, Map<Shard, List<Ask>> asks, List<FetchInterest> later) {
        boolean throttled = isThrottled(interest, answer);
        if (throttled && reads.throttle().waitMs() > 0) {
            held = true;
            later.add(interest); // those that were held longer come first
            return;
        }
        long left = Math.max(0, maxBytes - foundBytes);
        int limit = (int) Math.min(interest.maxBytes(), left);
        // KIP-74: the first batch of the response comes in any case.
        PartitionData data = reads.readForFollower(interest, request, answer, limit, foundBytes == 0);
        boolean fine =
                data.errorCode() == Errors.NONE.code() && data.divergingEpoch().endOffset() < 0;
        boolean nothing = fine && FetchRound.sizeBytes(data) == 0;
        if (throttled && !nothing) {
            reads.throttle().passed(FetchRound.sizeBytes(data));
        }
        boolean more = nothing && answer instanceof FollowerAnswer.Granted granted && granted.from() < granted.to();
        if (more) {
            later.add(interest); // there is no room for it: first in the next one
            return;
        }
        boolean news = interest.isNews(data.highWatermark(), data.logStartOffset());
        boolean knewLess = data.highWatermark() > interest.knownHighWatermark();
        interest.knows(data.highWatermark()); // or, asked again, its leader would answer the same at once
        if (nothing && incremental && !news && !expired) {
            ask(interest, asks); // it has waited long enough there
            return;
        }
        interest.askAgain();
        add(interest, data, !fine || (nothing && news && knewLess));
    }

    /** Whether what was granted is held up by the leader's throttle (KIP-73): never what commits records. */
    private boolean isThrottled(FetchInterest interest, FollowerAnswer answer) {
        PartitionHost host = interest.host();
        return host != null
                && answer instanceof FollowerAnswer.Granted granted
                && granted.from() < granted.to()
                && reads.throttle().throttles(host.partition())
                && !host.counts(replicaId);
    }

    private void add(FetchInterest interest, PartitionData data, boolean isUrgent) {
        found.add(interest);
        answers.add(data);
        foundBytes += FetchRound.sizeBytes(data);
        urgent |= isUrgent;
    }

    /** One settle thread has told all of its partitions. */
    private void heard() {
        unheard--;
        if (unheard == 0) {
            look();
        }
    }

    /** @return false when there was something meanwhile */
    private boolean park() {
        if (deadline == null) {
            parked.increment();
            deadline = request.connection().schedule(maxWaitMs, this::expire);
        }
        lookAgainWhenReleased();
        return session.park(this, 1);
    }

    /** Not when the request will have been answered by then. */
    private void lookAgainWhenReleased() {
        if (release == null && held) {
            long waitMs = reads.throttle().waitMs();
            if (waitMs < maxWaitMs) {
                release = request.connection().schedule(waitMs, this::released);
            }
        }
    }

    private void released() {
        release = null;
        if (unheard == 0 && unpark()) {
            look();
        }
        // Else it looks anyway, and finds what was held.
    }

    @Override
    protected void wake() {
        request.connection().execute(this::resume);
    }

    private void resume() {
        resumed();
        look();
    }

    private void expire() {
        expired = true;
        if (unheard == 0 && unpark()) {
            look();
        }
        // Else it will be told, or has been woken, and finds its time over when it looks.
    }

    private void answer() {
        if (deadline != null) {
            deadline.cancel();
            parked.decrement();
        }
        if (release != null) {
            release.cancel();
        }
        if (!incremental) {
            addTheRest();
        }
        FetchResponseData response = FetchRound.response(session, found, answers, incremental, reads, request);
        for (int i = 0; i < found.size(); i++) {
            FetchInterest interest = found.get(i);
            PartitionData data = answers.get(i);
            PartitionHost host = interest.host();
            if (host != null) {
                host.traffic().fetched(FetchRound.sizeBytes(data));
            }
            interest.sent(data.highWatermark(), data.logStartOffset());
            if (data.errorCode() != Errors.NONE.code()) {
                interest.sentError();
            }
        }
        session.leave();
        reply.send(response);
    }

    /** A full request has an answer for each of its partitions; those that wait at their leaders have nothing. */
    private void addTheRest() {
        for (FetchInterest interest : session.interests()) {
            if (!found.contains(interest)) {
                add(interest, reads.nothing(interest), false);
            }
        }
    }
}
