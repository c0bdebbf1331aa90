package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.coordination.HostedOffsetsLog;
import io.odradek.broker.coordination.OffsetsLog.KeyValue;
import io.odradek.broker.coordination.OffsetsLog.Outcome;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.LogConfig;
import io.odradek.engine.record.Codec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostedOffsetsLogTest {
    @TempDir
    Path directory;

    private LocalBroker broker;

    @BeforeEach
    void start() throws Exception {
        broker = new LocalBroker(directory, 1, 64);
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
    }

    /** Here is what a coordinator reads, the follower has not got it, and no other broker may ever know of it. */
    @Test
    void whatTheFollowerHasNotGotIsNotCommitted() throws Exception {
        HostedOffsetsLog log = new HostedOffsetsLog(broker.partitions, Codec.NONE);
        List<Outcome> told = new CopyOnWriteArrayList<>();
        log.awaitCommitted(0, told::add);
        assertThat(told).as("a partition that is not here").containsExactly(Outcome.NOT_LEADER);
        told.clear();
        PartitionHost host = broker.follow(
                TopicCreation.OFFSETS_TOPIC,
                0,
                LogConfig.defaults(),
                LocalBroker.image(1, LocalBroker.BROKER_ID, List.of(LocalBroker.BROKER_ID, 2)));
        KeyValue record = new KeyValue(ByteBuffer.wrap(new byte[] {1}), null, 0);
        log.append(0, 1, List.of(record), _ -> {});
        await().until(() -> host.log().view().logEndOffset() == 1);
        log.awaitCommitted(0, told::add);
        CompletableFuture<Void> behind = new CompletableFuture<>();
        host.shard().settle(() -> behind.complete(null));
        behind.get(20, TimeUnit.SECONDS);
        assertThat(told).as("while it is only here").isEmpty();
        List<Integer> both = List.of(LocalBroker.BROKER_ID, 2);
        broker.follow(TopicCreation.OFFSETS_TOPIC, 0, LogConfig.defaults(), LocalBroker.image(2, 2, both));
        assertThat(told).as("when the reign is over").containsExactly(Outcome.UNKNOWN);

        broker.lead(TopicCreation.OFFSETS_TOPIC, 0, LogConfig.defaults(), 3); // and alone in sync
        log.awaitCommitted(0, told::add);
        await().until(() -> told.equals(List.of(Outcome.UNKNOWN, Outcome.COMMITTED)));
    }

    @Test
    void whoLeadsInThatEpochAndHasALeaseMayAnswer() throws Exception {
        HostedOffsetsLog log = new HostedOffsetsLog(broker.partitions, Codec.NONE);
        assertThat(log.leads(0, 3)).as("a partition that is not here").isFalse();
        broker.lead(TopicCreation.OFFSETS_TOPIC, 0, LogConfig.defaults(), 3);
        assertThat(log.leads(0, 3)).isTrue();
        // It led, somebody else did, and it leads again: what a coordinator remembers of before is old.
        assertThat(log.leads(0, 2)).as("an epoch that is over").isFalse();
        broker.leaseEndMs.set(0);
        assertThat(log.leads(0, 3)).as("without a lease").isFalse();
        broker.leaseEndMs.set(Long.MAX_VALUE);
        assertThat(log.leads(0, 3)).isTrue();
        broker.partitions.leased(false);
        broker.lead(TopicCreation.OFFSETS_TOPIC, 0, LogConfig.defaults(), 4);
        assertThat(log.leads(0, 4)).as("a reign that begins without a lease").isFalse();
    }
}
