package io.odradek.broker.metadata;

import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.MetadataRecord.FenceBroker;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.NoOp;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.MetadataRecord.ProducerIds;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.RemoveTopic;
import io.odradek.replication.controller.MetadataRecord.Topic;
import io.odradek.replication.controller.MetadataRecord.UnfenceBroker;
import io.odradek.replication.controller.MetadataRecord.UnregisterBroker;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.QuotaEntity;
import io.odradek.replication.controller.VersionRange;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's bytes of metadata records: the value of a record in {@code __cluster_metadata-0}.
 *
 * <pre>
 *   frame version (uvarint, 1) | api key (uvarint) | version (uvarint) | message, flexible encoding
 * </pre>
 *
 * Writes the versions that {@code metadata.version} 30 (Kafka 4.3) writes and reads all earlier ones. Unknown tagged fields are
 * passed over; unknown record types and versions are refused, because a replica that skips a record has another state than its
 * leader. Stateless.
 */
public final class MetadataRecordCodec {

    private static final int FRAME_VERSION = 1;

    private static final int REGISTER_BROKER = 0; // Kafka's RegisterBrokerRecord; 27 is RegisterControllerRecord
    private static final int UNREGISTER_BROKER = 1;
    private static final int TOPIC = 2;
    private static final int PARTITION = 3;
    private static final int CONFIG = 4;
    private static final int PARTITION_CHANGE = 5;
    private static final int FENCE_BROKER = 7;
    private static final int UNFENCE_BROKER = 8;
    private static final int REMOVE_TOPIC = 9;
    private static final int FEATURE_LEVEL = 12;
    private static final int CLIENT_QUOTA = 14;
    private static final int PRODUCER_IDS = 15;
    private static final int BROKER_REGISTRATION_CHANGE = 17;
    private static final int NO_OP = 20;

    public static byte[] encode(MetadataRecord record) {
        RecordWriter out = new RecordWriter();
        switch (record) {
            case RegisterBroker broker -> write(out, broker);
            case UnregisterBroker(int id, long epoch) -> idAndEpoch(header(out, UNREGISTER_BROKER, 0), id, epoch);
            case FenceBroker(int id, long epoch) -> idAndEpoch(header(out, FENCE_BROKER, 0), id, epoch);
            case UnfenceBroker(int id, long epoch) -> idAndEpoch(header(out, UNFENCE_BROKER, 0), id, epoch);
            case BrokerRegistrationChange change -> write(out, change);
            case Topic(String name, UUID id) -> {
                header(out, TOPIC, 0);
                out.string(name);
                out.uuid(id);
                out.uvarint(0);
            }
            case Partition partition -> write(out, partition);
            case PartitionChange change -> write(out, change);
            case RemoveTopic(UUID id) -> {
                header(out, REMOVE_TOPIC, 0);
                out.uuid(id);
                out.uvarint(0);
            }
            case Config(ConfigResource resource, String key, String value) -> {
                header(out, CONFIG, 0);
                out.int8(resource.type().id());
                out.string(resource.name());
                out.string(key);
                out.string(value);
                out.uvarint(0);
            }
            case FeatureLevel(String name, short level) -> {
                header(out, FEATURE_LEVEL, 0);
                out.string(name);
                out.int16(level);
                out.uvarint(0);
            }
            case ProducerIds(int brokerId, long brokerEpoch, long next) -> {
                header(out, PRODUCER_IDS, 0);
                out.int32(brokerId);
                out.int64(brokerEpoch);
                out.int64(next);
                out.uvarint(0);
            }
            case ClientQuota(QuotaEntity entity, String key, Double value) -> {
                header(out, CLIENT_QUOTA, 0);
                out.uvarint(entity.parts().size() + 1);
                for (QuotaEntity.Part part : entity.parts()) {
                    out.string(part.type());
                    out.string(part.name());
                    out.uvarint(0);
                }
                out.string(key);
                out.int64(Double.doubleToRawLongBits(value == null ? 0 : value));
                out.bool(value == null);
                out.uvarint(0);
            }
            case NoOp() -> header(out, NO_OP, 0).uvarint(0);
        }
        return out.bytes();
    }

    private static RecordWriter header(RecordWriter out, int apiKey, int version) {
        out.uvarint(FRAME_VERSION);
        out.uvarint(apiKey);
        out.uvarint(version);
        return out;
    }

    private static void idAndEpoch(RecordWriter out, int id, long epoch) {
        out.int32(id);
        out.int64(epoch);
        out.uvarint(0);
    }

    private static void write(RecordWriter out, RegisterBroker broker) {
        header(out, REGISTER_BROKER, 4);
        out.int32(broker.brokerId());
        out.bool(false); // IsMigratingZkBroker
        out.uuid(broker.incarnationId());
        out.int64(broker.brokerEpoch());
        out.uvarint(broker.endpoints().size() + 1);
        for (Endpoint endpoint : broker.endpoints()) {
            out.string(endpoint.listener());
            out.string(endpoint.host());
            out.int16(endpoint.port());
            out.int16(endpoint.securityProtocol());
            out.uvarint(0);
        }
        out.uvarint(broker.features().size() + 1);
        for (Map.Entry<String, VersionRange> feature : new TreeMap<>(broker.features()).entrySet()) {
            out.string(feature.getKey());
            out.int16(feature.getValue().min());
            out.int16(feature.getValue().max());
            out.uvarint(0);
        }
        out.string(broker.rack());
        out.bool(broker.fenced());
        out.bool(broker.inControlledShutdown());
        TaggedSection tagged = new TaggedSection();
        if (!broker.directories().isEmpty()) {
            tagged.add(0, field -> field.uuids(broker.directories()));
        }
        tagged.writeTo(out);
    }

    private static void write(RecordWriter out, BrokerRegistrationChange change) {
        header(out, BROKER_REGISTRATION_CHANGE, 3);
        out.int32(change.brokerId());
        out.int64(change.brokerEpoch());
        TaggedSection tagged = new TaggedSection();
        Boolean fenced = change.fenced();
        if (fenced != null) {
            tagged.add(0, field -> field.int8(fenced ? 1 : -1));
        }
        Boolean leaving = change.inControlledShutdown();
        if (leaving != null) {
            tagged.add(1, field -> field.int8(leaving ? 1 : -1));
        }
        if (!change.directories().isEmpty()) {
            tagged.add(2, field -> field.uuids(change.directories()));
        }
        tagged.writeTo(out);
    }

    private static void write(RecordWriter out, Partition record) {
        PartitionImage partition = record.image();
        header(out, PARTITION, 2);
        out.int32(record.partition());
        out.uuid(record.topicId());
        out.int32s(partition.replicas());
        out.int32s(partition.inSyncReplicas());
        out.int32s(partition.removingReplicas());
        out.int32s(partition.addingReplicas());
        out.int32(partition.leader());
        out.int32(partition.leaderEpoch());
        out.int32(partition.partitionEpoch());
        out.uuids(partition.directories());
        TaggedSection tagged = new TaggedSection();
        if (partition.leaderRecovery() != LeaderRecovery.RECOVERED) {
            tagged.add(0, field -> field.int8(byteOf(partition.leaderRecovery())));
        }
        if (!partition.eligibleLeaderReplicas().isEmpty()) {
            tagged.add(1, field -> field.int32s(partition.eligibleLeaderReplicas()));
        }
        if (!partition.lastKnownEligibleLeaderReplicas().isEmpty()) {
            tagged.add(2, field -> field.int32s(partition.lastKnownEligibleLeaderReplicas()));
        }
        tagged.writeTo(out);
    }

    private static void write(RecordWriter out, PartitionChange change) {
        header(out, PARTITION_CHANGE, 2);
        out.int32(change.partition());
        out.uuid(change.topicId());
        TaggedSection tagged = new TaggedSection();
        tagged.addInt32s(0, change.inSyncReplicas());
        if (change.leader() != PartitionChange.NO_LEADER_CHANGE) {
            tagged.add(1, field -> field.int32(change.leader()));
        }
        tagged.addInt32s(2, change.replicas());
        tagged.addInt32s(3, change.removingReplicas());
        tagged.addInt32s(4, change.addingReplicas());
        LeaderRecovery recovery = change.leaderRecovery();
        if (recovery != null) {
            tagged.add(5, field -> field.int8(byteOf(recovery)));
        }
        tagged.addInt32s(6, change.eligibleLeaderReplicas());
        tagged.addInt32s(7, change.lastKnownEligibleLeaderReplicas());
        List<UUID> directories = change.directories();
        if (directories != null) {
            tagged.add(8, field -> field.uuids(directories));
        }
        tagged.writeTo(out);
    }

    /** Tagged fields are counted first and written in ascending order of tag. */
    private static final class TaggedSection {
        private final List<Consumer<RecordWriter>> fields = new ArrayList<>();

        void add(int tag, Consumer<RecordWriter> content) {
            fields.add(out -> out.tagged(tag, content));
        }

        void addInt32s(int tag, @Nullable List<Integer> values) {
            if (values != null) {
                add(tag, out -> out.int32s(values));
            }
        }

        void writeTo(RecordWriter out) {
            out.uvarint(fields.size());
            fields.forEach(field -> field.accept(out));
        }
    }

    /**
     * @param value a record's value; read from its position to its limit
     * @throws MetadataFormatException for a type or version this code does not know, and for bytes that are none
     */
    public static MetadataRecord decode(ByteBuffer value) {
        RecordReader in = new RecordReader(value.slice());
        try {
            int frame = in.uvarint();
            if (frame != FRAME_VERSION) {
                throw new MetadataFormatException("metadata record with frame version " + frame + "; known: 1");
            }
            int apiKey = in.uvarint();
            int version = in.uvarint();
            MetadataRecord record = decode(in, apiKey, version);
            if (in.remaining() > 0) {
                throw new MetadataFormatException("metadata record " + apiKey + " version " + version + " has "
                        + in.remaining() + " bytes too many");
            }
            return record;
        } catch (BufferUnderflowException e) {
            throw new MetadataFormatException("metadata record of " + value.remaining() + " bytes ends too early");
        }
    }

    private static MetadataRecord decode(RecordReader in, int apiKey, int version) {
        return switch (apiKey) {
            case REGISTER_BROKER -> registerBroker(in, known("RegisterBrokerRecord", apiKey, version, 4));
            case UNREGISTER_BROKER -> {
                known("UnregisterBrokerRecord", apiKey, version, 0);
                UnregisterBroker record = new UnregisterBroker(in.int32(), in.int64());
                in.skipTagged();
                yield record;
            }
            case TOPIC -> {
                known("TopicRecord", apiKey, version, 0);
                Topic record = new Topic(in.string(), in.uuid());
                in.skipTagged();
                yield record;
            }
            case PARTITION -> partition(in, known("PartitionRecord", apiKey, version, 2));
            case CONFIG -> {
                known("ConfigRecord", apiKey, version, 0);
                ConfigResource resource = new ConfigResource(resourceType(in.int8()), in.string());
                Config record = new Config(resource, in.string(), in.nullableString());
                in.skipTagged();
                yield record;
            }
            case PARTITION_CHANGE -> {
                known("PartitionChangeRecord", apiKey, version, 2);
                yield partitionChange(in);
            }
            case FENCE_BROKER -> {
                known("FenceBrokerRecord", apiKey, version, 0);
                FenceBroker record = new FenceBroker(in.int32(), in.int64());
                in.skipTagged();
                yield record;
            }
            case UNFENCE_BROKER -> {
                known("UnfenceBrokerRecord", apiKey, version, 0);
                UnfenceBroker record = new UnfenceBroker(in.int32(), in.int64());
                in.skipTagged();
                yield record;
            }
            case REMOVE_TOPIC -> {
                known("RemoveTopicRecord", apiKey, version, 0);
                RemoveTopic record = new RemoveTopic(in.uuid());
                in.skipTagged();
                yield record;
            }
            case FEATURE_LEVEL -> {
                known("FeatureLevelRecord", apiKey, version, 0);
                FeatureLevel record = new FeatureLevel(in.string(), in.int16());
                in.skipTagged();
                yield record;
            }
            case CLIENT_QUOTA -> {
                known("ClientQuotaRecord", apiKey, version, 0);
                yield clientQuota(in);
            }
            case PRODUCER_IDS -> {
                known("ProducerIdsRecord", apiKey, version, 0);
                ProducerIds record = new ProducerIds(in.int32(), in.int64(), in.int64());
                in.skipTagged();
                yield record;
            }
            case BROKER_REGISTRATION_CHANGE -> {
                known("BrokerRegistrationChangeRecord", apiKey, version, 3);
                yield registrationChange(in);
            }
            case NO_OP -> {
                known("NoOpRecord", apiKey, version, 0);
                in.skipTagged();
                yield new NoOp();
            }
            default ->
                throw new MetadataFormatException("metadata record of type " + apiKey + " version " + version
                        + " is not known here; this log was written by a version with features this one lacks");
        };
    }

    private static int known(String name, int apiKey, int version, int highest) {
        if (version < 0 || version > highest) {
            throw new MetadataFormatException(
                    name + " (type " + apiKey + ") in version " + version + "; known: 0 to " + highest);
        }
        return version;
    }

    private static ConfigResource.Type resourceType(byte id) {
        for (ConfigResource.Type type : ConfigResource.Type.values()) {
            if (type.id() == id) {
                return type;
            }
        }
        throw new MetadataFormatException("configuration of a resource of type " + id + ", which is not known here");
    }

    private static RegisterBroker registerBroker(RecordReader in, int version) {
        int id = in.int32();
        if (version >= 2) {
            in.bool(); // IsMigratingZkBroker: there is nothing to migrate from any more
        }
        UUID incarnation = in.uuid();
        long epoch = in.int64();
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = in.count(); i > 0; i--) {
            endpoints.add(new Endpoint(in.string(), in.string(), in.uint16(), in.int16()));
            in.skipTagged();
        }
        Map<String, VersionRange> features = new TreeMap<>();
        for (int i = in.count(); i > 0; i--) {
            features.put(in.string(), new VersionRange(in.int16(), in.int16()));
            in.skipTagged();
        }
        String rack = in.nullableString();
        boolean fenced = in.bool();
        boolean leaving = version >= 1 && in.bool();
        List<UUID> directories = new ArrayList<>();
        in.tagged((tag, field) -> {
            if (tag == 0) {
                directories.addAll(field.uuids());
            }
        });
        return new RegisterBroker(
                id,
                epoch,
                incarnation,
                List.copyOf(endpoints),
                Map.copyOf(features),
                rack,
                fenced,
                leaving,
                List.copyOf(directories));
    }

    private static ClientQuota clientQuota(RecordReader in) {
        List<QuotaEntity.Part> parts = new ArrayList<>();
        for (int i = in.count(); i > 0; i--) {
            parts.add(new QuotaEntity.Part(in.string(), in.nullableString()));
            in.skipTagged();
        }
        String key = in.string();
        double value = Double.longBitsToDouble(in.int64());
        boolean removed = in.bool();
        in.skipTagged();
        return new ClientQuota(new QuotaEntity(parts), key, removed ? null : value);
    }

    private static BrokerRegistrationChange registrationChange(RecordReader in) {
        int id = in.int32();
        long epoch = in.int64();
        @Nullable Boolean[] flags = new Boolean[2];
        List<UUID> directories = new ArrayList<>();
        in.tagged((tag, field) -> {
            switch (tag) {
                case 0, 1 -> flags[tag] = flag(field.int8());
                case 2 -> directories.addAll(field.uuids());
                default -> {}
            }
        });
        return new BrokerRegistrationChange(id, epoch, flags[0], flags[1], List.copyOf(directories));
    }

    private static @Nullable Boolean flag(byte value) {
        return switch (value) {
            case 0 -> null;
            case 1 -> true;
            case -1 -> false;
            default -> throw new MetadataFormatException("a broker's change of state is " + value + "; known: -1 to 1");
        };
    }

    private static Partition partition(RecordReader in, int version) {
        int number = in.int32();
        UUID topicId = in.uuid();
        List<Integer> replicas = in.int32s();
        List<Integer> inSync = in.int32s();
        List<Integer> removing = in.int32s();
        List<Integer> adding = in.int32s();
        int leader = in.int32();
        int leaderEpoch = in.int32();
        int partitionEpoch = in.int32();
        List<UUID> directories = version >= 1 ? in.uuids() : List.of();
        PartitionTags tags = new PartitionTags();
        in.tagged((tag, field) -> {
            switch (tag) {
                case 0 -> tags.recovery = recovery(field.int8());
                case 1 -> tags.eligible = field.int32s();
                case 2 -> tags.lastKnownEligible = field.int32s();
                default -> {}
            }
        });
        PartitionImage image = new PartitionImage(
                replicas,
                directories,
                inSync,
                removing,
                adding,
                tags.eligible,
                tags.lastKnownEligible,
                leader,
                tags.recovery,
                leaderEpoch,
                partitionEpoch);
        return new Partition(topicId, number, image);
    }

    private static final class PartitionTags {
        LeaderRecovery recovery = LeaderRecovery.RECOVERED;
        List<Integer> eligible = List.of();
        List<Integer> lastKnownEligible = List.of();
    }

    private static LeaderRecovery recovery(byte value) {
        return switch (value) {
            case 0 -> LeaderRecovery.RECOVERED;
            case 1 -> LeaderRecovery.RECOVERING;
            default -> throw new MetadataFormatException("leader recovery state " + value + "; known: 0, 1");
        };
    }

    private static int byteOf(LeaderRecovery recovery) {
        return switch (recovery) {
            case RECOVERED -> 0;
            case RECOVERING -> 1;
        };
    }

    private static PartitionChange partitionChange(RecordReader in) {
        int number = in.int32();
        UUID topicId = in.uuid();
        ChangeTags tags = new ChangeTags();
        in.tagged((tag, field) -> {
            switch (tag) {
                case 0 -> tags.inSync = field.nullableInt32s();
                case 1 -> tags.leader = field.int32();
                case 2 -> tags.replicas = field.nullableInt32s();
                case 3 -> tags.removing = field.nullableInt32s();
                case 4 -> tags.adding = field.nullableInt32s();
                case 5 -> {
                    byte recovery = field.int8();
                    tags.recovery = recovery == -1 ? null : recovery(recovery);
                }
                case 6 -> tags.eligible = field.nullableInt32s();
                case 7 -> tags.lastKnownEligible = field.nullableInt32s();
                case 8 -> tags.directories = field.nullableUuids();
                default -> {}
            }
        });
        return new PartitionChange(
                topicId,
                number,
                tags.inSync,
                tags.leader,
                tags.replicas,
                tags.removing,
                tags.adding,
                tags.recovery,
                tags.directories,
                tags.eligible,
                tags.lastKnownEligible);
    }

    private static final class ChangeTags {
        @Nullable
        List<Integer> inSync;

        int leader = PartitionChange.NO_LEADER_CHANGE;

        @Nullable
        List<Integer> replicas;

        @Nullable
        List<Integer> removing;

        @Nullable
        List<Integer> adding;

        @Nullable
        LeaderRecovery recovery;

        @Nullable
        List<Integer> eligible;

        @Nullable
        List<Integer> lastKnownEligible;

        @Nullable
        List<UUID> directories;
    }

    private MetadataRecordCodec() {}
}
