package io.odradek.spec.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.odradek.engine.io.DirectoryLockedException;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract, and what only a real disk can show. */
class DiskFileStoreTest extends FileStoreContract {
    @TempDir
    private Path temporary;

    @Override
    FileStore createStore() {
        return new DiskFileStore();
    }

    @Override
    long nowMs() {
        return System.currentTimeMillis();
    }

    @Override
    Path createDirectory() throws IOException {
        return Files.createDirectory(temporary.resolve("data"));
    }

    @Test
    void aFullDiskNamesFileAndPosition() throws IOException {
        Path full = Path.of("/dev/full"); // every write to it fails with ENOSPC
        assumeTrue(Files.exists(full));
        try (StoreFile file = store().open(full, OpenMode.READ_WRITE)) {
            assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[10]), 7))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("/dev/full")
                    .hasMessageContaining("byte 7")
                    .hasMessageContaining("No space left");
            assertThatThrownBy(() -> file.append(new ByteBuffer[] {ByteBuffer.wrap(new byte[10])}, 1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("/dev/full")
                    .hasMessageContaining("byte 0")
                    .hasMessageContaining("No space left");
        }
    }

    @Test
    void aFailedSyncIsForGoodOnEveryOpeningAndEveryPathAbove() throws IOException {
        // fdatasync on a character device fails with EINVAL: a failing sync without a failing disk.
        Path device = Path.of("/dev/null");
        assumeTrue(Files.exists(device));
        StoreFile file = store().open(device, OpenMode.READ_WRITE);
        assertThatThrownBy(file::sync).isInstanceOf(IOException.class).hasMessageContaining("/dev/null");
        assertThatThrownBy(file::sync).hasMessageContaining("an earlier sync failed");
        assertThatThrownBy(file::size).hasMessageContaining("an earlier sync failed");
        assertThatThrownBy(() -> file.read(ByteBuffer.allocate(1), 0)).hasMessageContaining("an earlier sync failed");
        assertThatThrownBy(() -> file.write(ByteBuffer.allocate(1), 0)).hasMessageContaining("an earlier sync failed");
        assertThatThrownBy(() -> file.truncate(0)).hasMessageContaining("an earlier sync failed");
        assertThatThrownBy(() -> file.map(0)).hasMessageContaining("an earlier sync failed");
        assertThat(file.transferChannel()).isNull();
        try (StoreFile another = store().open(device, OpenMode.READ_WRITE)) {
            assertThatThrownBy(another::sync).hasMessageContaining("an earlier sync failed");
        }
        assertThat(store().syncFailure(Path.of("/dev"))).isNotNull();
        assertThat(store().syncFailure(directory())).isNull();
        assertThatThrownBy(() -> store().syncDirectory(Path.of("/dev"))).hasMessageContaining("an earlier sync failed");
        file.close();
    }

    @Test
    void syncfsIsUsedOnThisFileSystemWhenItCanBeTrusted() throws IOException {
        String type = Files.getFileStore(directory()).type();
        assumeTrue(System.getProperty("os.name").equals("Linux"));
        assumeTrue(type.equals("ext4") || type.equals("xfs") || type.equals("btrfs"));
        assertThat(store().canSyncFileSystem(directory())).isTrue();
        assertThat(store().canSyncFileSystem(Path.of("/proc")))
                .as("no file system we trust")
                .isFalse();
    }

    @Test
    void aMappedBufferFailsCleanlyAfterClose() throws IOException {
        StoreFile file = store().open(directory().resolve("a"), OpenMode.CREATE_NEW);
        file.append(new ByteBuffer[] {ByteBuffer.wrap("abc".getBytes(UTF_8))}, 1);
        ByteBuffer mapped = file.map(3);
        file.close();
        assertThatThrownBy(() -> mapped.get(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anotherProcessIsKeptOutEvenAfterARefusedAttemptInThisOne() throws Exception {
        Path lockFile = directory().resolve(".lock");
        try (AutoCloseable held = store().lock(lockFile)) {
            assertThat(held).isNotNull();
            // Closing a second descriptor would give up this process's fcntl lock.
            assertThatThrownBy(() -> store().lock(lockFile)).isInstanceOf(DirectoryLockedException.class);
            assertThatThrownBy(() -> new DiskFileStore().lock(lockFile)).isInstanceOf(DirectoryLockedException.class);
            assertThat(lockedByAnotherProcess(lockFile)).isFalse();
        }
        assertThat(lockedByAnotherProcess(lockFile)).isTrue();
    }

    private static boolean lockedByAnotherProcess(Path lockFile) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TriesToLock.class.getName(),
                        lockFile.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue() == 0;
    }

    /** Another process: exits with 0 when it gets the lock, and with 1 when somebody has it. */
    static final class TriesToLock {
        public static void main(String[] args) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
                    FileLock lock = channel.tryLock()) {
                System.exit(lock == null ? 1 : 0);
            }
        }

        private TriesToLock() {}
    }
}
