package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogPosition;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogReader.TimestampedOffset;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.Errors;

/** ListOffsets: where a partition begins and ends, and what was written at a time. */
public final class ListOffsetsHandler implements ApiHandler {
    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long MAX_TIMESTAMP = -3;
    private static final long EARLIEST_LOCAL = -4;
    private static final long LATEST_TIERED = -5;
    private static final long EARLIEST_PENDING_UPLOAD = -6;
    private static final long NOTHING = -1;
    private static final byte READ_COMMITTED = 1;
    /** Replica ids of clients; a follower has its own, and Kafka's debugging consumer reads like one. */
    private static final int CONSUMER_REPLICA_ID = -1;

    private static final short FIRST_WITH_LEADER_EPOCH = 4;
    private static final short FIRST_WITH_NOT_AVAILABLE = 5;

    private final Partitions partitions;
    private final LeaderHints hints;

    public ListOffsetsHandler(Partitions partitions, LeaderHints hints) {
        this.partitions = partitions;
        this.hints = hints;
    }

    @Override
    public void handle(Request request, Reply reply) {
        ListOffsetsRequestData body = (ListOffsetsRequestData) request.body();
        List<ListOffsetsTopicResponse> topics = new ArrayList<>(body.topics().size());
        for (ListOffsetsTopic topic : body.topics()) {
            Set<Integer> seen = new HashSet<>();
            Set<Integer> twice = new HashSet<>();
            for (ListOffsetsPartition partition : topic.partitions()) {
                if (!seen.add(partition.partitionIndex())) {
                    twice.add(partition.partitionIndex());
                }
            }
            List<ListOffsetsPartitionResponse> answers = new ArrayList<>();
            for (ListOffsetsPartition partition : topic.partitions()) {
                answers.add(
                        twice.contains(partition.partitionIndex())
                                ? failed(partition, Errors.INVALID_REQUEST)
                                : answer(request, body, topic.name(), partition));
            }
            topics.add(new ListOffsetsTopicResponse().setName(topic.name()).setPartitions(answers));
        }
        reply.send(new ListOffsetsResponseData().setTopics(topics));
    }

    private ListOffsetsPartitionResponse answer(
            Request request, ListOffsetsRequestData body, String topic, ListOffsetsPartition wanted) {
        PartitionHost host = partitions.find(topic, wanted.partitionIndex());
        if (host == null) {
            return failed(
                    wanted,
                    hints.leaderOf(topic, wanted.partitionIndex(), request.listener()) == null
                            ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                            : Errors.NOT_LEADER_OR_FOLLOWER);
        }
        PartitionView view = host.view();
        Errors error = host.status();
        if (error == Errors.NONE) {
            error = host.checkEpoch(view, wanted.currentLeaderEpoch());
        }
        if (error != Errors.NONE) {
            return failed(wanted, error);
        }
        if (error == Errors.NONE
                && body.replicaId() == CONSUMER_REPLICA_ID
                && !host.tellsEnd()
                && isAboutTheEnd(wanted)) {
            // KIP-207: it may not know yet of all that was committed before its reign.
            return failed(
                    wanted,
                    request.version() >= FIRST_WITH_NOT_AVAILABLE
                            ? Errors.OFFSET_NOT_AVAILABLE
                            : Errors.LEADER_NOT_AVAILABLE);
        }
        if (request.version() < firstVersion(wanted.timestamp())) {
            return failed(wanted, Errors.UNSUPPORTED_VERSION);
        }
        LogView log = host.log().view();
        while (true) {
            LogPosition end = readableEnd(body, view, log);
            try {
                return found(request.version(), wanted, lookUp(wanted.timestamp(), log, end, view.leaderEpoch()));
            } catch (IOException e) {
                LogView now = host.log().view();
                if (now.hasSegmentsOf(log)) {
                    host.unreadable(e);
                    return failed(wanted, Errors.KAFKA_STORAGE_ERROR);
                }
                log = now; // a segment went while it was searched: retention or compaction, not trouble
            }
        }
    }

    /** Where it begins can be said in any case; a time may lie behind what is known to be committed. */
    private static boolean isAboutTheEnd(ListOffsetsPartition wanted) {
        return wanted.timestamp() == LATEST || wanted.timestamp() >= 0 || wanted.timestamp() == MAX_TIMESTAMP;
    }

    private static LogPosition readableEnd(ListOffsetsRequestData body, PartitionView view, LogView log) {
        if (body.replicaId() != CONSUMER_REPLICA_ID) {
            return log.end();
        }
        return body.isolationLevel() == READ_COMMITTED ? view.lastStableOffset() : view.highWatermark();
    }

    /** Which version first knew a special timestamp (KIP-734, KIP-405, KIP-1005, KIP-1023). */
    private static short firstVersion(long timestamp) {
        if (timestamp == MAX_TIMESTAMP) {
            return 7;
        } else if (timestamp == EARLIEST_LOCAL) {
            return 8;
        } else if (timestamp == LATEST_TIERED) {
            return 9;
        } else if (timestamp == EARLIEST_PENDING_UPLOAD) {
            return 11;
        }
        return timestamp < EARLIEST_PENDING_UPLOAD ? Short.MAX_VALUE : 0;
    }

    private static Optional<TimestampedOffset> lookUp(long timestamp, LogView log, LogPosition end, int leaderEpoch)
            throws IOException {
        if (timestamp == LATEST) {
            return Optional.of(new TimestampedOffset(NOTHING, end.offset(), leaderEpoch));
        } else if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL) {
            return Optional.of(new TimestampedOffset(
                    NOTHING, log.logStartOffset(), log.epochs().epochOf(log.logStartOffset())));
        } else if (timestamp == MAX_TIMESTAMP) {
            return LogReader.maxTimestamp(log, end);
        } else if (timestamp == LATEST_TIERED || timestamp == EARLIEST_PENDING_UPLOAD) {
            return Optional.empty(); // nothing is tiered here
        }
        return LogReader.offsetForTimestamp(log, timestamp, end);
    }

    private static ListOffsetsPartitionResponse found(
            short version, ListOffsetsPartition wanted, Optional<TimestampedOffset> found) {
        ListOffsetsPartitionResponse answer = failed(wanted, Errors.NONE);
        found.ifPresent(at -> {
            answer.setTimestamp(at.timestamp()).setOffset(at.offset());
            if (version >= FIRST_WITH_LEADER_EPOCH) {
                answer.setLeaderEpoch(at.leaderEpoch()); // older schemas refuse to be written with one
            }
        });
        return answer;
    }

    private static ListOffsetsPartitionResponse failed(ListOffsetsPartition wanted, Errors error) {
        return new ListOffsetsPartitionResponse()
                .setPartitionIndex(wanted.partitionIndex())
                .setErrorCode(error.code())
                .setTimestamp(NOTHING)
                .setOffset(NOTHING);
    }
}
