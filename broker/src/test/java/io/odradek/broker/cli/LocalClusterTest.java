package io.odradek.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the disks of a local cluster become its own. */
@Timeout(60)
class LocalClusterTest {

    private static final int PORT = 19_092;

    private Path data = Path.of("");

    @BeforeEach
    void in(@TempDir Path directory) {
        data = directory.resolve("new").resolve("data");
    }

    private LocalCluster cluster(int brokers) throws IOException {
        return new LocalCluster(brokers, data, PORT, Map.of());
    }

    private LocalPlan plan() throws IOException {
        return Objects.requireNonNull(LocalPlan.read(new DiskFileStore(), data));
    }

    private Path disk(int node) {
        return data.resolve("broker-" + node);
    }

    private Optional<UUID> directoryId(int node) throws IOException {
        return Files.isDirectory(disk(node))
                ? LogDirectory.identityOf(new DiskFileStore(), disk(node)).map(LogDirectory.Identity::directoryId)
                : Optional.empty();
    }

    private boolean votesFromTheBeginning(int node) {
        return Files.exists(
                disk(node).resolve("__cluster_metadata-0").resolve("00000000000000000000-0000000000.checkpoint"));
    }

    private void lose(int node) throws IOException {
        try (Stream<Path> files = Files.walk(disk(node))) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void aClusterBeginsWithAllItsBrokersAsVoters() throws Exception {
        cluster(3).format();
        assertThat(plan().formatted()).isTrue();
        assertThat(plan().voters()).containsOnlyKeys(1, 2, 3);
        for (int node = 1; node <= 3; node++) {
            assertThat(directoryId(node))
                    .contains(Objects.requireNonNull(plan().voters().get(node)));
            assertThat(votesFromTheBeginning(node)).isTrue();
        }
    }

    @Test
    void aClusterThatIsStartedAgainStaysWhatItIs() throws Exception {
        cluster(3).format();
        LocalPlan before = plan();
        List<Optional<UUID>> disks = List.of(directoryId(1), directoryId(2), directoryId(3));
        cluster(3).format();
        assertThat(plan()).isEqualTo(before);
        assertThat(List.of(directoryId(1), directoryId(2), directoryId(3))).isEqualTo(disks);
    }

    /** The crash is after the plan, and before or between the disks. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void formattingThatWasInterruptedIsFinishedWithTheSameIds(int formatted) throws Exception {
        cluster(3).format();
        LocalPlan whole = plan();
        for (int node = formatted + 1; node <= 3; node++) {
            lose(node);
        }
        LocalPlan interrupted = new LocalPlan(whole.clusterId(), whole.port(), whole.voters(), false);
        interrupted.write(new DiskFileStore(), data);
        cluster(3).format();
        assertThat(plan()).isEqualTo(whole);
        for (int node = 1; node <= 3; node++) {
            assertThat(directoryId(node))
                    .contains(Objects.requireNonNull(whole.voters().get(node)));
            assertThat(votesFromTheBeginning(node)).isTrue();
        }
    }

    @Test
    void thePlanIsThereBeforeTheFirstDiskIs() throws Exception {
        Files.createDirectories(data);
        Files.writeString(disk(2), "in the way");
        assertThatThrownBy(() -> cluster(3).format()).isInstanceOf(IOException.class);
        assertThat(plan().formatted()).isFalse();
        assertThat(directoryId(1))
                .contains(Objects.requireNonNull(plan().voters().get(1)));
    }

    /** What a voter promised is lost with its disk: another that had its id could vote twice in an epoch. */
    @Test
    void aDiskThatWasReplacedIsNoVoter() throws Exception {
        cluster(3).format();
        UUID lost = Objects.requireNonNull(plan().voters().get(2));
        lose(2);
        cluster(3).format();
        assertThat(directoryId(2)).isPresent().get().isNotEqualTo(lost);
        assertThat(votesFromTheBeginning(2)).isFalse();
        assertThat(plan().voters()).containsEntry(2, lost);
    }

    @Test
    void aBrokerMoreIsNoVoter() throws Exception {
        cluster(3).format();
        cluster(4).format();
        assertThat(directoryId(4)).isPresent();
        assertThat(votesFromTheBeginning(4)).isFalse();
        assertThat(plan().voters()).containsOnlyKeys(1, 2, 3);
    }

    @Test
    void fewerMayBeStartedAsLongAsTheyCanDecide() throws Exception {
        cluster(3).format();
        cluster(2).format();
        assertThatThrownBy(() -> cluster(1).format())
                .hasMessageContaining("--brokers 1")
                .hasMessageContaining("2 at least");
    }

    @Test
    void anotherPortIsRefusedForTheVotersAreKnownByTheirs() throws Exception {
        cluster(3).format();
        assertThatThrownBy(() -> new LocalCluster(3, data, PORT + 10, Map.of()).format())
                .hasMessageContaining("--port " + (PORT + 10))
                .hasMessageContaining("--port " + PORT);
    }

    /** A cluster whose file was lost is what its disks say. */
    @Test
    void disksWithoutAPlanAreNotFormattedAnew() throws Exception {
        cluster(3).format();
        LocalPlan before = plan();
        Files.delete(data.resolve(LocalPlan.FILE_NAME));
        cluster(3).format();
        assertThat(plan()).isEqualTo(before);
    }

    @Test
    void theDiskOfAnotherClusterIsRefused() throws Exception {
        cluster(3).format();
        LocalPlan whole = plan();
        new LocalPlan("AAAAAAAAAAAAAAAAAAAAAg", PORT, whole.voters(), true).write(new DiskFileStore(), data);
        assertThatThrownBy(() -> cluster(3).format())
                .hasMessageContaining("broker-1 belongs to cluster " + whole.clusterId());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "version=2\ncluster.id=a\nport=1\nformatted=true\nvoter.1=AAAAAAAAAAAAAAAAAAAAAg\n",
                "version=1\ncluster.id=a\nport=1\nformatted=true\n",
                "version=1\ncluster.id=a\nport=x\nformatted=true\nvoter.1=AAAAAAAAAAAAAAAAAAAAAg\n",
                "version=1\ncluster.id=a\nport=1\nformatted=true\nvoter.x=AAAAAAAAAAAAAAAAAAAAAg\n",
                "version=1\ncluster.id=a\nport=1\nformatted=true\nvoter.1=short\n",
                "version=1\ncluster.id=a\nport=1\nformatted=perhaps\nvoter.1=AAAAAAAAAAAAAAAAAAAAAg\n",
                "version=1\ncluster.id=\\u00zz\n"
            })
    void anUnreadablePlanIsRefusedAndLeftAlone(String text) throws Exception {
        Files.createDirectories(data);
        Files.writeString(data.resolve(LocalPlan.FILE_NAME), text);
        assertThatThrownBy(() -> cluster(3).format())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(LocalPlan.FILE_NAME);
        assertThat(data.resolve(LocalPlan.FILE_NAME)).hasContent(text);
        assertThat(disk(1)).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"0, 9092", "-1, 9092", "1001, 9092", "3, 0", "3, 64535"})
    void impossibleNumbersAreRefused(int brokers, int port) {
        assertThatThrownBy(() -> new LocalCluster(brokers, data, port, Map.of()))
                .hasMessageContaining("--brokers " + brokers + " --port " + port);
    }
}
