package io.odradek.broker.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.Request;
import io.odradek.broker.quota.FetchQuota.Verdict;
import io.odradek.engine.record.BufferLease;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.QuotaEntity;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClientQuotasTest {

    private static final InetAddress HERE = InetAddress.ofLiteral("10.1.2.3");

    private long nowMs = 1_000_000;
    private final ClientQuotas quotas = new ClientQuotas(() -> nowMs);
    private final List<ClientQuota> records = new ArrayList<>();

    private void set(String type, @Nullable String name, String key, @Nullable Double value) {
        records.add(new ClientQuota(new QuotaEntity(List.of(new QuotaEntity.Part(type, name))), key, value));
        quotas.follow(ClusterImage.empty("c").apply(records));
    }

    private static Request request(ApiKeys api, @Nullable String clientId, ApiMessage body) {
        return new Request(
                new RequestHeader(api, api.latestVersion(), clientId, 1),
                body,
                BufferLease.UNPOOLED,
                HERE,
                "PLAINTEXT",
                new NoConnection());
    }

    private int produce(@Nullable String clientId, int bytes) {
        return quotas.received(request(ApiKeys.PRODUCE, clientId, new ProduceRequestData()), bytes);
    }

    @Test
    void withoutQuotasNobodyWaitsAndNothingIsRemembered() {
        assertThat(produce("a", Integer.MAX_VALUE)).isZero();
        assertThat(quotas.fetched("a", Long.MAX_VALUE)).isEqualTo(Verdict.SEND);
        assertThat(quotas.mostBytes("a")).isEqualTo(Long.MAX_VALUE);
        assertThat(quotas.isTimed(request(ApiKeys.METADATA, "a", new MetadataRequestData())))
                .isFalse();
        assertThat(quotas.worked("a", Long.MAX_VALUE)).isZero();
        assertThat(quotas.connected(HERE)).isZero();
        assertThat(quotas.mutations("a", true)).isSameAs(MutationQuota.NONE);
    }

    @Test
    void aProducerWaitsForWhatItSentBeyondItsQuota() {
        set("client-id", "a", "producer_byte_rate", 100.0);
        assertThat(produce("a", 1000)).isZero();
        assertThat(produce("a", 200)).isEqualTo(2000);
        assertThat(produce("b", 5000)).as("another client").isZero();
        assertThat(quotas.received(request(ApiKeys.METADATA, "a", new MetadataRequestData()), 5000))
                .as("another request")
                .isZero();
    }

    @Test
    void aWaitThatNoFieldCanHoldIsTheLongestOne() {
        set("client-id", "a", "producer_byte_rate", 1.0);
        assertThat(produce("a", Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void aQuotaThatChangesOrGoesHoldsAtOnce() {
        set("user", "ANONYMOUS", "producer_byte_rate", 100.0);
        assertThat(produce("a", 1100)).isEqualTo(1000);
        set("user", "ANONYMOUS", "producer_byte_rate", 200.0);
        assertThat(produce("b", 100)).as("all clients of the user share it").isZero();
        set("user", "ANONYMOUS", "producer_byte_rate", 50.0);
        assertThat(produce("a", 0)).isEqualTo(14_000);
        set("user", "ANONYMOUS", "producer_byte_rate", null);
        assertThat(produce("a", 1_000_000)).isZero();
    }

    @Test
    void clientsWithoutANameShareOne() {
        set("client-id", null, "producer_byte_rate", 100.0);
        assertThat(produce(null, 1000)).isZero();
        assertThat(produce("", 100)).isEqualTo(1000);
    }

    @Test
    void whatAConsumerIsNotSentIsNotCounted() {
        set("client-id", null, "consumer_byte_rate", 100.0);
        assertThat(quotas.mostBytes("a")).isEqualTo(1000);
        assertThat(quotas.fetched("a", 900)).isEqualTo(Verdict.SEND);
        assertThat(quotas.fetched("a", 300)).isEqualTo(new Verdict(2000, true));
        assertThat(quotas.fetched("a", 300)).isEqualTo(new Verdict(2000, true));
        assertThat(quotas.fetched("b", 300)).isEqualTo(Verdict.SEND);
        nowMs += 12_000;
        assertThat(quotas.fetched("a", 300)).isEqualTo(Verdict.SEND);
    }

    /** Else a batch that is larger than the quota of a window would never be read. */
    @Test
    void whatNeverFitsIsSentAndWaitedForAfterwards() {
        set("client-id", null, "consumer_byte_rate", 100.0);
        assertThat(quotas.fetched("a", 400)).isEqualTo(Verdict.SEND);
        assertThat(quotas.fetched("a", 3000)).isEqualTo(new Verdict(24_000, false));
        assertThat(quotas.fetched("a", 3000).isWithheld()).isTrue();
        nowMs += 24_000;
        assertThat(quotas.fetched("a", 3000)).isEqualTo(new Verdict(20_000, false));
    }

    @Test
    void timeIsCountedInPercentOfAThreadAndWaitedForASecondAtMost() {
        set("client-id", "a", "request_percentage", 10.0);
        Request metadata = request(ApiKeys.METADATA, "a", new MetadataRequestData());
        assertThat(quotas.isTimed(metadata)).isTrue();
        assertThat(quotas.worked("a", 1_000_000_000))
                .as("a second in ten is a tenth")
                .isZero();
        assertThat(quotas.worked("a", 5_000_000)).isEqualTo(50);
        assertThat(quotas.worked("a", 10_000_000_000L)).isEqualTo(1000);
        assertThat(quotas.worked("b", 10_000_000_000L)).isZero();
    }

    @Test
    void followersAreNotCounted() {
        set("client-id", null, "request_percentage", 10.0);
        FetchRequestData follower = new FetchRequestData();
        follower.replicaState().setReplicaId(2);
        assertThat(quotas.isTimed(request(ApiKeys.FETCH, "odradek-2", follower)))
                .isFalse();
        assertThat(quotas.isTimed(request(ApiKeys.FETCH, "odradek-2", new FetchRequestData().setReplicaId(2))))
                .isFalse();
        assertThat(quotas.isTimed(request(ApiKeys.FETCH, "a", new FetchRequestData())))
                .isTrue();
    }

    /** KIP-599: strict, nothing is taken while something is owed, and what is taken may owe. */
    @Test
    void whatIsOwedIsRefusedToThoseWhoKnowTheError() {
        set("client-id", "a", "controller_mutation_rate", 1.0);
        MutationQuota first = quotas.mutations("a", true);
        assertThat(first.admits(20)).isTrue();
        assertThat(first.throttleMs()).isZero();
        assertThat(first.admits(1)).isFalse();
        assertThat(first.throttleMs()).isEqualTo(9000);
        MutationQuota second = quotas.mutations("a", true);
        assertThat(second.admits(1)).isFalse();
        nowMs += 9000;
        assertThat(second.admits(1)).isTrue();
    }

    @Test
    void othersAreTakenAndWaitAfterwards() {
        set("client-id", "a", "controller_mutation_rate", 1.0);
        MutationQuota quota = quotas.mutations("a", false);
        assertThat(quota.admits(20)).isTrue();
        assertThat(quota.throttleMs()).isEqualTo(9000);
        assertThat(quota.admits(1)).isTrue();
        assertThat(quota.throttleMs()).isEqualTo(10_000);
    }

    @Test
    void whatWasNotChangedIsGivenBack() {
        set("client-id", "a", "controller_mutation_rate", 1.0);
        MutationQuota quota = quotas.mutations("a", true);
        assertThat(quota.admits(500)).isTrue();
        quota.giveBack(500);
        assertThat(quotas.mutations("a", true).admits(1)).isTrue();
    }

    /** KIP-612: who is not let in does not count. */
    @Test
    void anAddressMayConnectAsOftenAsItsQuotaSays() {
        set("ip", "10.1.2.3", "connection_creation_rate", 1.0);
        for (int i = 0; i < 10; i++) {
            assertThat(quotas.connected(HERE)).isZero();
        }
        assertThat(quotas.connected(HERE)).isEqualTo(1000);
        assertThat(quotas.connected(HERE)).isEqualTo(1000);
        assertThat(quotas.connected(InetAddress.ofLiteral("10.1.2.4")))
                .as("unbounded")
                .isZero();
        nowMs += 11_000;
        assertThat(quotas.connected(HERE)).isZero();
    }

    @Test
    void addressesThatAreNotNamedHaveTheDefaultEach() {
        set("ip", null, "connection_creation_rate", 1.0);
        set("ip", "10.1.2.4", "connection_creation_rate", 100.0);
        for (int i = 0; i < 10; i++) {
            quotas.connected(HERE);
        }
        assertThat(quotas.connected(HERE)).isPositive();
        assertThat(quotas.connected(InetAddress.ofLiteral("10.1.2.5"))).isZero();
        for (int i = 0; i < 100; i++) {
            assertThat(quotas.connected(InetAddress.ofLiteral("10.1.2.4"))).isZero();
        }
    }

    @Test
    void clientsThatWentAwayAreForgotten() {
        Usages<String, RateWindow> usages = new Usages<>(RateWindow::new);
        for (int i = 0; i < 1000; i++) {
            record(usages, "client " + i);
        }
        assertThat(usages.size()).isEqualTo(1000);
        nowMs += 11_000;
        record(usages, "client 7");
        record(usages, "another");
        assertThat(usages.size()).isEqualTo(2);
    }

    @Test
    void whoCallsItselfSomethingElseEachTimeSharesWithTheRest() {
        Usages<String, RateWindow> usages = new Usages<>(RateWindow::new, 3);
        for (int i = 0; i < 1000; i++) {
            record(usages, "client " + i);
        }
        assertThat(usages.size()).isEqualTo(4);
        assertThat(usages.use("a newcomer", "crowd", nowMs, usage -> usage.throttleMs(1, nowMs)))
                .isPositive();
        assertThat(usages.use("client 1", "crowd", nowMs, usage -> usage.throttleMs(1, nowMs)))
                .as("who was told apart still is")
                .isZero();
    }

    private void record(Usages<String, RateWindow> usages, String client) {
        usages.use(client, "crowd", nowMs, usage -> {
            usage.record(1, nowMs);
            return 0;
        });
    }

    private static final class NoConnection implements Connection {
        @Override
        public String id() {
            return "none";
        }

        @Override
        public void stopReading() {}

        @Override
        public void resumeReading() {}

        @Override
        public void execute(Runnable task) {}

        @Override
        public Timer schedule(long delayMs, Runnable task) {
            return () -> {};
        }

        @Override
        public void onClose(Runnable task) {}
    }
}
