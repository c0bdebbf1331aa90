package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same class on threads of its own, on the disk: three servers elect one, and all fold what it commits. */
class QuorumThreadsTest {

    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final int RECORDS = 50;
    private static final int PATIENCE_S = 60;

    private final List<QuorumHost> hosts = new ArrayList<>();
    private final CompletableFuture<Reign> elected = new CompletableFuture<>();

    private record Reign(QuorumHost host, int epoch) {}

    private final class Server implements ReplicatedState {
        private final int id;
        private final List<Integer> folded = new ArrayList<>();
        private final CountDownLatch all = new CountDownLatch(RECORDS);

        Server(int id) {
            this.id = id;
        }

        @Override
        public void restore(OffsetAndEpoch snapshot, Batches batches) {
            assertThat(snapshot).isEqualTo(OffsetAndEpoch.NOTHING);
        }

        @Override
        public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {
            values.forEach(value -> {
                folded.add(value.getInt(0));
                all.countDown();
            });
        }

        @Override
        public void passed(long lastOffset) {}

        @Override
        public void snapshot(SnapshotWriter writer) {}

        @Override
        public void leads(int epoch, long from) {
            elected.complete(new Reign(hosts.get(id), epoch));
        }

        @Override
        public void follows(int epoch, int leader) {}
    }

    private final class Direct implements Peers {
        @Override
        public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
            short version = request.api().latestVersion();
            if (!hosts.get(to).receive(request.at(version), version, response -> outcome.answered(response, version))) {
                outcome.failed("too much waits there");
            }
        }

        @Override
        public void reachedAt(int server, Endpoint at) {}
    }

    @Test
    void threeServersOnThreadsCommitAndFold(@TempDir Path data) throws Exception {
        FileStore store = new DiskFileStore();
        List<LogDirectory> directories = new ArrayList<>();
        List<Voter> voters = new ArrayList<>();
        for (int id = 0; id < 3; id++) {
            LogDirectory directory = LogDirectory.open(store, data.resolve("server-" + id), CLUSTER, id);
            directories.add(directory);
            voters.add(new Voter(new ReplicaKey(id, directory.identity().directoryId()), List.of()));
        }
        List<Server> servers = new ArrayList<>();
        for (int id = 0; id < 3; id++) {
            Server server = new Server(id);
            servers.add(server);
            hosts.add(host(store, directories.get(id), VoterSet.of(voters), server));
        }
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (QuorumHost host : hosts) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            host.run();
                        } catch (IOException | InterruptedException | RuntimeException | Error e) {
                            synchronized (failures) {
                                failures.add(e);
                            }
                        }
                    },
                    "quorum-" + threads.size());
            threads.add(thread);
            thread.start();
        }
        try {
            Reign reign = elected.get(PATIENCE_S, TimeUnit.SECONDS);
            List<CompletableFuture<Long>> committed = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                CompletableFuture<Long> outcome = new CompletableFuture<>();
                committed.add(outcome);
                reign.host()
                        .append(
                                reign.epoch(),
                                List.of(ByteBuffer.allocate(Integer.BYTES)
                                        .putInt(i)
                                        .array()),
                                new QuorumLog.Appended() {
                                    @Override
                                    public void committed(long baseOffset) {
                                        outcome.complete(baseOffset);
                                    }

                                    @Override
                                    public void failed(boolean mayBeCommitted) {
                                        outcome.completeExceptionally(new IOException("failed"));
                                    }
                                });
            }
            long last = -1;
            for (CompletableFuture<Long> outcome : committed) {
                long offset = outcome.get(PATIENCE_S, TimeUnit.SECONDS);
                assertThat(offset).isGreaterThan(last);
                last = offset;
            }
            for (Server server : servers) {
                assertThat(server.all.await(PATIENCE_S, TimeUnit.SECONDS))
                        .as("server " + server.id + " has folded all")
                        .isTrue();
            }
        } finally {
            hosts.forEach(QuorumHost::close);
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
        for (Server server : servers) {
            assertThat(server.folded).isEqualTo(servers.getFirst().folded).isSorted();
        }
        for (LogDirectory directory : directories) {
            directory.close();
        }
    }

    private QuorumHost host(FileStore store, LogDirectory directory, VoterSet voters, Server server)
            throws IOException {
        LogConfig config = LogConfig.defaults()
                .withDurability(new Durability.Sync())
                .withRetentionMs(-1)
                .withMaxMessageBytes(Integer.MAX_VALUE);
        // Patient: on a busy machine an election must not be called for nothing in the middle of the test.
        QuorumSettings settings = new QuorumSettings(20_000, 300, 300, 20, 500);
        return new QuorumHost(
                new QuorumHost.Options(CLUSTER, "CONTROLLER", null, List.of(), settings, 30_000),
                QuorumStorage.open(store, directory, config, voters, InstantSource.system()),
                new Direct(),
                server,
                () -> System.nanoTime() / 1_000_000,
                InstantSource.system(),
                server.id,
                line -> {});
    }
}
