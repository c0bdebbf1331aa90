package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** docs/decisions/0027. */
@Timeout(60)
class FormattingTest {

    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final List<InitialController> TWO = List.of(
            new InitialController(1, "127.0.0.1", 9093, new UUID(1, 1)),
            new InitialController(2, "127.0.0.1", 9094, new UUID(2, 1)));

    private static BrokerConfig config(Path data) {
        return BrokerConfig.of(Map.of(
                "process.roles", "controller",
                "node.id", "1",
                "log.dirs", data.toString(),
                "listeners", "CONTROLLER://127.0.0.1:9093",
                "controller.listener.names", "CONTROLLER",
                "listener.security.protocol.map", "CONTROLLER:PLAINTEXT",
                "controller.quorum.voters", "1@127.0.0.1:9093,2@127.0.0.1:9094"));
    }

    private static void format(Path data, String cluster, List<InitialController> controllers) throws IOException {
        Formatting.format(config(data), new DiskFileStore(), cluster, controllers);
    }

    @Test
    void aFirstVoterHasTheDirectoryThatAllAreTold(@TempDir Path data) throws Exception {
        format(data, CLUSTER, TWO);
        format(data, CLUSTER, TWO); // what was interrupted is finished, and what is done is left alone
        assertThat(LogDirectory.identityOf(new DiskFileStore(), data))
                .contains(new LogDirectory.Identity(CLUSTER, 1, new UUID(1, 1)));
        assertThat(data.resolve("__cluster_metadata-0").resolve("00000000000000000000-0000000000.checkpoint"))
                .exists();
    }

    @Test
    void whoJoinsHasNoVoters(@TempDir Path data) throws Exception {
        format(data, CLUSTER, List.of());
        assertThat(LogDirectory.identityOf(new DiskFileStore(), data))
                .hasValueSatisfying(identity -> assertThat(identity.clusterId()).isEqualTo(CLUSTER));
        assertThat(data.resolve("__cluster_metadata-0")).doesNotExist();
    }

    @Test
    void whatIsFormattedIsNotFormattedAnew(@TempDir Path data) throws Exception {
        format(data, CLUSTER, TWO);
        assertThatThrownBy(() -> format(data, CLUSTER, List.of())).hasMessageContaining("formatted already");
        assertThatThrownBy(() -> format(data, "BBBBBBBBBBBBBBBBBBBBBg", TWO)).hasMessageContaining("formatted already");
        assertThatThrownBy(() ->
                        format(data, CLUSTER, List.of(new InitialController(1, "127.0.0.1", 9093, new UUID(1, 2)))))
                .hasMessageContaining("formatted already");
        assertThat(LogDirectory.identityOf(new DiskFileStore(), data))
                .contains(new LogDirectory.Identity(CLUSTER, 1, new UUID(1, 1)));
    }

    @Test
    void aDirectoryWithForeignFilesIsNotFormatted(@TempDir Path data) throws Exception {
        Files.writeString(data.resolve("letters"), "dear");
        assertThatThrownBy(() -> format(data, CLUSTER, TWO)).hasMessageContaining("not formatted over");
    }

    @Test
    void aControllerIsIdHostPortAndDirectory() {
        assertThat(InitialController.parse("7@host:9093:AAAAAAAAAAEAAAAAAAAAAg"))
                .isEqualTo(new InitialController(7, "host", 9093, new UUID(1, 2)));
        assertThat(InitialController.parse("7@[::1]:9093:AAAAAAAAAAEAAAAAAAAAAg"))
                .isEqualTo(new InitialController(7, "[::1]", 9093, new UUID(1, 2)));
        for (String wrong : List.of(
                "",
                "7@host:9093",
                "host:9093:AAAAAAAAAAEAAAAAAAAAAg",
                "7@host:0:AAAAAAAAAAEAAAAAAAAAAg",
                "7@host:65536:AAAAAAAAAAEAAAAAAAAAAg",
                "7@host:9093:AAAAAAAAAAAAAAAAAAAAAA")) { // no directory's id
            assertThat(InitialController.parse(wrong)).as(wrong).isNull();
        }
    }
}
