package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.PartitionResponse;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptionsTest {
    @TempDir
    Path directory;

    private LocalBroker broker;
    private TestConnection connection;

    @BeforeEach
    void start() throws Exception {
        broker = new LocalBroker(directory, 2, 64);
        connection = new TestConnection();
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
        connection.close();
    }

    @Test
    void producersAreKnownByTheirLastBatch() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        for (int sequence = 0; sequence < 3; sequence++) {
            var records = LocalBroker.idempotent(77, (short) 2, sequence, "r");
            LocalBroker.await(broker.produce(connection, (short) -1, "t", 0, records), ProduceResponseData.class);
        }
        DescribeProducersRequestData request = new DescribeProducersRequestData()
                .setTopics(List.of(new TopicRequest().setName("t").setPartitionIndexes(List.of(0, 1))));
        List<PartitionResponse> parts = LocalBroker.await(
                        broker.send(
                                broker.describeProducers, connection, ApiKeys.DESCRIBE_PRODUCERS, (short) 0, request),
                        DescribeProducersResponseData.class)
                .topics()
                .getFirst()
                .partitions();
        assertThat(parts.get(0).activeProducers()).hasSize(1);
        var producer = parts.get(0).activeProducers().getFirst();
        assertThat(producer.producerId()).isEqualTo(77);
        assertThat(producer.producerEpoch()).isEqualTo(2);
        assertThat(producer.lastSequence()).isEqualTo(2);
        assertThat(parts.get(1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    @Test
    void aLogDirectoryShowsItsLogsAndItsRoom() throws Exception {
        broker.createTopic("t", 3, LogConfig.defaults());
        broker.produceNow(connection, "t", 1, "some bytes");
        List<DescribeLogDirsResult> results = LocalBroker.await(
                        broker.send(
                                broker.describeLogDirs,
                                connection,
                                ApiKeys.DESCRIBE_LOG_DIRS,
                                (short) 5,
                                new DescribeLogDirsRequestData().setTopics(null)),
                        DescribeLogDirsResponseData.class)
                .results();
        assertThat(results).hasSize(1);
        DescribeLogDirsResult result = results.getFirst();
        assertThat(result.logDir()).isEqualTo(directory.toAbsolutePath().toString());
        assertThat(result.totalBytes())
                .isGreaterThanOrEqualTo(result.usableBytes())
                .isPositive();
        assertThat(result.topics()).hasSize(1);
        long logBytes = Objects.requireNonNull(broker.partitions.find("t", 1))
                .log()
                .view()
                .sizeBytes();
        assertThat(result.topics().getFirst().partitions()).hasSize(3).anySatisfy(partition -> {
            assertThat(partition.partitionIndex()).isEqualTo(1);
            assertThat(partition.partitionSize()).isEqualTo(logBytes).isPositive();
            assertThat(partition.offsetLag()).isZero();
        });
    }
}
