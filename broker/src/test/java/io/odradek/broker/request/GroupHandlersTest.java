package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.OffsetsLog;
import io.odradek.broker.coordination.OffsetsTopic;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests in every version through handler, loop and machine; each answer is written in that version, as the wire would. */
class GroupHandlersTest {

    private boolean topicExists = true;
    private int creations;

    private final OffsetsTopic topic = new OffsetsTopic() {
        @Override
        public Predicate<String> topicsNow() {
            return topic -> true;
        }

        @Override
        public int partitions() {
            return 3;
        }

        @Override
        public boolean exists() {
            return topicExists;
        }

        @Override
        public void ensureCreated() {
            creations++;
        }

        @Override
        public @Nullable Endpoint leader(int partition, String listener) {
            return new Endpoint(7, listener + ".example", 9092);
        }
    };
    private final CoordinatorHost host = new CoordinatorHost(
            GroupSettings.DEFAULTS.withInitialRebalanceDelayMs(0),
            new ForgetfulLog(),
            topic,
            CoordinatorHost.steadyClock(),
            1);
    private final Map<ApiKeys, ApiHandler> handlers = Map.ofEntries(
            Map.entry(ApiKeys.FIND_COORDINATOR, new FindCoordinatorHandler(host, topic)),
            Map.entry(ApiKeys.JOIN_GROUP, new JoinGroupHandler(host, UUID::randomUUID)),
            Map.entry(ApiKeys.SYNC_GROUP, new SyncGroupHandler(host)),
            Map.entry(ApiKeys.HEARTBEAT, new HeartbeatHandler(host)),
            Map.entry(ApiKeys.LEAVE_GROUP, new LeaveGroupHandler(host)),
            Map.entry(ApiKeys.OFFSET_COMMIT, new OffsetCommitHandler(host, (t, p) -> t.equals("t") && p < 2)),
            Map.entry(ApiKeys.OFFSET_FETCH, new OffsetFetchHandler(host)),
            Map.entry(ApiKeys.OFFSET_DELETE, new OffsetDeleteHandler(host, (t, p) -> t.equals("t") && p < 2)),
            Map.entry(ApiKeys.LIST_GROUPS, new ListGroupsHandler(host)),
            Map.entry(ApiKeys.DESCRIBE_GROUPS, new DescribeGroupsHandler(host)),
            Map.entry(ApiKeys.DELETE_GROUPS, new DeleteGroupsHandler(host)));

    @BeforeEach
    void start() {
        host.start();
        for (int partition = 0; partition < 3; partition++) {
            host.becomeLeader(partition, 0);
        }
        await().until(() -> list((short) 0, new ListGroupsRequestData()).errorCode() == 0);
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aMembersLifeInEveryVersion() {
        for (short v = 0; v <= 9; v++) {
            String group = "life-" + v;
            JoinGroupRequestData join = join(group, "");
            JoinGroupResponseData first = send(ApiKeys.JOIN_GROUP, v, join);
            if (v >= 4) {
                assertThat(first.errorCode()).isEqualTo(Errors.MEMBER_ID_REQUIRED.code());
                first = send(ApiKeys.JOIN_GROUP, v, join(group, first.memberId()));
            }
            String member = first.memberId();
            assertThat(member).startsWith("tester-");
            assertThat(first.errorCode()).isEqualTo(Errors.NONE.code());
            assertThat(first.generationId()).isEqualTo(1);
            assertThat(first.leader()).isEqualTo(member);
            assertThat(first.protocolName()).isEqualTo("range");
            assertThat(first.members())
                    .singleElement()
                    .satisfies(m -> assertThat(m.memberId()).isEqualTo(member));

            short sv = (short) Math.min(v, 5);
            SyncGroupResponseData synced = send(
                    ApiKeys.SYNC_GROUP,
                    sv,
                    new SyncGroupRequestData()
                            .setGroupId(group)
                            .setGenerationId(1)
                            .setMemberId(member)
                            .setProtocolType(sv >= 5 ? "consumer" : null)
                            .setProtocolName(sv >= 5 ? "range" : null)
                            .setAssignments(List.of(new SyncGroupRequestAssignment()
                                    .setMemberId(member)
                                    .setAssignment(utf8("mine")))));
            assertThat(synced.assignment()).isEqualTo(utf8("mine"));

            HeartbeatResponseData heartbeat = send(
                    ApiKeys.HEARTBEAT,
                    (short) Math.min(v, 4),
                    new HeartbeatRequestData()
                            .setGroupId(group)
                            .setGenerationId(1)
                            .setMemberId(member));
            assertThat(heartbeat.errorCode()).isZero();

            short dv = (short) Math.min(v, 6);
            DescribeGroupsResponseData.DescribedGroup described = describe(dv, group);
            assertThat(described.groupState()).isEqualTo("Stable");
            assertThat(described.protocolData()).isEqualTo("range");
            assertThat(described.authorizedOperations()).isEqualTo(dv >= 3 ? 3400 : Integer.MIN_VALUE);
            assertThat(described.members()).singleElement().satisfies(m -> {
                assertThat(m.clientId()).isEqualTo("tester");
                assertThat(m.clientHost()).isEqualTo("/127.0.0.1");
                assertThat(m.memberAssignment()).isEqualTo(utf8("mine"));
            });

            short lv = (short) Math.min(v, 5);
            LeaveGroupResponseData left = send(
                    ApiKeys.LEAVE_GROUP,
                    lv,
                    lv >= 3
                            ? new LeaveGroupRequestData()
                                    .setGroupId(group)
                                    .setMembers(List.of(
                                            new MemberIdentity().setMemberId(member),
                                            new MemberIdentity().setMemberId("nobody")))
                            : new LeaveGroupRequestData().setGroupId(group).setMemberId(member));
            assertThat(left.errorCode()).isZero();
            if (lv >= 3) {
                assertThat(left.members())
                        .extracting(LeaveGroupResponseData.MemberResponse::errorCode)
                        .containsExactly(Errors.NONE.code(), Errors.UNKNOWN_MEMBER_ID.code());
            }
            assertThat(describe(dv, group).groupState()).isEqualTo("Empty");
        }
    }

    @Test
    void refusalsAreWrittenInEveryVersion() {
        for (short v = 0; v <= 9; v++) {
            JoinGroupResponseData refused = send(ApiKeys.JOIN_GROUP, v, join("", "x"));
            assertThat(refused.errorCode()).isEqualTo(Errors.INVALID_GROUP_ID.code());
            assertThat(refused.memberId()).isEqualTo("x");
        }
        LeaveGroupResponseData left = send(
                ApiKeys.LEAVE_GROUP,
                (short) 1,
                new LeaveGroupRequestData().setGroupId("nowhere").setMemberId("m"));
        assertThat(left.errorCode()).isEqualTo(Errors.UNKNOWN_MEMBER_ID.code());
        SyncGroupResponseData sync = send(
                ApiKeys.SYNC_GROUP,
                (short) 5,
                new SyncGroupRequestData().setGroupId("g").setMemberId("m").setGenerationId(1));
        assertThat(sync.errorCode()).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL.code());
    }

    @Test
    void offsetsInEveryVersion() {
        for (short v = 2; v <= 9; v++) {
            String group = "offsets-" + v;
            OffsetCommitResponseData committed = send(
                    ApiKeys.OFFSET_COMMIT,
                    v,
                    new OffsetCommitRequestData()
                            .setGroupId(group)
                            .setTopics(List.of(commitTopic("unknown", v, 0), commitTopic("t", v, 1, 5, 0))));
            assertThat(committed.topics())
                    .extracting(t -> t.name()
                            + t.partitions().stream()
                                    .map(p -> p.partitionIndex() + ":" + Errors.forCode(p.errorCode()))
                                    .toList())
                    .containsExactly(
                            "unknown[0:UNKNOWN_TOPIC_OR_PARTITION]", "t[1:NONE, 5:UNKNOWN_TOPIC_OR_PARTITION, 0:NONE]");
        }
        for (short v = 1; v <= 7; v++) {
            OffsetFetchResponseData fetched = send(
                    ApiKeys.OFFSET_FETCH,
                    v,
                    new OffsetFetchRequestData()
                            .setGroupId("offsets-9")
                            .setRequireStable(v >= 7)
                            .setTopics(List.of(
                                    new OffsetFetchRequestTopic().setName("t").setPartitionIndexes(List.of(0, 3)))));
            assertThat(fetched.errorCode()).isZero();
            assertThat(fetched.topics().getFirst().partitions())
                    .extracting(p ->
                            p.partitionIndex() + ":" + p.committedOffset() + ":" + p.metadata() + ":" + p.errorCode())
                    .containsExactly("0:100:about 0:0", "3:-1::0");
        }
        for (short v = 8; v <= 9; v++) {
            OffsetFetchResponseData fetched = send(
                    ApiKeys.OFFSET_FETCH,
                    v,
                    new OffsetFetchRequestData()
                            .setRequireStable(true)
                            .setGroups(List.of(
                                    new OffsetFetchRequestGroup()
                                            .setGroupId("offsets-9")
                                            .setTopics(null),
                                    new OffsetFetchRequestGroup()
                                            .setGroupId("nowhere")
                                            .setTopics(List.of(new OffsetFetchRequestTopics()
                                                    .setName("t")
                                                    .setPartitionIndexes(List.of(0)))),
                                    new OffsetFetchRequestGroup()
                                            .setGroupId("offsets-2")
                                            .setTopics(null))));
            assertThat(fetched.groups())
                    .extracting(OffsetFetchResponseData.OffsetFetchResponseGroup::groupId)
                    .containsExactly("offsets-9", "nowhere", "offsets-2");
            assertThat(fetched.groups().get(0).topics().getFirst().partitions())
                    .extracting(p -> p.partitionIndex() + ":" + p.committedOffset() + ":" + p.committedLeaderEpoch())
                    .containsExactly("0:100:4", "1:101:4");
            assertThat(fetched.groups()
                            .get(1)
                            .topics()
                            .getFirst()
                            .partitions()
                            .getFirst()
                            .committedOffset())
                    .isEqualTo(-1);
            assertThat(fetched.groups().get(2).topics()).hasSize(1);
        }
    }

    @Test
    void anErrorOfTheGroupStandsWhereTheVersionHasRoomForIt() {
        host.resign(host.partitionFor("g"), 0);
        await().until(() ->
                errorOfOffsetFetch((short) 9) == Errors.NOT_COORDINATOR.code()); // it resigns in its own time
        for (short v = 1; v <= 9; v++) {
            assertThat(errorOfOffsetFetch(v)).as("version %d", v).isEqualTo(Errors.NOT_COORDINATOR.code());
        }
    }

    private short errorOfOffsetFetch(short version) {
        OffsetFetchRequestData request = version >= 8
                ? new OffsetFetchRequestData()
                        .setGroups(List.of(new OffsetFetchRequestGroup()
                                .setGroupId("g")
                                .setTopics(List.of(new OffsetFetchRequestTopics()
                                        .setName("t")
                                        .setPartitionIndexes(List.of(0))))))
                : new OffsetFetchRequestData()
                        .setGroupId("g")
                        .setTopics(List.of(
                                new OffsetFetchRequestTopic().setName("t").setPartitionIndexes(List.of(0))));
        OffsetFetchResponseData fetched = send(ApiKeys.OFFSET_FETCH, version, request);
        return version == 1
                ? fetched.topics().getFirst().partitions().getFirst().errorCode()
                : version < 8
                        ? fetched.errorCode()
                        : fetched.groups().getFirst().errorCode();
    }

    @Test
    void groupsAreListedDescribedAndDeletedInEveryVersion() {
        commit("here");
        for (short v = 0; v <= 5; v++) {
            ListGroupsResponseData listed = list(v, new ListGroupsRequestData());
            assertThat(listed.groups())
                    .singleElement()
                    .satisfies(g -> assertThat(g.groupId()).isEqualTo("here"));
        }
        assertThat(list((short) 5, new ListGroupsRequestData().setStatesFilter(List.of(" EMPTY ")))
                        .groups())
                .singleElement()
                .satisfies(g -> {
                    assertThat(g.groupState()).isEqualTo("Empty");
                    assertThat(g.groupType()).isEqualTo("classic");
                });
        assertThat(list((short) 5, new ListGroupsRequestData().setTypesFilter(List.of("Consumer")))
                        .groups())
                .isEmpty();
        assertThat(list((short) 5, new ListGroupsRequestData().setTypesFilter(List.of("Classic")))
                        .groups())
                .hasSize(1);

        for (short v = 0; v <= 6; v++) {
            DescribeGroupsResponseData.DescribedGroup unknown = describe(v, "nowhere");
            assertThat(unknown.groupState()).isEqualTo("Dead");
            assertThat(unknown.errorCode()).isEqualTo((v < 6 ? Errors.NONE : Errors.GROUP_ID_NOT_FOUND).code());
        }
        for (short v = 0; v <= 2; v++) {
            commit("here");
            DeleteGroupsResponseData deleted = send(
                    ApiKeys.DELETE_GROUPS, v, new DeleteGroupsRequestData().setGroupsNames(List.of("here", "nowhere")));
            assertThat(deleted.results().find("here").errorCode()).isZero();
            assertThat(deleted.results().find("nowhere").errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        }
    }

    /** The subscription is as the stock consumer writes it. */
    @Test
    void offsetsOfSubscribedTopicsAreNotDeleted() {
        commit("g");
        JoinGroupResponseData first = send(ApiKeys.JOIN_GROUP, (short) 9, join("g", ""));
        JoinGroupResponseData joined = send(ApiKeys.JOIN_GROUP, (short) 9, join("g", first.memberId()));
        assertThat(joined.errorCode()).isZero();
        OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic()
                .setName("t")
                .setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        topics.add(new OffsetDeleteRequestTopic()
                .setName("u")
                .setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        OffsetDeleteResponseData deleted = send(
                ApiKeys.OFFSET_DELETE,
                (short) 0,
                new OffsetDeleteRequestData().setGroupId("g").setTopics(topics));
        assertThat(Objects.requireNonNull(deleted.topics().find("t"))
                        .partitions()
                        .find(0)
                        .errorCode())
                .isEqualTo(Errors.GROUP_SUBSCRIBED_TO_TOPIC.code());
        assertThat(Objects.requireNonNull(deleted.topics().find("u"))
                        .partitions()
                        .find(0)
                        .errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        OffsetDeleteResponseData unknown = send(
                ApiKeys.OFFSET_DELETE,
                (short) 0,
                new OffsetDeleteRequestData()
                        .setGroupId("nowhere")
                        .setTopics(new OffsetDeleteRequestTopicCollection()));
        assertThat(unknown.errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
    }

    @Test
    void coordinatorsAreFoundInEveryVersion() {
        for (short v = 0; v <= 3; v++) {
            FindCoordinatorResponseData found =
                    send(ApiKeys.FIND_COORDINATOR, v, new FindCoordinatorRequestData().setKey("g"));
            assertThat(found.nodeId()).isEqualTo(7);
            assertThat(found.host()).isEqualTo("PLAINTEXT.example");
        }
        for (short v = 4; v <= 6; v++) {
            FindCoordinatorResponseData found = send(
                    ApiKeys.FIND_COORDINATOR,
                    v,
                    new FindCoordinatorRequestData().setCoordinatorKeys(List.of("g", "h")));
            assertThat(found.coordinators())
                    .extracting(c -> c.key() + c.nodeId() + c.port() + c.errorCode())
                    .containsExactly("g790920", "h790920");
        }
    }

    @Test
    void theFirstToAskHasTheTopicCreated() {
        topicExists = false;
        FindCoordinatorResponseData found =
                send(ApiKeys.FIND_COORDINATOR, (short) 2, new FindCoordinatorRequestData().setKey("g"));
        assertThat(found.errorCode()).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE.code());
        assertThat(creations).isEqualTo(1);
    }

    @Test
    void whoAsksForTransactionsIsToldThatThereAreNone() {
        FindCoordinatorResponseData found = send(
                ApiKeys.FIND_COORDINATOR,
                (short) 6,
                new FindCoordinatorRequestData().setKeyType((byte) 1).setCoordinatorKeys(List.of("tx")));
        FindCoordinatorResponseData.Coordinator refused = found.coordinators().getFirst();
        Errors error = Errors.forCode(refused.errorCode());
        assertThat(error.exception()).isNotInstanceOf(org.apache.kafka.common.errors.RetriableException.class);
        assertThat(refused.errorMessage()).contains("transactional.id");
        assertThat(creations).isZero();
    }

    // ---- sending

    private static JoinGroupRequestData join(String group, String memberId) {
        ByteBuffer subscription = ConsumerProtocol.serializeSubscription(new Subscription(List.of("t")));
        return new JoinGroupRequestData()
                .setGroupId(group)
                .setMemberId(memberId)
                .setSessionTimeoutMs(10_000)
                .setRebalanceTimeoutMs(60_000)
                .setProtocolType("consumer")
                .setProtocols(new JoinGroupRequestProtocolCollection(List.of(new JoinGroupRequestProtocol()
                                .setName("range")
                                .setMetadata(Utils.toArray(subscription)))
                        .iterator()));
    }

    private void commit(String group) {
        send(
                ApiKeys.OFFSET_COMMIT,
                (short) 9,
                new OffsetCommitRequestData().setGroupId(group).setTopics(List.of(commitTopic("t", (short) 9, 0))));
    }

    private static OffsetCommitRequestTopic commitTopic(String name, short version, int... partitions) {
        List<OffsetCommitRequestPartition> list = new ArrayList<>();
        for (int partition : partitions) {
            list.add(new OffsetCommitRequestPartition()
                    .setPartitionIndex(partition)
                    .setCommittedOffset(100 + partition)
                    .setCommittedLeaderEpoch(version >= 6 ? 4 : -1)
                    .setCommittedMetadata("about " + partition));
        }
        return new OffsetCommitRequestTopic().setName(name).setPartitions(list);
    }

    private ListGroupsResponseData list(short version, ListGroupsRequestData request) {
        return send(ApiKeys.LIST_GROUPS, version, request);
    }

    private DescribeGroupsResponseData.DescribedGroup describe(short version, String group) {
        DescribeGroupsResponseData described = send(
                ApiKeys.DESCRIBE_GROUPS,
                version,
                new DescribeGroupsRequestData().setGroups(List.of(group)).setIncludeAuthorizedOperations(version >= 3));
        return described.groups().getFirst();
    }

    /** Writes and reads the response in its version, so that what that version cannot say is found. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the key decides the type, as on the wire
    private <T extends ApiMessage> T send(ApiKeys api, short version, ApiMessage body) {
        MessageUtil.toByteBufferAccessor(body, version);
        Request request = new Request(
                new RequestHeader(api, version, "tester", 1),
                body,
                BufferLease.UNPOOLED,
                InetAddress.getLoopbackAddress(),
                "PLAINTEXT",
                new IdleConnection());
        OneAnswer answer = new OneAnswer();
        Objects.requireNonNull(handlers.get(api)).handle(request, answer);
        ApiMessage response = answer.response.orTimeout(20, TimeUnit.SECONDS).join();
        ApiMessage read = api.messageType.newResponse();
        read.read(MessageUtil.toByteBufferAccessor(response, version), version);
        return (T) read;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static final class ForgetfulLog implements OffsetsLog {
        @Override
        public void append(int partition, int leaderEpoch, List<KeyValue> records, Completion done) {
            done.completed(Outcome.COMMITTED);
        }

        @Override
        public void read(int partition, int leaderEpoch, RecordVisitor visitor) {}

        @Override
        public void awaitCommitted(int partition, Completion done) {
            done.completed(Outcome.COMMITTED);
        }

        @Override
        public boolean leads(int partition, int leaderEpoch) {
            return true;
        }

        @Override
        public int maxBatchBytes(int partition) {
            return 1_000_000;
        }
    }
}
