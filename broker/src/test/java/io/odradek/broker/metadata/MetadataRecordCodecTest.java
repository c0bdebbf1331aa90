package io.odradek.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.AccessControlEntryRecord;
import org.apache.kafka.common.metadata.PartitionChangeRecord;
import org.apache.kafka.common.metadata.RegisterBrokerRecord;
import org.apache.kafka.common.metadata.TopicRecord;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.junit.jupiter.api.Test;

/** Against Kafka's own classes: what we write it reads, byte for byte what it would write, and the other way round. */
class MetadataRecordCodecTest {

    @Provide
    Arbitrary<MetadataRecord> records() {
        return MetadataRecords.any();
    }

    @Property(tries = 2000)
    void kafkaReadsWhatWeWriteAndWritesTheSameBytes(@ForAll("records") MetadataRecord record) {
        byte[] ours = MetadataRecordCodec.encode(record);
        ApiMessageAndVersion kafkas =
                MetadataRecordSerde.INSTANCE.read(new ByteBufferAccessor(ByteBuffer.wrap(ours)), ours.length);
        assertThat(kafkaBytes(kafkas)).isEqualTo(ours);
    }

    @Property(tries = 2000)
    void weReadWhatWasWritten(@ForAll("records") MetadataRecord record) {
        assertThat(MetadataRecordCodec.decode(ByteBuffer.wrap(MetadataRecordCodec.encode(record))))
                .isEqualTo(record);
    }

    /** Every prefix is refused as what it is, never by an exception that says nothing and never by reading nonsense. */
    @Property(tries = 300)
    void aRecordCutShortIsRefused(@ForAll("records") MetadataRecord record) {
        byte[] bytes = MetadataRecordCodec.encode(record);
        for (int length = 0; length < bytes.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length).slice();
            assertThatThrownBy(() -> MetadataRecordCodec.decode(cut)).isInstanceOf(MetadataFormatException.class);
        }
    }

    @Property(tries = 2000)
    void randomBytesAreReadOrRefused(@ForAll byte[] bytes) {
        assertThat(catchThrowable(() -> MetadataRecordCodec.decode(ByteBuffer.wrap(bytes))))
                .satisfiesAnyOf(
                        thrown -> assertThat(thrown).isNull(),
                        thrown -> assertThat(thrown).isInstanceOf(MetadataFormatException.class));
    }

    @Test
    void olderVersionsAreRead() {
        RegisterBrokerRecord registration = new RegisterBrokerRecord()
                .setBrokerId(7)
                .setBrokerEpoch(42)
                .setIncarnationId(new Uuid(1, 2))
                .setRack("r")
                .setFenced(true);
        for (short version = 0; version <= 4; version++) {
            byte[] bytes = kafkaBytes(new ApiMessageAndVersion(registration, version));
            assertThat(MetadataRecordCodec.decode(ByteBuffer.wrap(bytes)))
                    .isEqualTo(new RegisterBroker(
                            7, 42, new UUID(1, 2), List.of(), Map.of(), "r", true, false, List.of()));
        }
        for (short version = 0; version <= 2; version++) {
            PartitionChangeRecord change = new PartitionChangeRecord()
                    .setPartitionId(3)
                    .setTopicId(new Uuid(5, 6))
                    .setLeader(-1);
            assertThat(MetadataRecordCodec.decode(
                            ByteBuffer.wrap(kafkaBytes(new ApiMessageAndVersion(change, version)))))
                    .isEqualTo(PartitionChange.newReign(new UUID(5, 6), 3, -1, null));
        }
    }

    @Test
    void unknownTaggedFieldsArePassedOver() {
        TopicRecord topic = new TopicRecord().setName("t").setTopicId(new Uuid(1, 2));
        topic.unknownTaggedFields().add(new RawTaggedField(99, new byte[] {1, 2, 3}));
        assertThat(MetadataRecordCodec.decode(ByteBuffer.wrap(kafkaBytes(new ApiMessageAndVersion(topic, (short) 0)))))
                .isEqualTo(new MetadataRecord.Topic("t", new UUID(1, 2)));
    }

    @Test
    void unknownTypesAndVersionsAreRefusedByName() {
        byte[] acl = kafkaBytes(new ApiMessageAndVersion(
                new AccessControlEntryRecord()
                        .setResourceName("x")
                        .setPrincipal("p")
                        .setHost("h"),
                (short) 0));
        assertThatThrownBy(() -> MetadataRecordCodec.decode(ByteBuffer.wrap(acl)))
                .isInstanceOf(MetadataFormatException.class)
                .hasMessageContaining("type 18 version 0 is not known");
        assertThatThrownBy(() -> MetadataRecordCodec.decode(ByteBuffer.wrap(new byte[] {1, 2, 9})))
                .isInstanceOf(MetadataFormatException.class)
                .hasMessageContaining("TopicRecord (type 2) in version 9; known: 0 to 0");
        assertThatThrownBy(() -> MetadataRecordCodec.decode(ByteBuffer.wrap(new byte[] {2, 2, 0})))
                .isInstanceOf(MetadataFormatException.class)
                .hasMessageContaining("frame version 2");
    }

    private static byte[] kafkaBytes(ApiMessageAndVersion record) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(record, cache));
        MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(buffer));
        return buffer.array();
    }
}
