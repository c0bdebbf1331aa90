package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterRequestData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.message.UpdateRaftVoterRequestData;
import org.apache.kafka.common.message.UpdateRaftVoterResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * AddRaftVoter, versions 0 and 1, RemoveRaftVoter and UpdateRaftVoter, version 0 (KIP-853). An add of version 1 may ask to be
 * answered before the change is committed; it is answered when it is.
 */
final class VoterMessages {

    /** @param timeoutMs how long the request may wait for the new voter to catch up */
    record Add(Voter voter, int timeoutMs) {}

    /** @param epoch of the leader that the voter believes in */
    record Update(int epoch, Voter voter) {}

    // ---- Add.

    static AddRaftVoterRequestData request(QuorumWire wire, Add add) {
        AddRaftVoterRequestData request = new AddRaftVoterRequestData()
                .setClusterId(wire.clusterId())
                .setTimeoutMs(add.timeoutMs())
                .setVoterId(add.voter().key().id())
                .setVoterDirectoryId(QuorumWire.directoryOf(add.voter().key()));
        for (Endpoint at : add.voter().endpoints()) {
            request.listeners()
                    .add(new AddRaftVoterRequestData.Listener()
                            .setName(at.listener())
                            .setHost(at.host())
                            .setPort(at.port()));
        }
        return request;
    }

    /** @param whyNotLeading null when this server leads */
    static Received<Add> read(QuorumWire wire, AddRaftVoterRequestData data, @Nullable Errors whyNotLeading) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(added(Errors.INCONSISTENT_CLUSTER_ID, ofAnother(wire, data.clusterId())));
        }
        if (whyNotLeading != null) {
            return new Received.Refused<>(added(whyNotLeading, null));
        }
        ReplicaKey key = key(data.voterId(), data.voterDirectoryId());
        if (key == null) {
            return new Received.Refused<>(added(Errors.INVALID_REQUEST, "a voter is named by id and directory"));
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (AddRaftVoterRequestData.Listener at : data.listeners()) {
            endpoints.add(QuorumWire.endpoint(at.name(), at.host(), at.port()));
        }
        return isReached(wire, endpoints)
                ? new Received.Request<>(new Add(new Voter(key, endpoints), Math.max(0, data.timeoutMs())))
                : new Received.Refused<>(
                        added(Errors.INVALID_REQUEST, "the voter has no endpoint for the listener " + wire.listener()));
    }

    static AddRaftVoterResponseData added(ChangeOutcome outcome, String message) {
        return added(QuorumErrors.of(outcome), message);
    }

    private static AddRaftVoterResponseData added(Errors error, @Nullable String message) {
        return new AddRaftVoterResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message == null ? error.message() : message);
    }

    // ---- Remove.

    static RemoveRaftVoterRequestData request(QuorumWire wire, ReplicaKey voter) {
        return new RemoveRaftVoterRequestData()
                .setClusterId(wire.clusterId())
                .setVoterId(voter.id())
                .setVoterDirectoryId(QuorumWire.directoryOf(voter));
    }

    /** @param whyNotLeading null when this server leads */
    static Received<ReplicaKey> read(QuorumWire wire, RemoveRaftVoterRequestData data, @Nullable Errors whyNotLeading) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(removed(Errors.INCONSISTENT_CLUSTER_ID, ofAnother(wire, data.clusterId())));
        }
        if (whyNotLeading != null) {
            return new Received.Refused<>(removed(whyNotLeading, null));
        }
        ReplicaKey key = key(data.voterId(), data.voterDirectoryId());
        return key == null
                ? new Received.Refused<>(removed(Errors.INVALID_REQUEST, "a voter is named by id and directory"))
                : new Received.Request<>(key);
    }

    static RemoveRaftVoterResponseData removed(ChangeOutcome outcome, String message) {
        return removed(QuorumErrors.of(outcome), message);
    }

    private static RemoveRaftVoterResponseData removed(Errors error, @Nullable String message) {
        return new RemoveRaftVoterResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message == null ? error.message() : message);
    }

    // ---- Update.

    static UpdateRaftVoterRequestData request(QuorumWire wire, Update update) {
        UpdateRaftVoterRequestData request = new UpdateRaftVoterRequestData()
                .setClusterId(wire.clusterId())
                .setCurrentLeaderEpoch(update.epoch())
                .setVoterId(update.voter().key().id())
                .setVoterDirectoryId(QuorumWire.directoryOf(update.voter().key()));
        request.kRaftVersionFeature()
                .setMinSupportedVersion(ControlBatches.KRAFT_VERSION)
                .setMaxSupportedVersion(ControlBatches.KRAFT_VERSION);
        for (Endpoint at : update.voter().endpoints()) {
            request.listeners()
                    .add(new UpdateRaftVoterRequestData.Listener()
                            .setName(at.listener())
                            .setHost(at.host())
                            .setPort(at.port()));
        }
        return request;
    }

    /** @param whyNotLeading null when this server leads the epoch that the request is for */
    static Received<Update> read(
            QuorumWire wire, UpdateRaftVoterRequestData data, @Nullable Errors whyNotLeading, Standing standing) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(updated(Errors.INCONSISTENT_CLUSTER_ID, standing));
        }
        if (whyNotLeading != null) {
            return new Received.Refused<>(updated(whyNotLeading, standing));
        }
        ReplicaKey key = key(data.voterId(), data.voterDirectoryId());
        List<Endpoint> endpoints = new ArrayList<>();
        for (UpdateRaftVoterRequestData.Listener at : data.listeners()) {
            endpoints.add(QuorumWire.endpoint(at.name(), at.host(), at.port()));
        }
        short least = data.kRaftVersionFeature().minSupportedVersion();
        short most = data.kRaftVersionFeature().maxSupportedVersion();
        boolean hasOurVersion =
                least >= 0 && least <= ControlBatches.KRAFT_VERSION && most >= ControlBatches.KRAFT_VERSION;
        return key == null || !isReached(wire, endpoints) || !hasOurVersion
                ? new Received.Refused<>(updated(Errors.INVALID_REQUEST, standing))
                : new Received.Request<>(new Update(data.currentLeaderEpoch(), new Voter(key, endpoints)));
    }

    static UpdateRaftVoterResponseData updated(ChangeOutcome outcome, Standing standing) {
        return updated(QuorumErrors.of(outcome), standing);
    }

    private static UpdateRaftVoterResponseData updated(Errors error, Standing standing) {
        UpdateRaftVoterResponseData response = new UpdateRaftVoterResponseData().setErrorCode(error.code());
        response.currentLeader().setLeaderId(standing.leader()).setLeaderEpoch(standing.epoch());
        Endpoint at = standing.leaderAt();
        if (at != null) {
            response.currentLeader().setHost(at.host()).setPort(at.port());
        }
        return response;
    }

    // ---- All.

    /** Null unless both are given: else another disk of the same server could be meant. */
    private static @Nullable ReplicaKey key(int id, Uuid directory) {
        return id < 0 || directory.equals(Uuid.ZERO_UUID) ? null : QuorumWire.key(id, directory);
    }

    private static boolean isReached(QuorumWire wire, List<Endpoint> endpoints) {
        return endpoints.stream()
                .anyMatch(at -> at.listener().equals(wire.listener()) && wire.endpoint(at.host(), at.port()) != null);
    }

    private static String ofAnother(QuorumWire wire, @Nullable String named) {
        return "the request is for cluster " + named + ", this is " + wire.clusterId();
    }

    private VoterMessages() {}
}
