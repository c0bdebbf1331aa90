package io.odradek.engine.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a window does besides holding bytes, which the contract of all stores is about. */
class AppendWindowTest {
    private static final int FILE_BYTES = 300 << 10;

    @TempDir
    Path directory;

    private static ByteBuffer[] bytes(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
            bytes.put(i, (byte) (i + 1));
        }
        return new ByteBuffer[] {bytes};
    }

    @Test
    void aFileHasOneWindowAtATimeAndNoneInTheEnd() throws IOException {
        int before = AppendWindow.open();
        Path path = directory.resolve("file");
        try (StoreFile file = new DiskFileStore().open(path, FileStore.OpenMode.CREATE_NEW)) {
            file.append(bytes(100), 1);
            assertThat(AppendWindow.open()).as("not preallocated").isEqualTo(before);
            file.preallocate(FILE_BYTES);
            for (int i = 0; i < 250; i++) { // longer than one window reaches
                file.append(bytes(1000), 1);
                assertThat(AppendWindow.open()).isEqualTo(before + 1);
            }
        }
        assertThat(AppendWindow.open()).isEqualTo(before);
        assertThat(Files.readAllBytes(path)).startsWith(bytes(100)[0].array()).hasSize(FILE_BYTES);
    }

    @Test
    void aWindowIsGivenBackOnce() throws IOException {
        int before = AppendWindow.open();
        try (FileChannel channel = channel()) {
            AppendWindow window = window(channel);
            assertThat(AppendWindow.open()).isEqualTo(before + 1);
            window.close();
            window.close();
        }
        assertThat(AppendWindow.open()).isEqualTo(before);
    }

    /** As when a network's file system fails, or somebody cuts the file: no error that ends the JVM, nor one that nobody catches. */
    @Test
    void pagesThatCannotBeHadAreAnIoException() throws IOException {
        try (FileChannel channel = channel();
                AppendWindow window = window(channel)) {
            channel.truncate(0);
            assertThatThrownBy(() -> window.put(bytes(1000), 1, 0))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("pages could not be had");
        }
    }

    private static AppendWindow window(FileChannel channel) {
        return Objects.requireNonNull(AppendWindow.open(channel, 0, FILE_BYTES));
    }

    private FileChannel channel() throws IOException {
        FileChannel channel = FileChannel.open(
                directory.resolve("mapped"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        channel.write(ByteBuffer.allocate(1), FILE_BYTES - 1);
        return channel;
    }
}
