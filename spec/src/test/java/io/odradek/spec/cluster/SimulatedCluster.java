package io.odradek.spec.cluster;

import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.quorum.VoterSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes, each broker and controller, a client machine with idempotent producers and consumers, and what befalls them: a history in virtual time that
 * its seed decides, with faults first and then peace, in which everything has to get well.
 */
final class SimulatedCluster {

    private static final int NODES = 3;
    private static final int CLIENT = NODES;
    private static final String[] TOPICS = {"orders", "events"};
    private static final int PARTITIONS = 2;
    private static final long PEACEFUL_MS = 15_000;
    /** A follower that fetches a batch or two at a time, and lost much, takes its time. */
    private static final long PATIENCE_MS = 60_000;

    private final long seed;
    private final long faultyMs;
    private final SplittableRandom random;
    private final Timeline time = new Timeline();
    private final Chronicle chronicle = new Chronicle(time);
    private final Temper temper;
    private final SimulatedNetwork network;
    private final Ledger ledger = new Ledger(chronicle, ClusterNode.CLUSTER);
    private final List<ClusterNode> nodes = new ArrayList<>();
    private final VoterSet voters;
    private final ClientMachine client;
    private final List<NumberingProducer> producers = new ArrayList<>();
    private final List<CheckingConsumer> consumers = new ArrayList<>();
    private @Nullable OffsetCommitter committer;
    private boolean faults = true;

    /** @param wholeMs how long it takes, in virtual time: the last 15 s are peaceful */
    SimulatedCluster(long seed, long wholeMs) {
        this.seed = seed;
        this.faultyMs = Math.max(0, wholeMs - PEACEFUL_MS);
        this.random = new SplittableRandom(seed);
        this.temper = Temper.of(random.split());
        this.network = new SimulatedNetwork(time, chronicle, random.split(), NODES + 1, this::machine);
        for (int id = 0; id < NODES; id++) {
            nodes.add(new ClusterNode(id, this, random.split()));
        }
        this.voters = VoterSet.of(nodes.stream().map(ClusterNode::voter).toList());
        this.client = new ClientMachine(CLIENT, this, random.split());
    }

    private Machine machine(int id) {
        return id == CLIENT ? client : nodes.get(id);
    }

    Timeline time() {
        return time;
    }

    Chronicle chronicle() {
        return chronicle;
    }

    Temper temper() {
        return temper;
    }

    SimulatedNetwork network() {
        return network;
    }

    Ledger ledger() {
        return ledger;
    }

    VoterSet voters() {
        return voters;
    }

    int nodeCount() {
        return NODES;
    }

    Map<String, Integer> counts() {
        return chronicle.counts();
    }

    /** Equal for equal histories. */
    long checksum() {
        return chronicle.checksum();
    }

    /** A failure says the seed, and how it came to it. */
    void run() {
        try {
            runAll();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (./odradek simulate --seed " + seed + " runs it again, for "
                            + (faultyMs + PEACEFUL_MS) / 1_000 + " virtual seconds): " + e + "\n" + temper + "\n"
                            + chronicle.last() + "\n" + describe(),
                    e);
        }
    }

    private void runAll() {
        network.slow(temper.slowPercent(), temper.mostSlowMs());
        nodes.forEach(ClusterNode::start);
        createTopics();
        time.after(random.nextInt(5_000), this::disturb);
        time.runUntil(faultyMs);
        chronicle.say("peace");
        faults = false;
        network.slow(0, 1);
        network.heal();
        nodes.forEach(ClusterNode::peace);
        time.runUntil(faultyMs + PEACEFUL_MS / 2);
        producers.forEach(NumberingProducer::stop);
        if (committer != null) {
            committer.stop();
        }
        time.runUntil(faultyMs + PEACEFUL_MS);
        for (long patientMs = time.nowMs() + PATIENCE_MS; ; time.runUntil(time.nowMs() + 1_000)) {
            try {
                allIsWell();
                return;
            } catch (AssertionError notYet) {
                if (time.nowMs() >= patientMs) {
                    throw notYet;
                }
                chronicle.count("it takes longer until all is well");
            }
        }
    }

    private void createTopics() {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(2_000);
        for (String topic : TOPICS) {
            CreateTopicsRequestData.CreatableTopic wanted = new CreateTopicsRequestData.CreatableTopic()
                    .setName(topic)
                    .setNumPartitions(PARTITIONS)
                    .setReplicationFactor((short) NODES);
            config(wanted, "odradek.durability", "sync");
            config(wanted, "min.insync.replicas", "2");
            config(wanted, "segment.ms", String.valueOf(temper.segmentMs()));
            config(wanted, "retention.ms", "-1");
            request.topics().add(wanted);
        }
        client.ask(
                client.anyNode(),
                ApiKeys.CREATE_TOPICS,
                request,
                CreateTopicsResponseData.class,
                client.orElse(() -> time.after(200, this::createTopics), response -> {
                    boolean there = response.topics().stream()
                            .map(topic -> Errors.forCode(topic.errorCode()))
                            .allMatch(error -> error == Errors.NONE || error == Errors.TOPIC_ALREADY_EXISTS);
                    if (there) {
                        beginLoad();
                    } else {
                        response.topics()
                                .forEach(topic -> chronicle.count(
                                        "who creates a topic hears " + Errors.forCode(topic.errorCode())));
                        time.after(200, this::createTopics);
                    }
                }));
    }

    private static void config(CreateTopicsRequestData.CreatableTopic topic, String key, String value) {
        topic.configs()
                .add(new CreateTopicsRequestData.CreatableTopicConfig()
                        .setName(key)
                        .setValue(value));
    }

    private void beginLoad() {
        chronicle.say("the topics are there");
        for (String topic : TOPICS) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                producers.add(new NumberingProducer(
                        client, chronicle, random.split(), topic, partition, 1 + random.nextInt(400)));
                consumers.add(new CheckingConsumer(client, chronicle, topic, partition));
            }
        }
        producers.forEach(NumberingProducer::start);
        consumers.forEach(CheckingConsumer::start);
        OffsetCommitter commits = new OffsetCommitter(client, chronicle, time, "readers", consumers);
        committer = commits;
        commits.start();
    }

    // ---- Faults.

    private void disturb() {
        if (!faults) {
            return;
        }
        ClusterNode one = nodes.get(random.nextInt(NODES));
        ClusterNode other = nodes.get(random.nextInt(NODES));
        switch (random.nextInt(16)) {
            case 0, 1 -> one.losePowerSoon();
            case 2 -> one.losePower();
            case 3 -> one.down(true, "by somebody");
            case 4 -> {
                chronicle.count("a way is cut");
                chronicle.say("the way from " + one.id() + " to " + other.id() + " is cut");
                network.cut(one.id(), other.id());
            }
            case 5 -> {
                chronicle.count("a node is cut off");
                chronicle.say("node " + one.id() + " is cut off from all");
                network.isolate(one.id());
            }
            case 6 -> {
                chronicle.count("two nodes are cut off from each other");
                chronicle.say("nodes " + one.id() + " and " + other.id() + " are cut off from each other");
                network.cut(one.id(), other.id());
                network.cut(other.id(), one.id());
            }
            case 7, 8, 9 -> {
                chronicle.say("the network is whole");
                network.heal();
            }
            case 10 -> one.standStill(200 + random.nextInt(3_000));
            case 11 -> one.slowDisk(100 + random.nextInt(2_000));
            case 12 -> one.failNextSync();
            case 13 -> one.setClock(random.nextInt(20_000) - 10_000);
            case 14 -> one.leaveAndStop();
            case 15 -> {
                if (random.nextInt(4) == 0) {
                    chronicle.count("the power fails everywhere");
                    nodes.forEach(ClusterNode::losePower);
                }
            }
            default -> throw new AssertionError();
        }
        time.after(1 + random.nextInt(temper.faultGapMs()), this::disturb);
    }

    /** What the metadata says, and what each node makes of it. */
    private String describe() {
        StringBuilder text = new StringBuilder();
        ledger.newest().brokers().values().forEach(broker -> text.append(broker).append('\n'));
        text.append("metadata is committed to ")
                .append(ledger.newest().lastOffset())
                .append('\n');
        for (ClusterNode node : nodes) {
            var controller = node.controller();
            if (controller != null) {
                text.append("    node ")
                        .append(node.id())
                        .append(" has followed to ")
                        .append(controller.followedOffset())
                        .append(", its controller is ")
                        .append(controller.leader())
                        .append('\n');
            }
        }
        for (TopicImage topic : ledger.newest().topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                text.append(topic.name())
                        .append('-')
                        .append(p)
                        .append(": ")
                        .append(topic.partitions().get(p))
                        .append('\n');
                for (ClusterNode node : nodes) {
                    PartitionHost host = node.host(topic.name(), p);
                    text.append("    node ").append(node.id()).append(": ");
                    if (host == null) {
                        text.append("none\n");
                    } else {
                        text.append(host.status())
                                .append(" in epoch ")
                                .append(host.view().leaderEpoch())
                                .append(", committed to ")
                                .append(host.view().highWatermark().offset())
                                .append(", ends at ")
                                .append(host.log().view().logEndOffset())
                                .append('\n');
                    }
                }
            }
        }
        return text.toString();
    }

    // ---- In the end.

    private void allIsWell() {
        if (producers.isEmpty()) {
            throw new AssertionError("the topics could not be created in " + time.nowMs() + " ms");
        }
        for (NumberingProducer producer : producers) {
            if (!producer.isDone()) {
                throw new AssertionError("WriteDecided: " + producer.describe());
            }
        }
        for (int i = 0; i < producers.size(); i++) {
            if (consumers.get(i).lastNumber() != producers.get(i).acknowledged()) {
                throw new AssertionError(
                        "AcknowledgedSurvives: read were " + consumers.get(i).lastNumber() + ", "
                                + producers.get(i).describe());
            }
        }
        if (committer == null || committer.lastRoundMs() < faultyMs) {
            throw new AssertionError("Heals: offsets could not be committed and read back in peace");
        }
        long active = nodes.stream()
                .filter(node -> {
                    var controller = node.controller();
                    return controller != null && controller.isActive();
                })
                .count();
        if (active != 1) {
            throw new AssertionError("LeaderEventually: " + active + " controllers are active in the end");
        }
        for (TopicImage topic : ledger.newest().topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                List<PartitionHost> hosts = new ArrayList<>();
                for (ClusterNode node : nodes) {
                    PartitionHost host = node.host(topic.name(), p);
                    if (host == null) {
                        throw new AssertionError("Heals: node " + node.id() + " has no " + topic.name() + "-" + p);
                    }
                    hosts.add(host);
                }
                ledger.allAlike(new TopicPartition(topic.name(), topic.id(), p), hosts);
            }
        }
    }
}
