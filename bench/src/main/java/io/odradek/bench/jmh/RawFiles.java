package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** Files that are appended to, and nothing else: no offset, no index, no check. */
final class RawFiles implements AutoCloseable {
    private final List<FileChannel> files = new ArrayList<>();

    RawFiles(Path path, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            files.add(FileChannel.open(
                    path.resolve(i + ".raw"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        }
    }

    /** One system call, unless the kernel takes only a part. */
    void write(int file, ByteBuffer bytes) throws IOException {
        bytes.clear();
        while (bytes.hasRemaining()) {
            files.get(file).write(bytes);
        }
    }

    /** One gathering system call, unless the kernel takes only a part. */
    void write(int file, ByteBuffer[] buffers) throws IOException {
        long left = 0;
        for (ByteBuffer bytes : buffers) {
            left += bytes.clear().remaining();
        }
        while (left > 0) {
            left -= files.get(file).write(buffers);
        }
    }

    /** {@code fdatasync(2)}. */
    void sync(int file) throws IOException {
        files.get(file).force(false);
    }

    /** What nobody who stores checked bytes can do without: copy them once and look at each once. */
    static long copyAndCheck(ByteBuffer from, ByteBuffer to, CRC32C crc) {
        to.clear();
        to.put(0, from, 0, from.capacity());
        crc.reset();
        crc.update(to);
        to.clear();
        return crc.getValue();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel file : files) {
            file.close();
        }
    }
}
