package io.odradek.broker.partition;

import io.odradek.broker.net.PeerRequest;
import io.odradek.replication.partition.ReplicaFetch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/** A follower's Fetch, as Kafka's request. Immutable. */
record FetchQuestion(
        int brokerId,
        long brokerEpoch,
        FetcherSettings settings,
        int sessionId,
        int sessionEpoch,
        List<Asked> named,
        List<Asked> forgotten)
        implements PeerRequest {

    /** The first that says which epoch the follower's log ends with (KIP-595). */
    private static final short FIRST_WITH_LAST_EPOCH = 12;

    static final short FIRST_WITH_TOPIC_IDS = 13;
    private static final short FIRST_WITH_BROKER_EPOCH = 15;
    private static final short FIRST_WITH_HIGH_WATERMARK = 18;

    /** @param fetch null when the partition leaves the session */
    record Asked(Fetcher.Key key, String topic, @Nullable ReplicaFetch fetch) {}

    @Override
    public ApiKeys api() {
        return ApiKeys.FETCH;
    }

    @Override
    public ApiMessage at(short version) {
        if (version < FIRST_WITH_LAST_EPOCH) {
            throw new UnsupportedVersionException("a follower fetches from version 12 on, not in version " + version);
        }
        boolean ids = version >= FIRST_WITH_TOPIC_IDS;
        FetchRequestData data = new FetchRequestData()
                .setMaxWaitMs(settings.maxWaitMs())
                .setMinBytes(settings.minBytes())
                .setMaxBytes(settings.maxResponseBytes())
                .setSessionId(sessionId)
                .setSessionEpoch(sessionEpoch);
        if (version >= FIRST_WITH_BROKER_EPOCH) {
            data.replicaState().setReplicaId(brokerId).setReplicaEpoch(brokerEpoch);
        } else {
            data.setReplicaId(brokerId);
        }
        Map<Object, FetchTopic> topics = new LinkedHashMap<>();
        for (Asked one : named) {
            ReplicaFetch fetch = one.fetch();
            if (fetch == null) {
                throw new IllegalStateException("nothing is asked of " + one);
            }
            FetchPartition partition = new FetchPartition()
                    .setPartition(one.key().partition())
                    .setCurrentLeaderEpoch(fetch.leaderEpoch())
                    .setFetchOffset(fetch.fetchOffset())
                    .setLastFetchedEpoch(fetch.lastFetchedEpoch())
                    .setLogStartOffset(fetch.logStartOffset())
                    .setPartitionMaxBytes(settings.maxBytes());
            if (version >= FIRST_WITH_HIGH_WATERMARK) {
                partition.setHighWatermark(fetch.highWatermark());
            }
            topics.computeIfAbsent(one.key().topicId(), _ -> topic(one, ids))
                    .partitions()
                    .add(partition);
        }
        data.setTopics(List.copyOf(topics.values()));
        Map<Object, ForgottenTopic> gone = new LinkedHashMap<>();
        for (Asked one : forgotten) {
            gone.computeIfAbsent(one.key().topicId(), _ -> gone(one, ids))
                    .partitions()
                    .add(one.key().partition());
        }
        data.setForgottenTopicsData(List.copyOf(gone.values()));
        return data;
    }

    private static FetchTopic topic(Asked one, boolean ids) {
        FetchTopic topic = new FetchTopic();
        return ids ? topic.setTopicId(one.key().topicId()) : topic.setTopic(one.topic());
    }

    private static ForgottenTopic gone(Asked one, boolean ids) {
        ForgottenTopic topic = new ForgottenTopic();
        return ids ? topic.setTopicId(one.key().topicId()) : topic.setTopic(one.topic());
    }
}
