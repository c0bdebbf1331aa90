package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.FetchSession;
import io.odradek.broker.partition.FetchSessions;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.quota.FetchQuota;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FetchRequest;

/**
 * Fetch. Answers on the network loop when the records are there; otherwise the request waits without holding a thread, see
 * {@link FetchRound}.
 */
public final class FetchHandler implements ApiHandler {
    private final FetchSessions sessions;
    private final FetchReads reads;
    private final int maxBytes;
    private final FetchQuota quota;
    private final LongAdder parked = new LongAdder();

    /** @param maxBytes {@code fetch.max.bytes} of the broker: no response has more, but for one large batch */
    public FetchHandler(Partitions partitions, LeaderHints hints, FetchSessions sessions, int maxBytes) {
        this(partitions, hints, sessions, maxBytes, FetchQuota.NONE, ReadReplicaSelector.LEADER);
    }

    /**
     * @param quota of consumers; followers have none
     * @param selector whom consumers are told to read from
     */
    public FetchHandler(
            Partitions partitions,
            LeaderHints hints,
            FetchSessions sessions,
            int maxBytes,
            FetchQuota quota,
            ReadReplicaSelector selector) {
        this.sessions = sessions;
        this.reads = new FetchReads(partitions, hints, selector);
        this.maxBytes = maxBytes;
        this.quota = quota;
    }

    /** Requests that wait for more to read. Any thread. */
    public long parkedRequests() {
        return parked.sum();
    }

    @Override
    public void handle(Request request, Reply reply) {
        FetchRequestData body = (FetchRequestData) request.body();
        boolean follower = FetchRequest.replicaId(body) >= 0;
        switch (sessions.enter(body, request.version())) {
            case FetchSessions.Full(var session) -> begin(request, reply, session, false, follower);
            case FetchSessions.Incremental(var session) -> begin(request, reply, session, true, follower);
            case FetchSessions.Refused(Errors error) -> reply.send(new FetchResponseData().setErrorCode(error.code()));
        }
    }

    private void begin(Request request, Reply reply, FetchSession session, boolean incremental, boolean follower) {
        if (follower) {
            new ReplicaFetchRound(reads, request, reply, session, incremental, maxBytes, parked).begin();
        } else {
            new FetchRound(reads, sessions, quota, request, reply, session, incremental, maxBytes, parked).look();
        }
    }
}
