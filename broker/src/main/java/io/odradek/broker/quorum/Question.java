package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.QuorumRequest;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import org.apache.kafka.common.message.BeginQuorumEpochResponseData;
import org.apache.kafka.common.message.EndQuorumEpochResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/**
 * What the machine asks another server, as Kafka's request, and what is made of the answer.
 *
 * @param self where this server is reached; null when nobody is to know
 */
record Question(
        QuorumWire wire, QuorumRequest request, @Nullable Endpoint self) implements Peers.Request {

    /** Of records in an answer to a fetch, if there is no single larger batch. Kafka's. */
    static final int MOST_FETCHED_BYTES = 8 << 20;

    @Override
    public ApiKeys api() {
        return switch (request) {
            case Vote _ -> ApiKeys.VOTE;
            case BeginEpoch _ -> ApiKeys.BEGIN_QUORUM_EPOCH;
            case EndEpoch _ -> ApiKeys.END_QUORUM_EPOCH;
            case Fetch _ -> ApiKeys.FETCH;
        };
    }

    @Override
    public ApiMessage at(short version) {
        return switch (request) {
            case Vote vote -> VoteMessages.request(wire, vote);
            case BeginEpoch begin -> BeginEpochMessages.request(wire, begin, self);
            case EndEpoch end -> EndEpochMessages.request(wire, end, self);
            case Fetch fetch -> FetchMessages.request(wire, fetch, MOST_FETCHED_BYTES, version);
        };
    }

    Heard heard(ApiMessage response, short version) {
        return switch (request) {
            case Vote _ when response instanceof VoteResponseData data -> VoteMessages.heard(wire, data);
            case BeginEpoch _
            when response instanceof BeginQuorumEpochResponseData data -> BeginEpochMessages.heard(wire, data);
            case EndEpoch _
            when response instanceof EndQuorumEpochResponseData data -> EndEpochMessages.heard(wire, data);
            case Fetch _ when response instanceof FetchResponseData data -> FetchMessages.heard(wire, data, version);
            case Vote _, BeginEpoch _, EndEpoch _, Fetch _ -> new Heard.Nonsense("another message: " + response);
        };
    }
}
