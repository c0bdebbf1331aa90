package io.odradek.broker.cli;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code odradek log}. */
@Command(
        name = "log",
        description =
                "Looks into log directories. To see records, use: odradek kafka dump-log --files FILE --print-data-log",
        subcommands = {LogCommand.Verify.class},
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class LogCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return 0;
    }

    /** Reads every batch of every segment and checks it. */
    @Command(
            name = "verify",
            description = {
                "Checks every batch of every segment: sizes, magic, CRC, offsets. Changes nothing; may run beside a"
                        + " broker,",
                "whose last batches are then reported as cut off when they are being written.",
                "Exits with 1 when something is wrong."
            },
            mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {
        private static final int CHUNK_BYTES = 4 << 20;
        private static final long LINE_EVERY_NANOS = 2_000_000_000L;

        @Parameters(
                arity = "1..*",
                paramLabel = "DIR",
                description = "log.dirs directories, partition directories, or .log files")
        private List<Path> paths = List.of();

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli before call()
        private CommandSpec spec;

        private long bytes;
        private long batches;
        private int problems;
        private long lastLine = System.nanoTime();

        @Override
        public Integer call() throws IOException {
            PrintWriter out = spec.commandLine().getOut();
            List<Path> segments = new ArrayList<>();
            for (Path path : paths) {
                if (!Files.exists(path)) {
                    throw new IOException(path + " does not exist");
                }
                try (var walk = Files.walk(path)) {
                    walk.filter(file -> file.toString().endsWith(".log"))
                            .sorted()
                            .forEach(segments::add);
                }
            }
            int done = 0;
            for (Path segment : segments) {
                verify(segment, out);
                done++;
                if (System.nanoTime() - lastLine > LINE_EVERY_NANOS) {
                    lastLine = System.nanoTime();
                    spec.commandLine()
                            .getErr()
                            .printf(Locale.ROOT, "%d of %d segments, %.1f GB%n", done, segments.size(), bytes / 1e9);
                }
            }
            out.printf(
                    Locale.ROOT,
                    "%d segments, %d batches, %.3f GB: %s%n",
                    segments.size(),
                    batches,
                    bytes / 1e9,
                    problems == 0 ? "all intact" : problems + " problems");
            out.flush();
            return problems == 0 ? 0 : 1;
        }

        private void verify(Path segment, PrintWriter out) throws IOException {
            try (StoreFile file = new DiskFileStore().open(segment, OpenMode.READ_ONLY)) {
                long size = file.size();
                long position = 0;
                long nextOffset =
                        Long.parseLong(segment.getFileName().toString().replace(".log", ""));
                ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
                while (position < size) {
                    chunk.clear();
                    int read = file.read(chunk, position);
                    int at = 0;
                    while (RecordBatch.isWhole(chunk, at, read)) {
                        String problem = problem(chunk, at, nextOffset);
                        if (problem != null) {
                            report(out, segment, position + at, RecordBatch.baseOffset(chunk, at), problem);
                        }
                        nextOffset = Math.max(nextOffset, RecordBatch.nextOffset(chunk, at));
                        at += RecordBatch.sizeInBytes(chunk, at);
                        batches++;
                    }
                    if (at == 0) {
                        int wanted = read >= BatchLayout.PREFIX_BYTES ? RecordBatch.sizeInBytes(chunk, 0) : -1;
                        if (wanted > chunk.capacity() && wanted <= size - position) {
                            chunk = ByteBuffer.allocateDirect(wanted); // one batch larger than the chunk
                            continue;
                        }
                        if (onlyZeros(file, position, size)) {
                            return; // preallocated, and in use or not yet trimmed
                        }
                        report(
                                out,
                                segment,
                                position,
                                nextOffset,
                                (size - position) + " bytes that are no whole batch");
                        return;
                    }
                    position += at;
                    bytes += at;
                }
            } catch (NumberFormatException e) {
                report(out, segment, 0, -1, "its name is no offset");
            }
        }

        private static boolean onlyZeros(StoreFile file, long from, long size) throws IOException {
            ByteBuffer read = ByteBuffer.allocate(CHUNK_BYTES);
            ByteBuffer zeros = ByteBuffer.allocate(CHUNK_BYTES);
            for (long position = from; position < size; position += read.limit()) {
                file.read(read.clear(), position);
                if (!read.flip().hasRemaining() || read.mismatch(zeros.clear().limit(read.limit())) >= 0) {
                    return false;
                }
            }
            return true;
        }

        private static @Nullable String problem(ByteBuffer chunk, int at, long nextOffset) {
            if (RecordBatch.magic(chunk, at) != BatchLayout.MAGIC) {
                return "magic " + RecordBatch.magic(chunk, at);
            }
            if (!RecordBatch.crcMatches(chunk, at)) {
                return "the CRC does not match the bytes";
            }
            if (RecordBatch.baseOffset(chunk, at) < nextOffset) {
                return "its offset is below " + nextOffset + ", where the batch before it ends";
            }
            return null;
        }

        private void report(PrintWriter out, Path segment, long position, long offset, String what) {
            problems++;
            out.printf(Locale.ROOT, "%s, byte %d, batch at offset %d: %s%n", segment, position, offset, what);
        }
    }
}
