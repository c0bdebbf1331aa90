package io.odradek.spec.cluster;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/**
 * Commits again and again where consumers are, for a group without members, and asks what is committed: never less than was acknowledged, never more than
 * was asked for, wherever the coordinator has gone.
 */
final class OffsetCommitter {

    private static final int PAUSE_MS = 50;
    private static final int NOBODY = -1;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final Timeline time;
    private final String group;
    private final List<CheckingConsumer> consumers;
    private final long[] asked;
    private final long[] acknowledged;
    private int coordinator = NOBODY;
    private long lastRoundMs = -1;
    private boolean stopped;

    OffsetCommitter(
            ClientMachine client, Chronicle chronicle, Timeline time, String group, List<CheckingConsumer> consumers) {
        this.client = client;
        this.chronicle = chronicle;
        this.time = time;
        this.group = group;
        this.consumers = consumers;
        this.asked = new long[consumers.size()];
        this.acknowledged = new long[consumers.size()];
    }

    /** When it last had what it had committed read back; negative before. */
    long lastRoundMs() {
        return lastRoundMs;
    }

    void stop() {
        stopped = true;
    }

    void start() {
        if (stopped) {
            return;
        }
        if (coordinator != NOBODY) {
            commit();
            return;
        }
        client.ask(
                client.anyNode(),
                ApiKeys.FIND_COORDINATOR,
                GroupRequests.whoCoordinates(group),
                FindCoordinatorResponseData.class,
                client.orElse(this::lookAgain, response -> {
                    FindCoordinatorResponseData.Coordinator found =
                            response.coordinators().getFirst();
                    if (found.errorCode() == Errors.NONE.code()) {
                        coordinator = found.nodeId();
                        commit();
                    } else {
                        chronicle.count("who looks for a coordinator hears " + Errors.forCode(found.errorCode()));
                        lookAgain();
                    }
                }));
    }

    private void lookAgain() {
        coordinator = NOBODY;
        client.lookAgain(this::start);
    }

    private void commit() {
        Map<TopicPartition, Long> now = new HashMap<>();
        long[] offsets = new long[consumers.size()];
        for (int i = 0; i < offsets.length; i++) {
            CheckingConsumer consumer = consumers.get(i);
            offsets[i] = consumer.nextOffset();
            asked[i] = offsets[i];
            now.put(consumer.partition(), offsets[i]);
        }
        client.ask(
                coordinator,
                ApiKeys.OFFSET_COMMIT,
                GroupRequests.commit(group, now),
                OffsetCommitResponseData.class,
                client.orElse(this::lookAgain, response -> committed(offsets, response)));
    }

    private void committed(long[] offsets, OffsetCommitResponseData response) {
        boolean all = true;
        for (int i = 0; i < offsets.length; i++) {
            TopicPartition partition = consumers.get(i).partition();
            Errors error = Errors.forCode(response.topics().stream()
                    .filter(topic -> topic.name().equals(partition.topic()))
                    .flatMap(topic -> topic.partitions().stream())
                    .filter(one -> one.partitionIndex() == partition.partition())
                    .findFirst()
                    .orElseThrow()
                    .errorCode());
            if (error == Errors.NONE) {
                acknowledged[i] = offsets[i];
            } else {
                chronicle.count("who commits offsets hears " + error);
                all = false;
            }
        }
        if (all) {
            chronicle.count("offsets are committed");
            client.after(PAUSE_MS, this::readBack);
        } else {
            lookAgain();
        }
    }

    private void readBack() {
        client.ask(
                coordinator,
                ApiKeys.OFFSET_FETCH,
                GroupRequests.whatIsCommitted(
                        group,
                        consumers.stream().map(CheckingConsumer::partition).toList()),
                OffsetFetchResponseData.class,
                client.orElse(this::lookAgain, this::read));
    }

    private void read(OffsetFetchResponseData response) {
        OffsetFetchResponseData.OffsetFetchResponseGroup found =
                response.groups().getFirst();
        if (found.errorCode() != Errors.NONE.code()) {
            chronicle.count("who asks for committed offsets hears " + Errors.forCode(found.errorCode()));
            lookAgain();
            return;
        }
        for (int i = 0; i < acknowledged.length; i++) {
            TopicPartition partition = consumers.get(i).partition();
            long offset = found.topics().stream()
                    .filter(topic -> topic.name().equals(partition.topic()))
                    .flatMap(topic -> topic.partitions().stream())
                    .filter(one -> one.partitionIndex() == partition.partition())
                    .findFirst()
                    .orElseThrow()
                    .committedOffset();
            if (offset < acknowledged[i] || offset > asked[i]) {
                throw new AssertionError("CommittedOffsetsStay: of " + partition + " " + offset
                        + " is committed, acknowledged was " + acknowledged[i] + ", asked for " + asked[i]);
            }
        }
        lastRoundMs = time.nowMs();
        client.after(PAUSE_MS, this::start);
    }
}
