package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.partition.FetchInterest;
import io.odradek.broker.partition.FetchSession;
import io.odradek.broker.partition.FetchSessions;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.ParkedFetch;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.quota.FetchQuota;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * One fetch request on its way to an answer: looks at the partitions that may have something, answers when that is enough or
 * the time is over, and otherwise waits to be woken. Confined to the connection's network loop, which runs {@link #look}
 * whenever the round is woken.
 */
final class FetchRound extends ParkedFetch {
    private final FetchReads reads;
    private final FetchSessions sessions;
    private final FetchQuota quota;
    private final Request request;
    private final Reply reply;
    private final FetchSession session;
    private final boolean incremental;
    private final int minBytes;
    private final int maxBytes;
    private final int maxWaitMs;
    private final boolean readCommitted;
    private final LongAdder parked;

    /** What this look has found, in the order of the response; the records are ours until the reply is sent. */
    private final List<FetchInterest> found = new ArrayList<>();

    private final List<PartitionData> answers = new ArrayList<>();
    private long foundBytes;
    private boolean urgent;

    private Connection.@Nullable Timer deadline;
    private boolean expired;

    /** @param parked how many requests wait for more to read */
    FetchRound(
            FetchReads reads,
            FetchSessions sessions,
            FetchQuota quota,
            Request request,
            Reply reply,
            FetchSession session,
            boolean incremental,
            int maxBytes,
            LongAdder parked) {
        FetchRequestData body = (FetchRequestData) request.body();
        this.reads = reads;
        this.sessions = sessions;
        this.quota = quota;
        this.request = request;
        this.reply = reply;
        this.session = session;
        this.incremental = incremental;
        this.parked = parked;
        long most = Math.min(maxBytes, quota.mostBytes(request.clientId()));
        this.maxBytes = (int) Math.max(0, Math.min(body.maxBytes(), most));
        this.minBytes = Math.min(body.minBytes(), this.maxBytes);
        this.maxWaitMs = body.maxWaitMs();
        this.readCommitted = body.isolationLevel() == FetchReads.READ_COMMITTED;
    }

    /** Looks until there is an answer or nothing to do but wait. */
    void look() {
        do {
            session.drain();
            if (incremental) {
                lookAtListed();
            } else {
                lookAtAll();
            }
            if (urgent || foundBytes >= minBytes || expired || maxWaitMs <= 0 || session.size() == 0) {
                answer();
                return;
            }
        } while (!park());
    }

    private void lookAtAll() {
        session.unlistAll();
        for (FetchInterest interest : session.interests()) {
            lookAt(interest);
        }
    }

    /** Stops when the response is full: what was not looked at comes first next time. */
    private void lookAtListed() {
        @Nullable FetchInterest interest;
        while ((foundBytes == 0 || foundBytes < maxBytes) && (interest = session.poll()) != null) {
            lookAt(interest);
        }
    }

    private void lookAt(FetchInterest interest) {
        long left = maxBytes - foundBytes;
        int limit = (int) Math.max(0, Math.min(interest.maxBytes(), left));
        // KIP-74: the first batch of the response comes in any case, or a client would never get past a large one.
        PartitionData data = reads.read(interest, request, readCommitted, limit, foundBytes == 0);
        found.add(interest);
        answers.add(data);
        foundBytes += sizeBytes(data);
        urgent |= data.errorCode() != Errors.NONE.code() || isDiverging(data) || isElsewhere(data);
    }

    /** @return false when there was progress meanwhile */
    private boolean park() {
        closeRecords();
        boolean unchanged = true;
        for (int i = 0; i < found.size(); i++) {
            FetchInterest interest = found.get(i);
            PartitionData data = answers.get(i);
            boolean watched = interest.watch();
            unchanged &= watched;
            if (!watched || sizeBytes(data) > 0 || interest.isNews(data.highWatermark(), data.logStartOffset())) {
                session.list(interest);
            }
        }
        long missingBytes = minBytes - foundBytes;
        found.clear();
        answers.clear();
        foundBytes = 0;
        if (deadline == null) {
            parked.increment();
            deadline = request.connection().schedule(maxWaitMs, this::expire);
        }
        if (!session.park(this, missingBytes)) {
            return false;
        }
        return unchanged || !unpark();
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
        if (unpark()) {
            look();
        }
        // Else it has been woken, and will find its time over when it looks.
    }

    private void answer() {
        if (deadline != null) {
            deadline.cancel();
            parked.decrement();
        }
        FetchQuota.Verdict verdict = quota.fetched(request.clientId(), foundBytes);
        if (verdict.isWithheld()) {
            withhold(verdict.throttleMs());
            return;
        }
        for (int i = 0; i < found.size(); i++) {
            PartitionHost host = found.get(i).host();
            if (host != null) {
                host.traffic().fetched(sizeBytes(answers.get(i)));
            }
        }
        FetchResponseData response =
                response(session, found, answers, incremental, reads, request).setThrottleTimeMs(verdict.throttleMs());
        for (int i = 0; i < found.size(); i++) {
            settle(found.get(i), answers.get(i));
        }
        found.clear();
        answers.clear();
        session.leave();
        reply.send(response);
    }

    /**
     * The client is over its quota, and waits before it asks again for what it is not given now (KIP-219). To a full fetch it makes nothing of
     * such an answer, and begins anew: the session was for nothing.
     */
    private void withhold(int throttleMs) {
        closeRecords();
        found.forEach(session::list);
        found.clear();
        answers.clear();
        FetchResponseData response = new FetchResponseData().setThrottleTimeMs(throttleMs);
        if (incremental) {
            response.setSessionId(session.id());
        } else {
            sessions.end(session);
        }
        session.leave();
        reply.send(response);
    }

    /** As it is sent: in a session only what is new. */
    static FetchResponseData response(
            FetchSession session,
            List<FetchInterest> found,
            List<PartitionData> answers,
            boolean incremental,
            FetchReads reads,
            Request request) {
        FetchResponseData response = new FetchResponseData().setSessionId(session.id());
        List<FetchableTopicResponse> topics = new ArrayList<>();
        @Nullable FetchableTopicResponse topic = null;
        for (int i = 0; i < found.size(); i++) {
            FetchInterest interest = found.get(i);
            PartitionData data = answers.get(i);
            if (incremental && !isWorthSaying(interest, data)) {
                continue;
            }
            if (topic == null || !isOf(topic, interest)) {
                topic = new FetchableTopicResponse().setTopicId(interest.topicId());
                String name = interest.topic();
                if (name != null) {
                    topic.setTopic(name);
                }
                topics.add(topic);
            }
            topic.partitions().add(data);
            addEndpoint(response, interest, data, reads, request);
        }
        response.setResponses(topics);
        return response;
    }

    private static boolean isWorthSaying(FetchInterest interest, PartitionData data) {
        return sizeBytes(data) > 0
                || data.errorCode() != Errors.NONE.code()
                || isDiverging(data)
                || isElsewhere(data)
                || interest.isNews(data.highWatermark(), data.logStartOffset());
    }

    /** Remembers what the client is told, and whether the next fetch should look here unasked. */
    private void settle(FetchInterest interest, PartitionData data) {
        if (!session.isSession()) {
            return;
        }
        boolean failed = data.errorCode() != Errors.NONE.code();
        interest.sent(data.highWatermark(), data.logStartOffset());
        if (failed) {
            interest.sentError();
        }
        // With nothing to read it is quiet until its shard announces it; anything else is looked at again.
        if (failed || sizeBytes(data) > 0 || isDiverging(data) || isElsewhere(data) || !interest.watch()) {
            session.list(interest);
        }
    }

    private static boolean isOf(FetchableTopicResponse topic, FetchInterest interest) {
        String name = interest.topic();
        return name != null ? topic.topic().equals(name) : topic.topicId().equals(interest.topicId());
    }

    private static void addEndpoint(
            FetchResponseData response, FetchInterest interest, PartitionData data, FetchReads reads, Request request) {
        if (data.currentLeader().leaderId() < 0) {
            return;
        }
        LeaderHints.Leader leader = reads.leader(interest, request);
        if (leader != null
                && leader.host() != null
                && leader.leaderId() == data.currentLeader().leaderId()
                && response.nodeEndpoints().find(leader.leaderId()) == null) {
            response.nodeEndpoints()
                    .add(new FetchResponseData.NodeEndpoint()
                            .setNodeId(leader.leaderId())
                            .setHost(leader.host())
                            .setPort(leader.port())
                            .setRack(leader.rack()));
        }
    }

    private void closeRecords() {
        for (int i = 0; i < answers.size(); i++) {
            if (answers.get(i).records() instanceof SlicedRecords records) {
                records.close();
            }
        }
    }

    static int sizeBytes(PartitionData data) {
        return data.records() == null ? 0 : data.records().sizeInBytes();
    }

    /** The client is told to read from another replica. */
    private static boolean isElsewhere(PartitionData data) {
        return data.preferredReadReplica() != ReadReplicaSelector.NOBODY_ELSE;
    }

    private static boolean isDiverging(PartitionData data) {
        return data.divergingEpoch().endOffset() >= 0;
    }
}
