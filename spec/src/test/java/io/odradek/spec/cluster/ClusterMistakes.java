package io.odradek.spec.cluster;

import io.odradek.spec.stress.PlantedMistake;
import java.util.List;

/**
 * Mistakes that whole clusters are known to notice: each a text that a file of the product has once, what it becomes, and within how many seeds, from 1 on,
 * something is found wrong. The mutants of {@code tla/} that have the same mistake are named.
 */
final class ClusterMistakes {

    /**
     * One of them.
     *
     * @param mutant of {@code tla/} that makes the same mistake; empty where none does
     * @param seeds within which it is noticed, rounded up to 10, 50 or 200
     */
    record Mistake(PlantedMistake planted, String mutant, int seeds) {
        String name() {
            return "cluster: " + planted.what();
        }
    }

    private static final String PARTITION = "replication/src/main/java/io/odradek/replication/partition/";
    private static final String BROKER = "broker/src/main/java/io/odradek/broker/";

    static final List<Mistake> ALL = List.of(
            mistake(
                    "Isr.commits-below-min-isr",
                    "what too few have is committed",
                    PARTITION + "LeaderMachine",
                    "if (leased && admitsAcksAll()) {",
                    "if (leased) {",
                    10),
            mistake(
                    "Isr.divergence-unchecked",
                    "a leader does not look whether a follower's log is like its own",
                    PARTITION + "LeaderMachine",
                    "return diverges ? new Diverging(own) : null;",
                    "return null;",
                    10),
            mistake(
                    "Controller.keeps-pending-answers",
                    "who is deposed as the controller keeps what it had not told",
                    BROKER + "metadata/ControllerHost",
                    """
                    pending.clear();
                    }

                    @Override
                    public void upToDate() {
                    """,
                    """
                    }

                    @Override
                    public void upToDate() {
                    """,
                    50),
            mistake(
                    "",
                    "readers see what is not committed",
                    BROKER + "request/FetchReads",
                    "LogPosition bound = readCommitted ? view.lastStableOffset() : view.highWatermark();",
                    "LogPosition bound = log.end();",
                    10),
            mistake(
                    "",
                    "a deletion is answered while others have what was deleted",
                    BROKER + "partition/PartitionHost",
                    "} else if (offset <= lowWatermark()) {",
                    "} else if (offset <= durableLogStart()) {",
                    10),
            mistake(
                    "",
                    "each leader commits by its own file, and the controller elects by its",
                    BROKER + "config/BrokerConfigRules",
                    "return agreed;",
                    "return java.util.Collections.emptySortedMap();",
                    10),
            mistake(
                    "",
                    "who was away keeps the configuration of before",
                    BROKER + "partition/Partitions",
                    "log.reconfigure(replica.config());",
                    "",
                    50),
            mistake(
                    "",
                    "a coordinator answers before its records are committed",
                    BROKER + "coordination/HostedOffsetsLog",
                    "host.awaitCommit(new Commit(appended.lastOffset() + 1, done));",
                    "done.completed(Outcome.COMMITTED);",
                    10),
            mistake(
                    "",
                    "members are told what is theirs before that is written down",
                    "coordinator/src/main/java/io/odradek/coordinator/group/ClassicProtocol",
                    """
                    group.storingAssignment = true;
                    ledger.append(
                    List.of(group.toStored(assignments)),
                    group,
                    new AssignmentStored(group, group.generationId(), Map.copyOf(assignments)));
                    """,
                    """
                    assignmentStored(new AssignmentStored(group, group.generationId(), Map.copyOf(assignments)));
                    """,
                    10),
            mistake(
                    "",
                    "a member commits in a generation that is over",
                    "coordinator/src/main/java/io/odradek/coordinator/group/OffsetKeeping",
                    "if (request.generationId() != group.generationId()) {",
                    "if (request.generationId() > group.generationId()) {",
                    10),
            mistake(
                    "",
                    "a coordinator tells of what it read before that is committed",
                    BROKER + "coordination/HostedOffsetsLog",
                    "host.shard().settle(() -> host.awaitCommit(new Commit(end, done)));",
                    "done.completed(Outcome.COMMITTED);",
                    200),
            mistake(
                    "Quorum.forgets-its-vote",
                    "a vote is told before it is on the disk",
                    BROKER + "quorum/QuorumStateFile",
                    "CheckpointText.replace(store, file, encode(state));",
                    "CheckpointText.prepare(store, file, encode(state), false); CheckpointText.publish(store, file);",
                    10),
            mistake(
                    "",
                    "nobody hears of the quorum's own records",
                    BROKER + "quorum/QuorumHost",
                    "state.passed(batch.endOffset() - 1);",
                    "",
                    200));

    private static Mistake mistake(String mutant, String what, String source, String was, String becomes, int seeds) {
        return new Mistake(
                new PlantedMistake("SimulatedClusterTest", what, source + ".java", was, becomes), mutant, seeds);
    }

    private ClusterMistakes() {}
}
