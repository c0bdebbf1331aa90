package io.odradek.broker.partition;

import java.util.List;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** Whom a client should ask instead (KIP-951), from the newest cluster image. Any thread. */
public interface LeaderHints {

    /**
     * @param leaderId -1 when nobody leads
     * @param host null when the leader has no endpoint on the listener
     */
    record Leader(
            int leaderId,
            int leaderEpoch,
            @Nullable String host,
            int port,
            @Nullable String rack) {}

    /**
     * @param listener the one the client came in on
     * @return null when there is no such partition
     */
    @Nullable
    Leader leaderOf(Uuid topicId, int partition, String listener);

    /** As {@link #leaderOf(Uuid, int, String)}, by name. */
    @Nullable
    Leader leaderOf(String topic, int partition, String listener);

    /**
     * A replica in sync, of a broker that is alive.
     *
     * @param rack null: it stands in none
     */
    record InSync(int brokerId, @Nullable String rack) {}

    /** Those that have an endpoint on the listener, the leader among them; none when there is no such partition. */
    default List<InSync> inSync(Uuid topicId, int partition, String listener) {
        return List.of();
    }

    /** As {@link #inSync(Uuid, int, String)}, by name. */
    default List<InSync> inSync(String topic, int partition, String listener) {
        return List.of();
    }

    /** The id that a topic of this name has now; null when there is none. */
    @Nullable
    Uuid topicId(String topic);

    /** The name of a topic; null when there is none with this id. */
    @Nullable
    String topicName(Uuid topicId);
}
