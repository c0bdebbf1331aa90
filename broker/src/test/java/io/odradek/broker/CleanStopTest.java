package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.MetadataRecordCodec;
import io.odradek.broker.quorum.MetadataPartition;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogScan;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.MetadataRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a clean stop leaves behind: for the controller in the metadata log, for the next start in the marker (KIP-966). */
@Timeout(120)
class CleanStopTest {
    private static final int NODE = 1;

    private static Broker start(Path... directories) throws IOException {
        List<String> paths = new ArrayList<>();
        for (Path directory : directories) {
            paths.add(directory.toString());
        }
        Map<String, String> settings = new HashMap<>();
        settings.put("log.dirs", String.join(",", paths));
        settings.put("listeners", "PLAINTEXT://127.0.0.1:0");
        settings.put("odradek.metrics.port", "-1");
        return Broker.start(BrokerConfig.builtIn(settings));
    }

    @Test
    void theControllerKnowsThatTheBrokerLeftAndTheMarkerInWhichEpoch(@TempDir Path data) throws Exception {
        start(data).close();
        String marker = Files.readString(data.resolve(".kafka_cleanshutdown"));
        assertThat(marker)
                .matches("\\{\"version\":0,\"brokerEpoch\":"
                        + registration(data).epoch() + ",\"odradekRecord\":\"[0-9a-f-]{36}\"}");
        start(data).close();
        BrokerImage left = registration(data);
        assertThat(left.fenced()).isTrue();
        assertThat(left.inControlledShutdown()).isTrue();
        try (LogDirectory directory = open(data)) {
            assertThat(directory.lastBrokerEpoch()).isEqualTo(left.epoch());
        }
    }

    @Test
    void afterAStopThatWasNotCleanNoEpochIsKnown(@TempDir Path data) throws Exception {
        start(data).close();
        Files.delete(data.resolve(".kafka_cleanshutdown")); // what a kill leaves: the start had removed it
        try (LogDirectory directory = open(data)) {
            assertThat(directory.wasStoppedCleanly()).isFalse();
            assertThat(Broker.previousEpoch(List.of(directory))).isEqualTo(-1);
        }
    }

    @Test
    void directoriesMustAgreeOnTheEpoch(@TempDir Path one, @TempDir Path two) throws Exception {
        start(one, two).close();
        long epoch = registration(one).epoch();
        try (LogDirectory first = open(one);
                LogDirectory second = open(two)) {
            assertThat(Broker.previousEpoch(List.of(first, second))).isEqualTo(epoch);
            first.rememberBrokerEpoch(epoch);
            second.rememberBrokerEpoch(epoch + 1);
        }
        try (LogDirectory first = open(one);
                LogDirectory second = open(two)) {
            assertThat(first.lastBrokerEpoch()).isEqualTo(epoch);
            assertThat(Broker.previousEpoch(List.of(first, second))).isEqualTo(-1);
        }
    }

    @Test
    void everyGroupKeyReachesTheCoordinator() {
        Map<String, String> settings = new HashMap<>();
        settings.put("group.min.session.timeout.ms", "1001");
        settings.put("group.max.session.timeout.ms", "1002");
        settings.put("group.initial.rebalance.delay.ms", "1003");
        settings.put("group.max.size", "1004");
        settings.put("offsets.retention.minutes", "1005");
        settings.put("offsets.retention.check.interval.ms", "1006");
        settings.put("offset.metadata.max.bytes", "1007");
        settings.put("offsets.commit.timeout.ms", "1008");
        settings.put("offsets.topic.num.partitions", "1009");
        assertThat(Broker.groupSettings(BrokerConfig.builtIn(settings)))
                .isEqualTo(GroupSettings.DEFAULTS
                        .withMinSessionTimeoutMs(1001)
                        .withMaxSessionTimeoutMs(1002)
                        .withInitialRebalanceDelayMs(1003)
                        .withMaxSize(1004)
                        .withOffsetsRetentionMs(1005 * 60_000L)
                        .withOffsetsRetentionCheckIntervalMs(1006)
                        .withOffsetMetadataMaxChars(1007)
                        .withOffsetsCommitTimeoutMs(1008)
                        .withOffsetsTopicPartitions(1009));
    }

    private static LogDirectory open(Path data) throws IOException {
        return LogDirectory.open(new DiskFileStore(), data, null, NODE);
    }

    /** This broker as the metadata log of a stopped broker has it; the marker is put back. */
    private static BrokerImage registration(Path data) throws IOException {
        ClusterImage[] image = new ClusterImage[1];
        try (LogDirectory directory = open(data)) {
            image[0] = ClusterImage.empty(directory.identity().clusterId());
            directory.rememberBrokerEpoch(directory.lastBrokerEpoch());
            PartitionLog log = directory.openOrCreate(MetadataPartition.PARTITION, LogConfig.defaults());
            LogScan.forEachBatch(log, (baseOffset, records) -> {
                List<MetadataRecord> batch = new ArrayList<>();
                while (records.next()) {
                    ByteBuffer value = Objects.requireNonNull(records.value());
                    batch.add(MetadataRecordCodec.decode(value));
                }
                image[0] = image[0].apply(baseOffset, batch).after();
            });
        }
        return Objects.requireNonNull(image[0].broker(NODE));
    }
}
