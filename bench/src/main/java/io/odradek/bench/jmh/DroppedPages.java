package io.odradek.bench.jmh;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Takes the segments below a directory out of the page cache, by {@code posix_fadvise(2)}. A page that is dirty or mapped stays: the
 * files are synced first, and mapped indexes are not among them. On tmpfs, which has no other place for its pages, nothing
 * happens. Below a virtual disk may be a cache that nobody here can reach.
 */
// restricted: calling C is what this class is for.
@SuppressWarnings("restricted")
final class DroppedPages implements AutoCloseable {
    private static final int O_RDONLY = 0;
    private static final int POSIX_FADV_DONTNEED = 4; // on Linux, but for s390

    private static final MethodHandle OPEN = function(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.firstVariadicArg(2)); // int open(const char *path, int flags, ...)
    private static final MethodHandle FADVISE =
            function("posix_fadvise", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final List<Path> files;
    private final int[] descriptors;

    /** @param directory whose segments have got all they will get */
    DroppedPages(Path directory) throws IOException {
        try (Stream<Path> below = Files.walk(directory)) {
            files = below.filter(file -> file.toString().endsWith(".log")).toList();
        }
        descriptors = new int[files.size()];
        for (int i = 0; i < descriptors.length; i++) {
            try (FileChannel channel = FileChannel.open(files.get(i), StandardOpenOption.WRITE)) {
                channel.force(false);
            }
            descriptors[i] = open(files.get(i));
        }
    }

    List<Path> files() {
        return files;
    }

    /** Whoever reads next reads from the disk. */
    void drop() {
        for (int descriptor : descriptors) {
            int error = (int) call(FADVISE, descriptor, 0L, 0L, POSIX_FADV_DONTNEED); // 0, 0: all of it
            if (error != 0) {
                throw new IllegalStateException("posix_fadvise: errno " + error);
            }
        }
    }

    @Override
    public void close() {
        for (int descriptor : descriptors) {
            call(CLOSE, descriptor);
        }
    }

    private static int open(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file.toString());
            int descriptor = (int) call(OPEN, name, O_RDONLY);
            if (descriptor < 0) {
                throw new IOException("cannot open " + file);
            }
            return descriptor;
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup()
                        .find(name)
                        .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + name)),
                type,
                options);
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
