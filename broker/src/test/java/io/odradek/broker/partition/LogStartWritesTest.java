package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.record.BatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogStartWritesTest {
    @TempDir
    Path path;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final LogStartWrites writes = new LogStartWrites(tasks::add);
    private final List<String> told = new ArrayList<>();

    /** Counts the checkpoints that take their place, and lets something happen in the middle of one. */
    private static final class Counting extends DelegatingFileStore {
        int written;

        @Nullable
        Runnable meanwhile;

        Counting() {
            super(new DiskFileStore());
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            if (to.endsWith("log-start-offset-checkpoint")) {
                written++;
                Runnable now = meanwhile;
                if (now != null) {
                    meanwhile = null;
                    now.run();
                }
            }
            super.rename(from, to);
        }
    }

    private final Counting store = new Counting();

    private PartitionLog log(LogDirectory directory, int partition) throws IOException {
        PartitionLog log =
                directory.openOrCreate(new TopicPartition("t", new UUID(1, 1), partition), LogConfig.defaults());
        log.beginEpoch(0);
        for (int i = 0; i < 9; i++) {
            log.stage(
                    new BatchBuilder()
                            .add(i, null, ByteBuffer.allocate(8).array())
                            .build(),
                    0,
                    0);
        }
        log.writeStaged();
        return log;
    }

    private void write(LogDirectory directory, PartitionLog log) {
        writes.write(directory, log, failure -> told.add(log.partition() + ": " + failure));
    }

    @Test
    void whoAsksWhileNothingIsWrittenSharesOneWrite() throws Exception {
        try (LogDirectory directory = LogDirectory.open(store, path, null, 1)) {
            for (int i = 0; i < 5; i++) {
                PartitionLog log = log(directory, i);
                log.deleteRecordsBefore(i + 1);
                write(directory, log);
            }
            assertThat(tasks).hasSize(1);
            assertThat(told).isEmpty();
            tasks.remove().run();
            assertThat(told).hasSize(5).allMatch(line -> line.endsWith(": null"));
            assertThat(store.written).isEqualTo(1);
            assertThat(Files.readString(path.resolve("log-start-offset-checkpoint")))
                    .contains("t 0 1", "t 4 5");
        }
    }

    @Test
    void whoAsksDuringAWriteWaitsForTheNext() throws Exception {
        try (LogDirectory directory = LogDirectory.open(store, path, null, 1)) {
            PartitionLog first = log(directory, 0);
            PartitionLog second = log(directory, 1);
            first.deleteRecordsBefore(3);
            write(directory, first);
            store.meanwhile = () -> {
                try {
                    second.deleteRecordsBefore(4);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                write(directory, second);
            };
            tasks.remove().run();
            assertThat(told).hasSize(1);
            tasks.remove().run();
            assertThat(told).hasSize(2);
            assertThat(Files.readString(path.resolve("log-start-offset-checkpoint")))
                    .contains("t 0 3", "t 1 4");
        }
    }

    @Test
    void whatCannotBeWrittenIsNotAnsweredAsDone() throws Exception {
        try (LogDirectory directory = LogDirectory.open(store, path, null, 1)) {
            PartitionLog log = log(directory, 0);
            log.deleteRecordsBefore(3);
            write(directory, log);
            directory.takeOffline(new IOException("broken"));
            tasks.remove().run();
            assertThat(told).singleElement().asString().contains("is offline: broken");

            LogStartWrites stopped = new LogStartWrites(task -> {
                throw new RejectedExecutionException();
            });
            stopped.write(directory, log, failure -> told.add("stopping: " + failure));
            assertThat(told.getLast()).contains("the broker is stopping");
        }
    }
}
