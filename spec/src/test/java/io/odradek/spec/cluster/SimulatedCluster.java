package io.odradek.spec.cluster;

import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.LogConfig;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.PartitionImage;
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
 * Three nodes, each broker and controller, a client machine with idempotent producers and consumers, an operator who changes what there is, visitors of what
 * comes and goes, and what befalls them: a history in virtual time that its seed and its plan decide, with faults first and then peace, in which everything
 * has to get well.
 *
 * <p>The seed decides whatever the plan does not: what a disk keeps, how long a message takes, what is written. Each component has a random generator
 * of its own, which is the same under whatever plan.
 */
final class SimulatedCluster {

    static final int NODES = 3;
    private static final int CLIENT = NODES;
    private static final int OPERATOR = NODES + 1;
    private static final int VISITORS = NODES + 2;
    /** One each, as a join may wait long and keep what comes behind it. */
    private static final int FIRST_MEMBER = NODES + 3;

    private static final int MACHINES = FIRST_MEMBER + HistoryPlan.MEMBERS;
    static final long PEACEFUL_MS = 15_000;
    /** A follower that fetches a batch or two at a time, and lost much, takes its time. */
    private static final long PATIENCE_MS = 60_000;

    private final HistoryPlan plan;
    private final Timeline time = new Timeline();
    private final Chronicle chronicle = new Chronicle(time);
    private final SimulatedNetwork network;
    private final Decisions decisions;
    private final Ledger ledger;
    private final List<ClusterNode> nodes = new ArrayList<>();
    private final FaultInjector injector;
    private final VoterSet voters;
    private final Operator operator;
    private final RecordDeleter deleter;
    private final VoterChanger voterChanger;
    private final List<ClientMachine> clients = new ArrayList<>();
    private final List<Visitor> visitors = new ArrayList<>();
    private final List<NumberingProducer> producers = new ArrayList<>();
    private final List<CheckingConsumer> consumers = new ArrayList<>();
    private final OffsetCommitter committer;
    private final GroupLaws groupLaws;
    private final List<GroupMember> members = new ArrayList<>();
    private boolean topicsAreThere;

    SimulatedCluster(long seed, HistoryPlan plan) {
        this.plan = plan;
        SplittableRandom random = new SplittableRandom(seed);
        var _ = random.split(); // with which the seed's plan was drawn
        this.network = new SimulatedNetwork(time, chronicle, random.split(), MACHINES, this::machine);
        this.decisions =
                new Decisions(time, ClusterNode.CLUSTER, HistoryPlan.PASSING_TOPICS, HistoryPlan.LOADED_TOPICS);
        this.ledger = new Ledger(chronicle, ClusterNode.CLUSTER, decisions::committed);
        for (int id = 0; id < NODES; id++) {
            nodes.add(new ClusterNode(id, this, random.split()));
        }
        this.injector = new FaultInjector(chronicle, network, nodes);
        this.voters = VoterSet.of(nodes.stream().map(ClusterNode::voter).toList());
        for (int id = NODES; id < MACHINES; id++) {
            clients.add(new ClientMachine(id, this, random.split()));
        }
        this.voterChanger = new VoterChanger(client(OPERATOR), chronicle, nodes);
        this.operator = new Operator(client(OPERATOR), chronicle, decisions);
        for (String topic : HistoryPlan.PASSING_TOPICS) {
            visitors.add(new Visitor(client(VISITORS), chronicle, topic));
        }
        ClientMachine client = client(CLIENT);
        for (String topic : HistoryPlan.LOADED_TOPICS) {
            for (int partition = 0; partition < HistoryPlan.LOADED_PARTITIONS; partition++) {
                producers.add(new NumberingProducer(client, chronicle, random.split(), topic, partition));
                consumers.add(new CheckingConsumer(client, chronicle, topic, partition));
            }
        }
        this.deleter = new RecordDeleter(client, chronicle, ledger, consumers);
        this.committer = new OffsetCommitter(client, chronicle, time, "readers", consumers);
        this.groupLaws = new GroupLaws(chronicle);
        for (int member = 0; member < HistoryPlan.MEMBERS; member++) {
            members.add(new GroupMember(
                    client(FIRST_MEMBER + member),
                    chronicle,
                    time,
                    random.split(),
                    groupLaws,
                    "workers",
                    member,
                    member == 0 ? "static" : null,
                    consumers));
        }
    }

    /** The history that the seed alone decides, so long in virtual time; the last 15 s are peaceful. */
    static HistoryPlan plan(long seed, long wholeMs) {
        return HistoryPlan.of(seed, Math.max(0, wholeMs - PEACEFUL_MS), NODES);
    }

    private Machine machine(int id) {
        return id < NODES ? nodes.get(id) : client(id);
    }

    private ClientMachine client(int id) {
        return clients.get(id - NODES);
    }

    Timeline time() {
        return time;
    }

    Chronicle chronicle() {
        return chronicle;
    }

    Temper temper() {
        return plan.temper();
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

    /** Once. What went wrong, or null. */
    @Nullable
    Failure run() {
        try {
            runAll();
            return null;
        } catch (AssertionError | RuntimeException e) {
            return new Failure(e, time.nowMs(), chronicle.last() + "\n" + describe());
        }
    }

    private void runAll() {
        Temper temper = plan.temper();
        network.slow(temper.slowPercent(), temper.mostSlowMs());
        nodes.forEach(ClusterNode::start);
        createTopics();
        for (HistoryPlan.Entry entry : plan.entries()) {
            time.at(entry.atMs(), () -> happens(entry.what()));
        }
        time.runUntil(plan.faultyMs());
        chronicle.say("peace");
        network.slow(0, 1);
        network.heal();
        nodes.forEach(ClusterNode::peace);
        time.runUntil(plan.faultyMs() + PEACEFUL_MS / 2);
        producers.forEach(NumberingProducer::stop);
        committer.stop();
        time.runUntil(plan.faultyMs() + PEACEFUL_MS);
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

    private void happens(Happening what) {
        switch (what) {
            case Fault fault -> injector.carryOut(fault);
            case Operation operation -> {
                if (topicsAreThere) {
                    operator.ask(operation);
                }
            }
            case VoterChange change -> voterChanger.ask(change);
            case MemberChange change -> {
                if (topicsAreThere) {
                    members.get(change.member()).happens(change);
                }
            }
            case Deletion deletion -> {
                if (topicsAreThere) {
                    deleter.ask(deletion);
                }
            }
        }
    }

    private void createTopics() {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(2_000);
        for (String topic : HistoryPlan.LOADED_TOPICS) {
            CreateTopicsRequestData.CreatableTopic wanted = new CreateTopicsRequestData.CreatableTopic()
                    .setName(topic)
                    .setNumPartitions(HistoryPlan.LOADED_PARTITIONS)
                    .setReplicationFactor((short) NODES);
            config(wanted, "odradek.durability", "sync");
            config(wanted, "min.insync.replicas", "2");
            config(wanted, "segment.ms", String.valueOf(plan.temper().segmentMs()));
            config(wanted, "retention.ms", "-1");
            request.topics().add(wanted);
        }
        ClientMachine client = client(CLIENT);
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
        topicsAreThere = true;
        producers.forEach(NumberingProducer::start);
        consumers.forEach(CheckingConsumer::start);
        committer.start();
        members.forEach(GroupMember::start);
        visitors.forEach(Visitor::start);
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
                                .append(", begins at ")
                                .append(host.log().view().logStartOffset())
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
        if (!topicsAreThere) {
            throw new AssertionError("Heals: the topics could not be created in " + time.nowMs() + " ms");
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
        if (committer.lastRoundMs() < plan.faultyMs()) {
            throw new AssertionError("Heals: offsets could not be committed and read back in peace");
        }
        groupLaws.check(
                members, consumers.stream().map(CheckingConsumer::partition).toList(), plan.faultyMs());
        long active = nodes.stream()
                .filter(node -> {
                    var controller = node.controller();
                    return controller != null && controller.isActive();
                })
                .count();
        if (active != 1) {
            throw new AssertionError("LeaderEventually: " + active + " controllers are active in the end");
        }
        voterChanger.check();
        for (int i = 0; i < visitors.size(); i++) {
            TopicImage topic = ledger.newest().topic(HistoryPlan.PASSING_TOPICS.get(i));
            visitors.get(i).hasHeard(topic == null ? null : topic.id());
        }
        for (TopicImage topic : ledger.newest().topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                isWell(
                        new TopicPartition(topic.name(), topic.id(), p),
                        topic.partitions().get(p));
            }
        }
        nodes.forEach(node -> node.forEachHost(host -> {
            PartitionImage image = ledger.newest()
                    .partition(host.partition().topicId(), host.partition().partition());
            if (image == null || !image.replicas().contains(node.id())) {
                throw new AssertionError("Heals: node " + node.id() + " keeps " + host.partition());
            }
        }));
    }

    private void isWell(TopicPartition partition, PartitionImage image) {
        if (image.isReassigning()) {
            throw new AssertionError("Heals: a reassignment has not ended: " + partition + ", " + image);
        }
        List<PartitionHost> hosts = new ArrayList<>();
        for (int replica : image.replicas()) {
            PartitionHost host = nodes.get(replica).host(partition.topic(), partition.partition());
            if (host == null) {
                throw new AssertionError("Heals: node " + replica + " has no " + partition);
            }
            hosts.add(host);
            LogConfig configured = nodes.get(replica).configured(ledger.newest(), partition.topic());
            if (!host.log().config().equals(configured)) {
                throw new AssertionError("Heals: node " + replica + " has " + partition + " configured "
                        + host.log().config() + ", it is " + configured);
            }
            if (configured.minInSyncReplicas()
                    != hosts.getFirst().log().config().minInSyncReplicas()) {
                throw new AssertionError("Heals: nodes have different min.insync.replicas of " + partition);
            }
        }
        ledger.allAlike(partition, hosts);
    }
}
