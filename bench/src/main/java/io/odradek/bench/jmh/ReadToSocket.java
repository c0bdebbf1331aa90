package io.odradek.bench.jmh;

import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.apache.kafka.common.record.internal.FileRecords;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A fetch of up to 1 MiB at a random offset, sent to a loopback socket that another thread drains. {@code odradek} hands the
 * transport a file region ({@code sendfile}), as the broker does; {@code gather} copies the bytes and writes them. {@code
 * unifiedLog} is Kafka's way, a file region too.
 */
public class ReadToSocket extends FetchMeasure {
    private DrainedSocket socket;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init") // set up before the first run
    public ReadToSocket() {}

    @Setup(Level.Trial)
    public void connect() throws IOException {
        socket = new DrainedSocket();
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        socket.close();
    }

    @Benchmark
    public long odradek(ReadableLogs.Odradek logs) throws IOException {
        long sent = 0;
        try (FetchedSlices slices = logs.read(fetchBytes)) {
            for (FetchedSlices.Slice slice : slices.slices()) {
                sent += switch (slice) {
                    case FileSlice(var file, long position, int length) -> {
                        FileChannel channel = file.transferChannel();
                        if (channel == null) {
                            throw new IllegalStateException(file.path() + " has no channel to send from");
                        }
                        yield socket.send(channel, position, length);
                    }
                    case MemorySlice(ByteBuffer bytes) -> socket.send(bytes.duplicate());
                };
            }
        }
        return sent;
    }

    @Benchmark
    public long gather(ReadableLogs.Odradek logs) throws IOException {
        logs.readInto(target, fetchBytes);
        return socket.send(target.flip());
    }

    @Benchmark
    public long unifiedLog(ReadableLogs.Kafka logs) throws IOException {
        FileRecords records = logs.read(fetchBytes);
        int sent = 0;
        while (sent < records.sizeInBytes()) {
            sent += records.writeTo(socket, sent, records.sizeInBytes() - sent);
        }
        return sent;
    }
}
