package io.odradek.spec.cluster;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterRequestData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Asks for changes of the voters, at any broker, and in the end holds the voters against what it was told: who was said to be added votes, who was said
 * to be removed does not, unless somebody asked for something else since or was never told what came of it (VoterChangeIsKept).
 */
final class VoterChanger {
    private static final int TIMEOUT_MS = 2_000;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final List<ClusterNode> nodes;
    /** By node: the last one whose outcome is known. */
    private final Map<Integer, Boolean> told = new HashMap<>();
    /** Nodes of which some request may have had any outcome, or still may. */
    private final Set<Integer> doubtful = new HashSet<>();

    private final Map<Integer, Integer> underWay = new HashMap<>();

    VoterChanger(ClientMachine client, Chronicle chronicle, List<ClusterNode> nodes) {
        this.client = client;
        this.chronicle = chronicle;
        this.nodes = nodes;
    }

    void ask(VoterChange change) {
        chronicle.say(change.toString());
        if (underWay.merge(change.node(), 1, Integer::sum) > 1) {
            doubtful.add(change.node()); // which of them is first, nobody knows
        }
        Voter voter = nodes.get(change.node()).voter();
        UUID directory = voter.key().directory();
        Uuid id = new Uuid(directory.getMostSignificantBits(), directory.getLeastSignificantBits());
        if (change.added()) {
            AddRaftVoterRequestData request = new AddRaftVoterRequestData()
                    .setClusterId(ClusterNode.CLUSTER)
                    .setTimeoutMs(TIMEOUT_MS)
                    .setVoterId(change.node())
                    .setVoterDirectoryId(id);
            for (Endpoint at : voter.endpoints()) {
                request.listeners()
                        .add(new AddRaftVoterRequestData.Listener()
                                .setName(at.listener())
                                .setHost(at.host())
                                .setPort(at.port()));
            }
            client.ask(
                    client.anyNode(),
                    ApiKeys.ADD_RAFT_VOTER,
                    request,
                    AddRaftVoterResponseData.class,
                    heard(change, AddRaftVoterResponseData::errorCode));
        } else {
            client.ask(
                    client.anyNode(),
                    ApiKeys.REMOVE_RAFT_VOTER,
                    new RemoveRaftVoterRequestData()
                            .setClusterId(ClusterNode.CLUSTER)
                            .setVoterId(change.node())
                            .setVoterDirectoryId(id),
                    RemoveRaftVoterResponseData.class,
                    heard(change, RemoveRaftVoterResponseData::errorCode));
        }
    }

    private interface ErrorIn<T> {
        short of(T response);
    }

    private <T extends ApiMessage> ClientMachine.Then<T> heard(VoterChange change, ErrorIn<T> error) {
        return new ClientMachine.Then<>() {
            @Override
            public void accept(@Nullable T response) {
                underWay.merge(change.node(), -1, Integer::sum);
                answered(change, Errors.forCode(error.of(Objects.requireNonNull(response))));
            }

            @Override
            public void failed(boolean maybeDone) {
                underWay.merge(change.node(), -1, Integer::sum);
                chronicle.count("who changes the voters gets no answer");
                if (maybeDone) {
                    doubtful.add(change.node());
                }
            }
        };
    }

    private void answered(VoterChange change, Errors error) {
        chronicle.say("who wants that: " + change + ", hears " + error);
        chronicle.count("who " + (change.added() ? "adds" : "removes") + " a voter hears " + error);
        switch (error) {
            case NONE -> told.put(change.node(), change.added());
            case DUPLICATE_VOTER, VOTER_NOT_FOUND, INVALID_REQUEST -> {} // it is as it was
            case REQUEST_TIMED_OUT, NOT_CONTROLLER, NOT_LEADER_OR_FOLLOWER, BROKER_NOT_AVAILABLE ->
                doubtful.add(change.node());
            default -> throw new AssertionError("VoterChangeIsKept: who asks that " + change + " hears " + error);
        }
    }

    /** In the end. */
    void check() {
        Set<VoterSet> known = new HashSet<>();
        List<Integer> ids = new ArrayList<>();
        for (ClusterNode node : nodes) {
            VoterSet voters = node.votersKnown();
            if (voters != null) {
                known.add(voters);
                ids.add(node.id());
            }
        }
        if (known.size() != 1 || ids.size() != nodes.size()) {
            throw new AssertionError("StateMachineSafety: nodes " + ids + " know other voters each: " + known);
        }
        VoterSet voters = known.iterator().next();
        told.forEach((node, added) -> {
            if (!doubtful.contains(node)) {
                chronicle.count("a node votes, or does not, as was said");
                if ((voters.voter(node) != null) != added) {
                    throw new AssertionError("VoterChangeIsKept: node " + node + " was "
                            + (added ? "added to" : "removed from") + " the voters, which are " + voters);
                }
            }
        });
    }
}
