package io.odradek.broker.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.coordinator.group.GroupRecord;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import io.odradek.coordinator.group.GroupRecord.GroupRemoved;
import io.odradek.coordinator.group.GroupRecord.GroupStored;
import io.odradek.coordinator.group.GroupRecord.OffsetCommitted;
import io.odradek.coordinator.group.GroupRecord.OffsetRemoved;
import io.odradek.coordinator.group.GroupRecord.StoredMember;
import io.odradek.coordinator.group.Opaque;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Ours against Kafka's own serialization of the same records, both ways. */
class OffsetsRecordsTest {

    private final GroupCoordinatorRecordSerde kafka = new GroupCoordinatorRecordSerde();

    @Property(tries = 500)
    void kafkaWritesTheSameBytes(@ForAll("records") GroupRecord record) {
        CoordinatorRecord theirs = toKafka(record);
        assertThat(OffsetsRecords.key(record)).isEqualTo(ByteBuffer.wrap(kafka.serializeKey(theirs)));
        byte[] value = kafka.serializeValue(theirs);
        assertThat(OffsetsRecords.value(record)).isEqualTo(value == null ? null : ByteBuffer.wrap(value));
    }

    @Property(tries = 500)
    void kafkaReadsWhatWeWrite(@ForAll("records") GroupRecord record) {
        CoordinatorRecord read = kafka.deserialize(OffsetsRecords.key(record), OffsetsRecords.value(record));
        CoordinatorRecord expected = toKafka(record);
        assertThat(read.key()).isEqualTo(expected.key());
        assertThat(read.value()).isEqualTo(expected.value());
    }

    @Property(tries = 500)
    void weReadWhatWeWrite(@ForAll("records") GroupRecord record) {
        assertThat(OffsetsRecords.read(OffsetsRecords.key(record), OffsetsRecords.value(record)))
                .isEqualTo(asKept(record));
    }

    @Property(tries = 200)
    void weReadEveryVersionKafkaEverWrote(@ForAll("records") GroupRecord record) {
        ByteBuffer key = OffsetsRecords.key(record);
        CoordinatorRecord theirs = toKafka(record);
        ApiMessageAndVersion value = theirs.value();
        if (value == null) {
            return;
        }
        for (short version = 0; version <= 4; version++) {
            GroupRecord read = OffsetsRecords.read(key, versioned(value.message(), version));
            GroupRecord expected = switch (record) {
                case OffsetCommitted(String groupId, String topic, int partition, CommittedOffset offset) ->
                    new OffsetCommitted(
                            groupId,
                            topic,
                            partition,
                            new CommittedOffset(
                                    offset.offset(),
                                    version >= 3 && offset.expireTimestampMs() == -1 ? offset.leaderEpoch() : -1,
                                    offset.metadata(),
                                    offset.commitTimestampMs(),
                                    version == 1 ? offset.expireTimestampMs() : -1));
                case GroupStored stored -> asOf(version, stored);
                case OffsetRemoved removed -> removed;
                case GroupRemoved removed -> removed;
            };
            assertThat(read).as("version %d", version).isEqualTo(expected);
        }
    }

    @Property(tries = 500)
    void cutOrChangedBytesAreReadOrRefusedAndNothingElse(
            @ForAll("records") GroupRecord record, @ForAll int at, @ForAll byte with) {
        ByteBuffer value = OffsetsRecords.value(record);
        if (value == null) {
            return;
        }
        ByteBuffer key = OffsetsRecords.key(record);
        int position = Math.floorMod(at, value.limit());
        readOrRefuse(key, value.duplicate().limit(position));
        readOrRefuse(key, value.duplicate().put(position, with));
    }

    private static void readOrRefuse(ByteBuffer key, ByteBuffer value) {
        try {
            assertThat(OffsetsRecords.read(key, value)).isNotNull();
        } catch (IllegalArgumentException refused) {
            assertThat(refused).hasMessageMatching(".+");
        }
    }

    @Test
    void recordsOfOtherKindsAreNobodysBusiness() {
        for (short kind = 3; kind < 20; kind++) {
            ByteBuffer key = ByteBuffer.allocate(8)
                    .putShort(kind)
                    .putShort((short) 1)
                    .put((byte) 'g')
                    .flip();
            assertThat(OffsetsRecords.read(key, null)).isNull();
        }
    }

    @Test
    void aValueOfAVersionToComeIsRefused() {
        ByteBuffer key = OffsetsRecords.key(new GroupRemoved("g"));
        ByteBuffer value = ByteBuffer.allocate(2).putShort((short) 5).flip();
        assertThatThrownBy(() -> OffsetsRecords.read(key, value)).hasMessageContaining("version 5");
    }

    /** 4.3 adds a topic id as a tagged field when the client spoke in ids; it must not disturb us. */
    @Test
    void aTopicIdIsPassedOver() {
        OffsetCommitValue value = new OffsetCommitValue()
                .setOffset(9)
                .setLeaderEpoch(4)
                .setMetadata("m")
                .setCommitTimestamp(77)
                .setTopicId(org.apache.kafka.common.Uuid.randomUuid());
        assertThat(OffsetsRecords.read(OffsetsRecords.key(new OffsetRemoved("g", "t", 1)), versioned(value, (short) 4)))
                .isEqualTo(new OffsetCommitted("g", "t", 1, new CommittedOffset(9, 4, "m", 77, -1)));
    }

    private static ByteBuffer versioned(ApiMessage message, short version) {
        return MessageUtil.toVersionPrefixedByteBuffer(version, message);
    }

    /** What version 1 cannot keep is gone. */
    private static GroupRecord asKept(GroupRecord record) {
        if (record instanceof OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value)
                && value.expireTimestampMs() != -1) {
            return new OffsetCommitted(
                    groupId,
                    topic,
                    partition,
                    new CommittedOffset(
                            value.offset(),
                            -1,
                            value.metadata(),
                            value.commitTimestampMs(),
                            value.expireTimestampMs()));
        }
        return record;
    }

    private static GroupStored asOf(short version, GroupStored stored) {
        List<StoredMember> members = new ArrayList<>();
        for (StoredMember member : stored.members()) {
            members.add(new StoredMember(
                    member.memberId(),
                    version >= 3 ? member.groupInstanceId() : null,
                    member.clientId(),
                    member.clientHost(),
                    version >= 1 ? member.rebalanceTimeoutMs() : -1,
                    member.sessionTimeoutMs(),
                    member.subscription(),
                    member.assignment()));
        }
        return new GroupStored(
                stored.groupId(),
                stored.protocolType(),
                stored.generationId(),
                stored.protocolName(),
                stored.leaderId(),
                version >= 2 ? stored.sinceMs() : -1,
                members);
    }

    private static CoordinatorRecord toKafka(GroupRecord record) {
        return switch (record) {
            case OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) ->
                CoordinatorRecord.record(
                        offsetKey(groupId, topic, partition),
                        new ApiMessageAndVersion(
                                new OffsetCommitValue()
                                        .setOffset(value.offset())
                                        .setLeaderEpoch(value.expireTimestampMs() == -1 ? value.leaderEpoch() : -1)
                                        .setMetadata(value.metadata())
                                        .setCommitTimestamp(value.commitTimestampMs())
                                        .setExpireTimestamp(value.expireTimestampMs()),
                                (short) (value.expireTimestampMs() == -1 ? 4 : 1)));
            case OffsetRemoved(String groupId, String topic, int partition) ->
                CoordinatorRecord.tombstone(offsetKey(groupId, topic, partition));
            case GroupRemoved(String groupId) -> CoordinatorRecord.tombstone(new GroupMetadataKey().setGroup(groupId));
            case GroupStored stored ->
                CoordinatorRecord.record(
                        new GroupMetadataKey().setGroup(stored.groupId()),
                        new ApiMessageAndVersion(
                                new GroupMetadataValue()
                                        .setProtocolType(stored.protocolType())
                                        .setGeneration(stored.generationId())
                                        .setProtocol(stored.protocolName())
                                        .setLeader(stored.leaderId())
                                        .setCurrentStateTimestamp(stored.sinceMs())
                                        .setMembers(stored.members().stream()
                                                .map(OffsetsRecordsTest::toKafka)
                                                .toList()),
                                (short) 3));
        };
    }

    private static OffsetCommitKey offsetKey(String groupId, String topic, int partition) {
        return new OffsetCommitKey().setGroup(groupId).setTopic(topic).setPartition(partition);
    }

    private static GroupMetadataValue.MemberMetadata toKafka(StoredMember member) {
        return new GroupMetadataValue.MemberMetadata()
                .setMemberId(member.memberId())
                .setGroupInstanceId(member.groupInstanceId())
                .setClientId(member.clientId())
                .setClientHost(member.clientHost())
                .setRebalanceTimeout(member.rebalanceTimeoutMs())
                .setSessionTimeout(member.sessionTimeoutMs())
                .setSubscription(member.subscription().bytes())
                .setAssignment(member.assignment().bytes());
    }

    @Provide
    Arbitrary<GroupRecord> records() {
        Arbitrary<String> text = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(20), Arbitraries.just("m".repeat(300)), Arbitraries.just("ä€𝄞"));
        Arbitrary<@Nullable String> maybe = text.injectNull(0.3);
        Arbitrary<Opaque> bytes =
                Arbitraries.bytes().array(byte[].class).ofMaxSize(200).map(Opaque::of);
        Arbitrary<CommittedOffset> offset = Combinators.combine(
                        Arbitraries.longs(),
                        Arbitraries.integers(),
                        text,
                        Arbitraries.longs(),
                        Arbitraries.oneOf(
                                Arbitraries.just(-1L), Arbitraries.longs().greaterOrEqual(0)))
                .as(CommittedOffset::new);
        Arbitrary<StoredMember> member = Combinators.combine(
                        text, maybe, text, text, Arbitraries.integers(), Arbitraries.integers(), bytes, bytes)
                .as(StoredMember::new);
        return Arbitraries.oneOf(
                Combinators.combine(text, text, Arbitraries.integers(), offset).as(OffsetCommitted::new),
                Combinators.combine(text, text, Arbitraries.integers()).as(OffsetRemoved::new),
                text.map(GroupRemoved::new),
                Combinators.combine(
                                text,
                                text,
                                Arbitraries.integers(),
                                maybe,
                                maybe,
                                Arbitraries.longs(),
                                member.list().ofMaxSize(5))
                        .as(GroupStored::new));
    }

    @Test
    void tombstonesHaveNoValue() {
        assertThat(OffsetsRecords.value(new GroupRemoved("g"))).isNull();
        assertThat(Objects.requireNonNull(OffsetsRecords.value(
                                new OffsetCommitted("g", "t", 0, new CommittedOffset(1, 2, "", 3, -1))))
                        .getShort(0))
                .isEqualTo((short) 4);
    }
}
