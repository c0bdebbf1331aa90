package io.odradek.spec.cluster;

import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.RequestRouter;
import io.odradek.engine.record.BufferLease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** A machine that only asks: a client with a connection to each broker, and what it was told of who leads. */
final class ClientMachine implements Machine {

    private static final int REQUEST_TIMEOUT_MS = 3_000;
    private static final int BACKOFF_MS = 100;

    private final int id;
    private final Timeline time;
    private final SplittableRandom random;
    private final int nodes;
    private final Map<Integer, PeerConnection> connections = new HashMap<>();
    private final PeerNetwork network;
    private final Map<String, Uuid> topicIds = new HashMap<>();
    private final Map<String, Integer> leaders = new HashMap<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean asking;

    ClientMachine(int id, SimulatedCluster cluster, SplittableRandom random) {
        this.id = id;
        this.time = cluster.time();
        this.random = random;
        this.nodes = cluster.nodeCount();
        this.network = cluster.network().of(this);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public boolean isUp() {
        return true;
    }

    @Override
    public long life() {
        return 0;
    }

    @Override
    public @Nullable RequestRouter listensAt(int port) {
        return null;
    }

    @Override
    public void run(long atLife, Runnable task) {
        task.run();
    }

    /** What comes of a question: an answer, or null. */
    interface Then<T extends ApiMessage> {
        void accept(@Nullable T response);

        /** @param maybeDone whether the question may have been heard */
        default void failed(boolean maybeDone) {
            accept(null);
        }
    }

    <T extends ApiMessage> void ask(int node, ApiKeys api, ApiMessage request, Class<T> answer, Then<T> then) {
        ask(node, api, request, REQUEST_TIMEOUT_MS, answer, then);
    }

    <T extends ApiMessage> void ask(
            int node, ApiKeys api, ApiMessage request, int timeoutMs, Class<T> answer, Then<T> then) {
        connections
                .computeIfAbsent(
                        node,
                        to -> network.connection("broker " + to, SimulatedNetwork.hostOf(to), ClusterNode.CLIENT_PORT))
                .ask(
                        new PeerRequest() {
                            @Override
                            public ApiKeys api() {
                                return api;
                            }

                            @Override
                            public ApiMessage at(short version) {
                                return request;
                            }
                        },
                        timeoutMs,
                        new PeerOutcome() {
                            @Override
                            public void answered(ApiMessage response, short version, BufferLease memory) {
                                then.accept(answer.cast(response));
                            }

                            @Override
                            public void failed(String why, boolean maybeDone) {
                                then.failed(maybeDone);
                            }
                        });
    }

    int anyNode() {
        return random.nextInt(nodes);
    }

    /** Negative while nobody is known. */
    int leaderOf(String topic, int partition) {
        return leaders.getOrDefault(topic + "-" + partition, -1);
    }

    @Nullable
    Uuid topicId(String topic) {
        return topicIds.get(topic);
    }

    /** After a while asks somebody who leads, and goes on; many who ask share a question. */
    void lookAgain(Runnable then) {
        waiting.add(then);
        if (!asking) {
            asking = true;
            time.after(BACKOFF_MS / 2 + random.nextInt(BACKOFF_MS), this::askWhoLeads);
        }
    }

    private void askWhoLeads() {
        MetadataRequestData request =
                new MetadataRequestData().setAllowAutoTopicCreation(false).setTopics(null);
        ask(anyNode(), ApiKeys.METADATA, request, MetadataResponseData.class, this::learn);
    }

    private void learn(@Nullable MetadataResponseData response) {
        if (response != null) {
            topicIds.clear();
            leaders.clear();
            for (var topic : response.topics()) {
                if (topic.errorCode() == Errors.NONE.code()) {
                    topicIds.put(topic.name(), topic.topicId());
                    for (var partition : topic.partitions()) {
                        leaders.put(topic.name() + "-" + partition.partitionIndex(), partition.leaderId());
                    }
                }
            }
        }
        asking = false;
        List<Runnable> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(Runnable::run);
    }

    void after(long ms, Runnable task) {
        time.after(ms, task);
    }

    <T extends ApiMessage> Then<T> orElse(Runnable otherwise, Consumer<T> then) {
        return response -> {
            if (response == null) {
                otherwise.run();
            } else {
                then.accept(response);
            }
        };
    }
}
