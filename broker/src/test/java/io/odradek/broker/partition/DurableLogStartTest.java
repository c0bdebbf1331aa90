package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.writepath.Shard;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The test is each of the shard's threads, and the disk. */
class DurableLogStartTest {
    @TempDir
    Path path;

    private final Queue<Runnable> disk = new ArrayDeque<>();
    private final List<String> told = new ArrayList<>();
    private LogDirectory directory;
    private Shard shard;
    private PartitionLog log;
    private DurableLogStart start;

    @BeforeEach
    void open() throws Exception {
        DiskFileStore store = new DiskFileStore();
        directory = LogDirectory.open(store, path, "test-cluster", 1);
        ShardSettlement settlement = new ShardSettlement();
        shard = new Shard(
                new Shard.Options("stepped", 16, 1 << 20, "block", Shard.Threads.NONE),
                directory,
                new GroupSync(store, path, GroupSync.Strategy.FDATASYNC),
                settlement,
                InstantSource.system());
        log = directory.openOrCreate(new TopicPartition("t", new UUID(1, 1), 0), LogConfig.defaults());
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
        start = new DurableLogStart(new HostedShard(shard, directory, settlement), log, new LogStartWrites(disk::add));
    }

    @AfterEach
    void close() throws Exception {
        shard.close();
        directory.close();
    }

    private void stages() {
        for (int i = 0; i < 4; i++) {
            shard.stages().append(16);
            shard.stages().sync();
            shard.stages().settle();
        }
    }

    private void diskWrites() {
        disk.remove().run();
        stages();
    }

    private void delete(long end) {
        start.delete(end, failure -> told.add(end + ": " + failure));
        stages();
    }

    @Test
    void itComesBehindTheLogsStartUntilThatIsWritten() {
        delete(5);
        assertThat(log.view().logStartOffset()).isEqualTo(5);
        assertThat(start.offset()).isZero();
        assertThat(told).isEmpty();
        diskWrites();
        assertThat(start.offset()).isEqualTo(5);
        assertThat(told).containsExactly("5: null");
    }

    /** Where the log begins then may not be written down yet; that what was before it is, says nothing. */
    @Test
    void whatIsWrittenOfALogThatBeganElsewhereMeanwhileSaysNothing() throws Exception {
        delete(5);
        start.beginsAgainAt(2);
        directory.beginAgain(log, 2);
        assertThat(start.offset()).isEqualTo(2);
        // The log is at 7 again, by somebody else's word, before the disk is done with the first deletion.
        directory.beginAgain(log, 7);
        diskWrites();
        assertThat(start.offset()).as("7 is told by nobody yet").isEqualTo(2);
        assertThat(told).containsExactly("5: null");
    }

    @Test
    void onlyOneAdvanceIsUnderWay() {
        start.advance(3);
        start.advance(4);
        stages();
        assertThat(log.view().logStartOffset()).isEqualTo(3);
        diskWrites();
        assertThat(start.offset()).isEqualTo(3);
        start.advance(4);
        stages();
        diskWrites();
        assertThat(start.offset()).isEqualTo(4);
        assertThat(disk).isEmpty();
    }
}
