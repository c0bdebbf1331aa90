package io.odradek.broker.metadata;

import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.QuotaEntity;
import io.odradek.replication.controller.VersionRange;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Random metadata records, every kind and every optional part of it. */
final class MetadataRecords {

    static Arbitrary<MetadataRecord> any() {
        Arbitrary<Integer> id = Arbitraries.integers().between(0, 100_000);
        Arbitrary<Long> epoch = Arbitraries.longs().greaterOrEqual(-1);
        Arbitrary<String> text =
                Arbitraries.strings().alpha().numeric().withChars("._-éß中").ofMaxLength(200);
        Arbitrary<UUID> uuid =
                Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new);
        Arbitrary<List<Integer>> ids = id.list().ofMaxSize(5);
        Arbitrary<List<UUID>> uuids = uuid.list().ofMaxSize(5);
        Arbitrary<Short> level = Arbitraries.shorts();
        Arbitrary<Endpoint> endpoint = Combinators.combine(
                        text,
                        text,
                        Arbitraries.integers().between(0, 65_535),
                        Arbitraries.shorts().between((short) 0, (short) 3))
                .as(Endpoint::new);
        Arbitrary<VersionRange> range = Combinators.combine(level, level).as(VersionRange::new);
        Arbitrary<Boolean> flag = Arbitraries.of(true, false);
        Arbitrary<LeaderRecovery> recovery = Arbitraries.of(LeaderRecovery.class);

        Arbitrary<MetadataRecord> register = Combinators.combine(
                        id,
                        epoch,
                        uuid,
                        endpoint.list().ofMaxSize(3).uniqueElements(Endpoint::listener),
                        Arbitraries.maps(text, range).ofMaxSize(3),
                        text.injectNull(0.3),
                        Combinators.combine(flag, flag).as((a, b) -> new boolean[] {a, b}),
                        uuids)
                .as((i, e, u, points, features, rack, flags, dirs) ->
                        new MetadataRecord.RegisterBroker(i, e, u, points, features, rack, flags[0], flags[1], dirs));
        Arbitrary<MetadataRecord> registrationChange = Combinators.combine(
                        id, epoch, flag.injectNull(0.3), flag.injectNull(0.3), uuids)
                .as(MetadataRecord.BrokerRegistrationChange::new);
        Arbitrary<MetadataRecord> partition = Combinators.combine(
                        uuid,
                        id,
                        Combinators.combine(ids, uuids, ids, ids, ids, ids, ids)
                                .as((r, d, isr, rem, add, elr, last) -> new Object[] {r, d, isr, rem, add, elr, last}),
                        id,
                        recovery,
                        id,
                        id)
                .as((topic, number, lists, leader, state, leaderEpoch, partitionEpoch) -> new MetadataRecord.Partition(
                        topic,
                        number,
                        new PartitionImage(
                                ints(lists[0]),
                                uuidsOf(lists[1]),
                                ints(lists[2]),
                                ints(lists[3]),
                                ints(lists[4]),
                                ints(lists[5]),
                                ints(lists[6]),
                                leader,
                                state,
                                leaderEpoch,
                                partitionEpoch)));
        Arbitrary<MetadataRecord> partitionChange = Combinators.combine(
                        Combinators.combine(
                                        uuid,
                                        id,
                                        ids.injectNull(0.4),
                                        Arbitraries.integers().between(-2, 9))
                                .as((topic, number, isr, leader) ->
                                        PartitionChange.newReign(topic, number, leader, isr)),
                        ids.injectNull(0.4),
                        ids.injectNull(0.4),
                        ids.injectNull(0.4),
                        recovery.injectNull(0.5),
                        uuids.injectNull(0.4),
                        ids.injectNull(0.4),
                        ids.injectNull(0.4))
                .as((c, replicas, removing, adding, state, dirs, elr, last) -> new PartitionChange(
                        c.topicId(),
                        c.partition(),
                        c.inSyncReplicas(),
                        c.leader(),
                        replicas,
                        removing,
                        adding,
                        state,
                        dirs,
                        elr,
                        last));
        Arbitrary<ConfigResource> resource = Combinators.combine(Arbitraries.of(ConfigResource.Type.class), text)
                .as(ConfigResource::new);
        return Arbitraries.oneOf(List.of(
                register,
                registrationChange,
                partition,
                partitionChange,
                Combinators.combine(id, epoch).as(MetadataRecord.UnregisterBroker::new),
                Combinators.combine(id, epoch).as(MetadataRecord.FenceBroker::new),
                Combinators.combine(id, epoch).as(MetadataRecord.UnfenceBroker::new),
                Combinators.combine(text, uuid).as(MetadataRecord.Topic::new),
                uuid.map(MetadataRecord.RemoveTopic::new),
                Combinators.combine(resource, text, text.injectNull(0.3)).as(MetadataRecord.Config::new),
                Combinators.combine(text, level).as(MetadataRecord.FeatureLevel::new),
                Combinators.combine(id, epoch, epoch).as(MetadataRecord.ProducerIds::new),
                Combinators.combine(
                                Combinators.combine(text, text.injectNull(0.3))
                                        .as(QuotaEntity.Part::new)
                                        .list()
                                        .ofMaxSize(3)
                                        .map(QuotaEntity::new),
                                text,
                                Arbitraries.doubles().injectNull(0.3))
                        .as(MetadataRecord.ClientQuota::new),
                Arbitraries.just(new MetadataRecord.NoOp())));
    }

    private static List<Integer> ints(Object list) {
        return ((List<?>) list).stream().map(Integer.class::cast).toList();
    }

    private static List<UUID> uuidsOf(Object list) {
        return ((List<?>) list).stream().map(UUID.class::cast).toList();
    }

    private MetadataRecords() {}
}
