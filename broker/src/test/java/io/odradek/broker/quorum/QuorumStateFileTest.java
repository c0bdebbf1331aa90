package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.ReplicaKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.raft.ElectionState;
import org.apache.kafka.raft.FileQuorumStateStore;
import org.apache.kafka.server.common.KRaftVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuorumStateFileTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private static final HardState VOTED = new HardState(5, new ReplicaKey(2, new UUID(7, 9)), HardState.NOBODY);

    @Property(tries = 300)
    void whatIsWrittenIsRead(@ForAll("states") HardState state) {
        assertThat(QuorumStateFile.parse(QuorumStateFile.encode(state))).isEqualTo(state);
    }

    @Test
    void kafkaReadsWhatIsWritten() throws Exception {
        QuorumStateFile file = new QuorumStateFile(new DiskFileStore(), directory);
        FileQuorumStateStore kafkas = new FileQuorumStateStore(file.path().toFile());
        for (HardState state :
                List.of(HardState.FIRST, VOTED, new HardState(9, null, 4), new HardState(9, VOTED.votedFor(), 4))) {
            file.write(state);
            ElectionState read = kafkas.readElectionState().orElseThrow();
            assertThat(read.epoch()).isEqualTo(state.epoch());
            assertThat(read.optionalLeaderId().orElse(-1)).isEqualTo(state.leader());
            ReplicaKey voted = state.votedFor();
            assertThat(read.optionalVotedKey().map(key -> key.id()))
                    .isEqualTo(Optional.ofNullable(voted).map(ReplicaKey::id));
            assertThat(file.read()).isEqualTo(state);
        }
    }

    @Test
    void whatKafkaHasWrittenIsRead() throws Exception {
        QuorumStateFile file = new QuorumStateFile(new DiskFileStore(), directory);
        FileQuorumStateStore kafkas = new FileQuorumStateStore(file.path().toFile());
        org.apache.kafka.raft.ReplicaKey key = org.apache.kafka.raft.ReplicaKey.of(2, new Uuid(7, 9));
        kafkas.writeElectionState(ElectionState.withVotedCandidate(5, key, Set.of()), KRaftVersion.KRAFT_VERSION_1);
        assertThat(file.read()).isEqualTo(VOTED);
        kafkas.writeElectionState(
                ElectionState.withElectedLeader(6, 3, Optional.of(key), Set.of()), KRaftVersion.KRAFT_VERSION_1);
        assertThat(file.read()).isEqualTo(new HardState(6, VOTED.votedFor(), 3));
        kafkas.writeElectionState(ElectionState.withUnknownLeader(7, Set.of()), KRaftVersion.KRAFT_VERSION_1);
        assertThat(file.read()).isEqualTo(new HardState(7, null, HardState.NOBODY));
    }

    @Test
    void anythingElseIsRefusedWithFileAndContent() throws Exception {
        QuorumStateFile file = new QuorumStateFile(new DiskFileStore(), directory);
        String whole = QuorumStateFile.encode(VOTED);
        for (String wrong : List.of(
                "",
                "{}",
                "{",
                "null",
                "\u0000\u0000\u0000\u0000",
                whole.substring(0, whole.length() - 1),
                whole.substring(0, whole.length() / 2),
                whole + whole,
                whole + "x",
                whole.replace("\"data_version\":1", "\"data_version\":0"),
                whole.replace("\"data_version\":1", "\"data_version\":2"),
                whole.replace(",\"data_version\":1", ""),
                whole.replace("\"leaderEpoch\":5,", ""),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":-1"),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":5.5"),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":55555555555"),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":\"5\""),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":5,\"leaderEpoch\":6"),
                whole.replace("\"leaderEpoch\":5", "\"leaderEpoch\":0"),
                whole.replace("\"leaderId\":-1", "\"leaderId\":-2"),
                whole.replace("\"votedId\":2", "\"votedId\":-1"),
                whole.replace("\"votedDirectoryId\":\"", "\"votedDirectoryId\":\"!"),
                whole.replace("\"leaderId\":-1", "\"leaderId\":-1,\"appliedOffset\":3"),
                whole.replace("\"leaderId\":-1,", "\"leaderId\":-1,,"),
                whole.replace("\"leaderId\":-1,", "\"leaderId\":-1 "),
                whole.replace("}", ",}"))) {
            Files.writeString(file.path(), wrong);
            assertThatThrownBy(file::read)
                    .as(wrong)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(file.path().toString())
                    .hasMessageContaining(
                            wrong.substring(0, Math.min(200, wrong.length())).replace("\u0000", "?"))
                    .hasMessageNotContaining("\n");
        }
        Files.writeString(file.path(), whole + "\n");
        assertThat(file.read()).isEqualTo(VOTED);
    }

    @Provide
    Arbitrary<HardState> states() {
        Arbitrary<Integer> leaders = Arbitraries.integers().between(-1, Integer.MAX_VALUE);
        return Arbitraries.oneOf(
                Arbitraries.just(HardState.FIRST),
                WrittenMessages.epochs()
                        .flatMap(epoch -> leaders.flatMap(leader -> WrittenMessages.keys()
                                .injectNull(0.3)
                                .map(voted -> new HardState(epoch, voted, leader)))));
    }
}
