package io.odradek.broker.partition;

import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.TopicImage;
import java.util.Map;

/**
 * Both sides of this broker's throttled replication, as dynamic configuration says: the rates of the broker, else of all brokers, and the replicas
 * that topics name. Followed on the thread that applies metadata; read by any.
 */
public final class ReplicationThrottles {
    public static final String LEADER_RATE = "leader.replication.throttled.rate";
    public static final String FOLLOWER_RATE = "follower.replication.throttled.rate";
    public static final String LEADER_REPLICAS = "leader.replication.throttled.replicas";
    public static final String FOLLOWER_REPLICAS = "follower.replication.throttled.replicas";

    private final int brokerId;
    private final ReplicationThrottle leader;
    private final ReplicationThrottle follower;

    ReplicationThrottles(int brokerId, ReplicaClock clock) {
        this.brokerId = brokerId;
        this.leader = new ReplicationThrottle(clock);
        this.follower = new ReplicationThrottle(clock);
    }

    /** Of what this broker sends to followers. */
    public ReplicationThrottle leader() {
        return leader;
    }

    /** Of what it fetches from leaders. */
    public ReplicationThrottle follower() {
        return follower;
    }

    void start(ClusterImage image) {
        rates(image);
        for (var topic : image.topicsByName()) {
            topic(image, topic.getKey());
        }
    }

    /** @return whether something may have changed for replicas that wait */
    boolean apply(ClusterImage image, ClusterDelta delta) {
        for (TopicImage deleted : delta.deletedTopics()) {
            topic(image, deleted.name());
        }
        for (ConfigResource changed : delta.changedConfigs()) {
            switch (changed.type()) {
                case TOPIC -> topic(image, changed.name());
                case BROKER -> rates(image);
                case GROUP, CLIENT_METRICS -> {}
            }
        }
        return !delta.changedConfigs().isEmpty();
    }

    private void rates(ClusterImage image) {
        Map<String, String> own =
                image.config(new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(brokerId)));
        Map<String, String> all = image.config(new ConfigResource(ConfigResource.Type.BROKER, ""));
        leader.rate(rate(LEADER_RATE, own, all));
        follower.rate(rate(FOLLOWER_RATE, own, all));
    }

    private static long rate(String key, Map<String, String> own, Map<String, String> all) {
        String rate = own.getOrDefault(key, all.get(key));
        return rate == null ? Pace.UNLIMITED : Long.parseLong(rate.trim());
    }

    private void topic(ClusterImage image, String name) {
        Map<String, String> config = image.config(ConfigResource.topic(name));
        leader.topic(name, ThrottledReplicas.of(config.getOrDefault(LEADER_REPLICAS, ""), brokerId));
        follower.topic(name, ThrottledReplicas.of(config.getOrDefault(FOLLOWER_REPLICAS, ""), brokerId));
    }
}
