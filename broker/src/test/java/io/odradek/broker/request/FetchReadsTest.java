package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.net.Request;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.partition.FetchInterest;
import io.odradek.broker.partition.FetchSessions;
import io.odradek.broker.partition.FollowerAnswer.Granted;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.DiskFileStore;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FetchReadsTest {
    private static final short VERSION = 17;

    /** It may be of another history: ReadPath's AnswerFollower, KAFKA-9838. */
    @Test
    void whatWasReadBeforeTheLogWasCutIsNotSent(@TempDir Path directory) throws Exception {
        try (LocalBroker broker = new LocalBroker(directory, new DiskFileStore(), 1, 64);
                TestConnection producer = new TestConnection()) {
            Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
            broker.produceNow(producer, "t", 0, "a");
            PartitionHost host = Objects.requireNonNull(broker.partitions.find("t", 0));
            FetchReads reads = new FetchReads(broker.partitions, broker.hints, ReadReplicaSelector.LEADER);
            FetchRequestData body = LocalBroker.fetchRequest(null, id, 0, 0, 1, 0);
            Request request = new Request(
                    new RequestHeader(ApiKeys.FETCH, VERSION, "follower", 1),
                    body,
                    new CountingLease(),
                    InetAddress.getLoopbackAddress(),
                    "PLAINTEXT",
                    producer);
            FetchInterest interest = ((FetchSessions.Full) broker.sessions.enter(body, VERSION))
                    .session()
                    .interests()
                    .iterator()
                    .next();
            long now = host.log().truncations();

            PartitionData sent = reads.readForFollower(interest, request, new Granted(0, 0, 1, 0, 0, now), 1_000, true);
            assertThat(Errors.forCode(sent.errorCode())).isEqualTo(Errors.NONE);
            assertThat(sent.records().sizeInBytes()).isPositive();
            ((SlicedRecords) sent.records()).close();

            PartitionData cutSince =
                    reads.readForFollower(interest, request, new Granted(0, 0, 1, 0, 0, now - 1), 1_000, true);
            assertThat(Errors.forCode(cutSince.errorCode())).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
            assertThat(cutSince.records().sizeInBytes()).isZero();
        }
    }
}
