package io.odradek.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;

/** The disk that is measured on: how fast it syncs, and what really goes to it. */
public final class Disk {
    private static final int PROBES = 500;
    private static final int PROBE_BYTES = 4096;
    private static final int SECTOR_BYTES = 512; // of /proc/diskstats, whatever the device has

    private final Path directory;
    private final String device;

    /** @param directory an existing one */
    public Disk(Path directory) throws IOException {
        this.directory = directory;
        String name = Files.getFileStore(directory).name();
        this.device = name.substring(name.lastIndexOf('/') + 1);
    }

    /**
     * Bytes that the whole device was given to write so far, by anybody; not a number where {@code /proc/diskstats} does not
     * know the device. Data in the page cache is not in it yet.
     */
    double bytesWritten() throws IOException {
        Path stats = Path.of("/proc/diskstats");
        if (!Files.exists(stats)) {
            return Double.NaN;
        }
        for (String line : Files.readAllLines(stats)) {
            String[] fields = line.strip().split(" +", -1);
            if (fields.length > 9 && fields[2].equals(device)) {
                return Double.parseDouble(fields[9]) * SECTOR_BYTES;
            }
        }
        return Double.NaN;
    }

    /** One line: median and 99th percentile of appending 4 KiB to a file and syncing it. */
    public String probe() throws IOException {
        Path file = Files.createTempFile(directory, "probe", null);
        long[] nanos = new long[PROBES];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer block = ByteBuffer.allocateDirect(PROBE_BYTES);
            for (int i = 0; i < PROBES; i++) {
                block.clear();
                long began = System.nanoTime();
                while (block.hasRemaining()) {
                    channel.write(block);
                }
                channel.force(false);
                nanos[i] = System.nanoTime() - began;
            }
        } finally {
            Files.delete(file);
        }
        Arrays.sort(nanos);
        return String.format(
                Locale.ROOT,
                "disk %s: 4 KiB appended and synced in %.0f us (median), %.0f us (99 of 100)",
                device,
                nanos[PROBES / 2] / 1e3,
                nanos[PROBES * 99 / 100] / 1e3);
    }
}
