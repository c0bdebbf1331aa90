package io.odradek.broker.metadata;

import java.util.UUID;
import org.apache.kafka.common.Uuid;

/** Ids as Kafka's message classes have them, and as everything else here has them. */
public final class TopicIds {

    /** Kafka's fixed id of {@code __cluster_metadata}. */
    public static final UUID METADATA = new UUID(0, 1);

    public static Uuid toKafka(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    public static UUID fromKafka(Uuid id) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    private TopicIds() {}
}
