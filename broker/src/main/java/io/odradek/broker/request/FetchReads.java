package io.odradek.broker.request;

import io.odradek.broker.net.Request;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.partition.FetchInterest;
import io.odradek.broker.partition.FollowerAnswer;
import io.odradek.broker.partition.HostedTopic;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.partition.ReplicationThrottle;
import io.odradek.broker.request.ReadReplicaSelector.Candidate;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogPosition;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionView;
import io.odradek.replication.partition.EpochEnd;
import io.odradek.replication.partition.FetchAnswer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData.EpochEndOffset;
import org.apache.kafka.common.message.FetchResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/** What one partition has for a fetch. Stateless; runs on network loops and reads what partitions publish. */
final class FetchReads {
    static final byte READ_COMMITTED = 1;
    /** KIP-951. */
    private static final short FIRST_VERSION_WITH_ENDPOINTS = 16;
    /** KIP-392. */
    private static final short FIRST_VERSION_FROM_FOLLOWERS = 11;

    private final Partitions partitions;
    private final LeaderHints hints;
    private final ReadReplicaSelector selector;

    FetchReads(Partitions partitions, LeaderHints hints, ReadReplicaSelector selector) {
        this.partitions = partitions;
        this.hints = hints;
        this.selector = selector;
    }

    /**
     * Reads from where the client is: of the leader, or of a follower what it knows to be committed (KIP-392). Where a follower knows less than
     * the client, it never says where to go back to: it may be behind. The client waits, or is sent to the leader, which can tell.
     *
     * <pre>
     *   the client is         at the leader              at a follower
     *   below the log         OFFSET_OUT_OF_RANGE        OFFSET_OUT_OF_RANGE
     *   up to what is known   records; or divergence     records; or OFFSET_NOT_AVAILABLE where the leader would say divergence
     *   up to the log's end   waits; or divergence       waits
     *   beyond it             OFFSET_OUT_OF_RANGE        OFFSET_NOT_AVAILABLE
     * </pre>
     *
     * @param maxBytes soft limit; nothing is read when it is 0 and {@code atLeastOneBatch} false
     * @return what the response says; its records, if it has any, are {@link SlicedRecords} that somebody must close
     */
    PartitionData read(
            FetchInterest interest, Request request, boolean readCommitted, int maxBytes, boolean atLeastOneBatch) {
        PartitionHost host = find(interest);
        if (host == null) {
            return missing(interest, request);
        }
        long truncations = host.log().truncations();
        PartitionView view = interest.look(host);
        Errors status = host.status();
        boolean leads = status == Errors.NONE;
        boolean follows = status == Errors.NOT_LEADER_OR_FOLLOWER
                && request.version() >= FIRST_VERSION_FROM_FOLLOWERS
                && host.follows();
        if (!leads && !follows) {
            return failed(interest, status, request);
        }
        Errors epoch = host.checkEpoch(view, interest.currentLeaderEpoch());
        if (epoch != Errors.NONE) {
            return failed(interest, epoch, request);
        }
        LogView log = host.log().view();
        PartitionData data = new PartitionData()
                .setPartitionIndex(interest.partition())
                .setHighWatermark(view.highWatermark().offset())
                .setLastStableOffset(view.lastStableOffset().offset())
                .setLogStartOffset(log.logStartOffset())
                .setAbortedTransactions(readCommitted ? List.of() : null)
                .setRecords(MemoryRecords.EMPTY);
        long from = interest.fetchOffset();
        if (from < log.logStartOffset() || (leads && from > log.logEndOffset())) {
            return failed(interest, Errors.OFFSET_OUT_OF_RANGE, request);
        }
        if (follows && from > view.highWatermark().offset()) {
            return from > log.logEndOffset() ? failed(interest, Errors.OFFSET_NOT_AVAILABLE, request) : data;
        }
        if (interest.lastFetchedEpoch() >= 0) {
            LogView.EpochEnd end = log.endOffsetFor(interest.lastFetchedEpoch());
            boolean unknown = end.leaderEpoch() < 0 || end.endOffset() < 0;
            boolean diverges = end.leaderEpoch() < interest.lastFetchedEpoch() || end.endOffset() < from;
            if (follows && (unknown || diverges)) {
                return failed(interest, Errors.OFFSET_NOT_AVAILABLE, request);
            }
            if (unknown) {
                return failed(interest, Errors.OFFSET_OUT_OF_RANGE, request);
            }
            if (diverges) {
                return data.setDivergingEpoch(
                        new EpochEndOffset().setEpoch(end.leaderEpoch()).setEndOffset(end.endOffset()));
            }
        }
        if (leads) {
            int better = betterReplica(interest, request, host, from);
            if (better != ReadReplicaSelector.NOBODY_ELSE) {
                return data.setPreferredReadReplica(better);
            }
        }
        LogPosition bound = readCommitted ? view.lastStableOffset() : view.highWatermark();
        if (from >= bound.offset()) {
            log.noteTailRead();
            return data;
        }
        if (maxBytes <= 0 && !atLeastOneBatch) {
            return data;
        }
        PartitionData read = readBatches(interest, host, log, bound, data, maxBytes, atLeastOneBatch, request);
        // Behind the read: after an unclean election a follower's log is cut, and written anew, also below what was
        // committed.
        if (follows && host.log().truncations() != truncations) {
            if (read.records() instanceof SlicedRecords records) {
                records.close();
            }
            return failed(interest, Errors.NOT_LEADER_OR_FOLLOWER, request);
        }
        return read;
    }

    private int betterReplica(FetchInterest interest, Request request, PartitionHost host, long from) {
        String rack = ((FetchRequestData) request.body()).rackId();
        if (selector == ReadReplicaSelector.LEADER || rack.isEmpty()) {
            return ReadReplicaSelector.NOBODY_ELSE;
        }
        LeaderHints.Leader leader = leader(interest, request);
        if (leader == null) {
            return ReadReplicaSelector.NOBODY_ELSE;
        }
        String topic = interest.topic();
        List<LeaderHints.InSync> inSync = topic != null
                ? hints.inSync(topic, interest.partition(), request.listener())
                : hints.inSync(interest.topicId(), interest.partition(), request.listener());
        List<Candidate> candidates = new ArrayList<>(inSync.size());
        for (LeaderHints.InSync each : inSync) {
            PartitionHost.ReplicaExtent extent = host.extentOf(each.brokerId());
            candidates.add(new Candidate(
                    each.brokerId(),
                    each.rack(),
                    extent == null ? -1 : extent.logStartOffset(),
                    extent == null ? -1 : extent.durableEnd()));
        }
        return selector.select(rack, leader.leaderId(), candidates, from);
    }

    private PartitionData readBatches(
            FetchInterest interest,
            PartitionHost host,
            LogView log,
            LogPosition bound,
            PartitionData data,
            int maxBytes,
            boolean atLeastOneBatch,
            Request request) {
        LogView read = log;
        while (true) {
            try {
                FetchedSlices slices = LogReader.read(read, interest.fetchOffset(), bound, maxBytes, atLeastOneBatch);
                if (slices.sizeBytes() == 0) {
                    slices.close();
                } else {
                    data.setRecords(new SlicedRecords(slices, host::unreadable));
                }
                return data;
            } catch (OffsetOutOfRangeException | IOException e) {
                LogView now = host.log().view();
                if (!now.hasSegmentsOf(read)) {
                    read = now; // its segment went while it was read: retention, not trouble
                } else if (e instanceof IOException unreadable) {
                    host.unreadable(unreadable);
                    host.traffic().fetchFailed();
                    return failed(interest, Errors.KAFKA_STORAGE_ERROR, request);
                } else {
                    return failed(interest, Errors.OFFSET_OUT_OF_RANGE, request);
                }
            }
        }
    }

    /** Of what this broker sends to followers. */
    ReplicationThrottle throttle() {
        return partitions.throttles().leader();
    }

    @Nullable
    PartitionHost find(FetchInterest interest) {
        PartitionHost known = interest.host();
        if (known != null && known.status() == Errors.NONE) {
            return known;
        }
        String topic = interest.topic();
        PartitionHost host = topic != null
                ? partitions.find(topic, interest.partition())
                : partitions.find(interest.topicId(), interest.partition());
        if (host != known) {
            interest.found(host);
        }
        return host;
    }

    /** Not on this broker: is there such a partition at all? */
    PartitionData missing(FetchInterest interest, Request request) {
        if (leader(interest, request) != null) {
            return failed(interest, Errors.NOT_LEADER_OR_FOLLOWER, request);
        }
        if (interest.topic() != null) {
            return failed(interest, Errors.UNKNOWN_TOPIC_OR_PARTITION, request);
        }
        HostedTopic topic = partitions.topic(interest.topicId());
        String name = topic != null ? topic.name() : hints.topicName(interest.topicId());
        if (name != null) {
            return failed(interest, Errors.UNKNOWN_TOPIC_OR_PARTITION, request);
        }
        String once = interest.resolvedTopic();
        Uuid successor = once == null ? null : hints.topicId(once);
        // A session's topic that was deleted and made again under its name (KIP-516).
        return failed(interest, successor == null ? Errors.UNKNOWN_TOPIC_ID : Errors.INCONSISTENT_TOPIC_ID, request);
    }

    /** Of a partition that waits at its leader. */
    PartitionData nothing(FetchInterest interest) {
        PartitionHost host = find(interest);
        return host == null
                ? base(interest, 0, 0)
                : base(
                        interest,
                        host.view().highWatermark().offset(),
                        host.log().view().logStartOffset());
    }

    private static PartitionData base(FetchInterest interest, long highWatermark, long logStartOffset) {
        return new PartitionData()
                .setPartitionIndex(interest.partition())
                .setHighWatermark(highWatermark)
                .setLastStableOffset(highWatermark)
                .setLogStartOffset(logStartOffset)
                .setAbortedTransactions(null)
                .setRecords(MemoryRecords.EMPTY);
    }

    /**
     * What a partition's leader has decided to answer to a follower.
     *
     * @param maxBytes and {@code atLeastOneBatch}: as {@link #read}
     */
    PartitionData readForFollower(
            FetchInterest interest, Request request, FollowerAnswer answer, int maxBytes, boolean atLeastOneBatch) {
        return switch (answer) {
            case FollowerAnswer.Other(FetchAnswer.Refused(FetchAnswer.Refusal why)) ->
                failed(interest, error(why), request);
            case FollowerAnswer.Other(FetchAnswer.OutOfRange(long start, long _)) ->
                failed(interest, Errors.OFFSET_OUT_OF_RANGE, request).setLogStartOffset(start);
            case FollowerAnswer.Other(FetchAnswer.Diverging(EpochEnd(int epoch, long endOffset))) ->
                base(interest, -1, -1)
                        .setDivergingEpoch(new EpochEndOffset().setEpoch(epoch).setEndOffset(endOffset));
            case FollowerAnswer.Other(FetchAnswer.Records _) ->
                throw new IllegalArgumentException("records that nobody has read: " + answer);
            case FollowerAnswer.Granted granted -> {
                PartitionHost host = find(interest);
                yield host == null
                        ? failed(interest, Errors.NOT_LEADER_OR_FOLLOWER, request)
                        : read(interest, request, host, granted, maxBytes, atLeastOneBatch);
            }
        };
    }

    private PartitionData read(
            FetchInterest interest,
            Request request,
            PartitionHost host,
            FollowerAnswer.Granted granted,
            int maxBytes,
            boolean atLeastOneBatch) {
        PartitionData data = base(interest, granted.highWatermark(), granted.logStartOffset());
        if (granted.from() >= granted.to()) {
            host.log().view().noteTailRead();
            return data;
        }
        if (maxBytes <= 0 && !atLeastOneBatch) {
            return data;
        }
        FetchedSlices slices;
        try {
            slices = FollowerReads.read(host, granted, maxBytes, atLeastOneBatch);
        } catch (OffsetOutOfRangeException e) {
            return failed(interest, Errors.OFFSET_OUT_OF_RANGE, request)
                    .setLogStartOffset(host.log().view().logStartOffset());
        } catch (IOException e) {
            host.unreadable(e);
            host.traffic().fetchFailed();
            return failed(interest, Errors.KAFKA_STORAGE_ERROR, request);
        }
        // Behind the read: a later reign may have cut the log, and written anew what was read.
        if (host.log().truncations() != granted.truncations()) {
            slices.close();
            return failed(interest, Errors.NOT_LEADER_OR_FOLLOWER, request);
        }
        if (slices.sizeBytes() == 0) {
            slices.close();
            return data;
        }
        return data.setRecords(new SlicedRecords(slices, host::unreadable));
    }

    private static Errors error(FetchAnswer.Refusal why) {
        return switch (why) {
            case FENCED_LEADER_EPOCH -> Errors.FENCED_LEADER_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> Errors.UNKNOWN_LEADER_EPOCH;
            case NOT_LEADER_OR_FOLLOWER -> Errors.NOT_LEADER_OR_FOLLOWER;
            case STALE_BROKER_EPOCH -> Errors.STALE_BROKER_EPOCH;
        };
    }

    private PartitionData failed(FetchInterest interest, Errors error, Request request) {
        PartitionData data = new PartitionData()
                .setPartitionIndex(interest.partition())
                .setErrorCode(error.code())
                .setHighWatermark(-1)
                .setRecords(MemoryRecords.EMPTY);
        if (request.version() >= FIRST_VERSION_WITH_ENDPOINTS
                && (error == Errors.NOT_LEADER_OR_FOLLOWER || error == Errors.FENCED_LEADER_EPOCH)) {
            LeaderHints.Leader leader = leader(interest, request);
            if (leader != null && leader.leaderId() >= 0) {
                data.setCurrentLeader(
                        new LeaderIdAndEpoch().setLeaderId(leader.leaderId()).setLeaderEpoch(leader.leaderEpoch()));
            }
        }
        return data;
    }

    LeaderHints.@Nullable Leader leader(FetchInterest interest, Request request) {
        String topic = interest.topic();
        return topic != null
                ? hints.leaderOf(topic, interest.partition(), request.listener())
                : hints.leaderOf(interest.topicId(), interest.partition(), request.listener());
    }
}
