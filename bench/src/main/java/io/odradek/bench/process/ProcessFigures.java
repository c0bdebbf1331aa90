package io.odradek.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * CPU time, memory and descriptors of a process, read from {@code /proc}. Linux only: elsewhere, and once the process has gone,
 * they are not a number. Any thread.
 *
 * @param pid of the process itself, not of a shell that started it
 */
public record ProcessFigures(long pid) {
    private static final int CLOCK_TICKS_PER_S = 100; // USER_HZ, fixed by the kernel's ABI

    /** User and system CPU seconds so far. */
    public double cpuSeconds() {
        // fields 14 and 15, counted behind the command's closing parenthesis (proc_pid_stat(5))
        String stat = read("stat");
        if (stat.isEmpty()) {
            return Double.NaN;
        }
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / (double) CLOCK_TICKS_PER_S;
    }

    /** Resident memory now, in MiB: anonymous plus file pages that the process itself has mapped. */
    public double residentMib() {
        return statusKib("VmRSS:") / 1024.0;
    }

    /** The largest resident memory so far, in MiB. */
    public double peakResidentMib() {
        return statusKib("VmHWM:") / 1024.0;
    }

    /** Files, sockets and the like that are open. */
    public double openDescriptors() {
        try (Stream<Path> open = Files.list(file("fd"))) {
            return open.count();
        } catch (IOException | UncheckedIOException gone) {
            return Double.NaN;
        }
    }

    /** What it was started with, the program included; nothing but an empty one when it has gone. */
    public List<String> arguments() {
        return List.of(read("cmdline").split("\0", -1));
    }

    private double statusKib(String field) {
        for (String line : read("status").split("\n", -1)) {
            if (line.startsWith(field)) {
                return Double.parseDouble(
                        line.substring(field.length()).replace("kB", "").strip());
            }
        }
        return Double.NaN;
    }

    private String read(String name) {
        try {
            return Files.readString(file(name));
        } catch (NoSuchFileException gone) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file(name), e);
        }
    }

    private Path file(String name) {
        return Path.of("/proc", Long.toString(pid), name);
    }
}
