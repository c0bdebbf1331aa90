package io.odradek.bench.jmh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What <a href="https://fio.readthedocs.io">fio</a> says of the disk, for who doubts our own ceilings: files that grow, as logs do, by
 * one thread with {@code pwrite}.
 *
 * @param program its name or path
 */
record Fio(String program) {
    private static final long PATIENCE_S = 120;
    // In "terse" format, version 3, counted from 0: what was written, after 5 fields about the job and 41 about reads.
    private static final int WRITTEN_KIB_PER_S = 47;
    private static final int WRITES_PER_S = 48;

    /**
     * A line for each way to write, or one that says why there is none. Takes some seconds, and leaves no file.
     *
     * @param brief with little work
     */
    List<String> figures(Path directory, boolean brief) {
        List<String> lines = new ArrayList<>();
        int pageCacheMiB = brief ? 64 : 1024;
        int syncs = brief ? 100 : 2000;
        try {
            lines.add("256 KiB writes, page cache: " + run(directory, 256, pageCacheMiB * 1024, "0"));
            lines.add("4 KiB writes, fdatasync after each: " + run(directory, 4, 4 * syncs, "1"));
            lines.add("16 KiB writes, fdatasync after each: " + run(directory, 16, 16 * syncs, "1"));
        } catch (IOException e) {
            lines.add("no figure: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            lines.add("no figure: interrupted");
        }
        return lines.stream().map(line -> "fio, " + line).toList();
    }

    private String run(Path directory, int blockKiB, int sizeKiB, String fdatasync)
            throws IOException, InterruptedException {
        Process fio = new ProcessBuilder(
                        program,
                        "--name=odradek",
                        "--directory=" + directory,
                        "--rw=write",
                        "--ioengine=psync",
                        "--fallocate=none", // a log's blocks are found while it grows
                        "--unlink=1",
                        "--bs=" + blockKiB + "k",
                        "--size=" + sizeKiB + "k",
                        "--fdatasync=" + fdatasync,
                        "--output-format=terse",
                        "--terse-version=3")
                .redirectErrorStream(true)
                .start();
        try (InputStream printed = fio.getInputStream()) {
            String text = new String(printed.readAllBytes(), StandardCharsets.UTF_8);
            if (!fio.waitFor(PATIENCE_S, TimeUnit.SECONDS) || fio.exitValue() != 0) {
                throw new IOException(program + " failed: " + text.strip());
            }
            return rate(text);
        } finally {
            fio.destroyForcibly();
        }
    }

    /** From what it prints. */
    static String rate(String printed) throws IOException {
        for (String line : printed.split("\n", -1)) {
            String[] fields = line.split(";", -1);
            if (line.startsWith("3;fio") && fields.length > WRITES_PER_S) {
                double megabytes = Double.parseDouble(fields[WRITTEN_KIB_PER_S]) * 1024 / 1e6;
                return String.format(Locale.ROOT, "%.1f MB/s, %s IOPS", megabytes, fields[WRITES_PER_S]);
            }
        }
        throw new IOException("fio printed no terse line: " + printed.strip());
    }
}
