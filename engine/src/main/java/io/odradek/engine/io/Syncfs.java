package io.odradek.engine.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code syncfs(2)} on one directory's file system, through a descriptor that stays open as long as the process.
 *
 * <p>It must stay open. The kernel counts write-back errors per file system and tells each descriptor what was added since it
 * was opened or last asked (errseq, Linux 5.8). A descriptor opened for each call would be told nothing of an error between
 * two calls that some other process's syncfs had already collected; one that stays open is told every error, once.
 *
 * <p>Not every Linux and file system deserves trust, and where one does not, {@link #open} refuses:
 *
 * <ul>
 *   <li>before 5.8 syncfs reported no write-back error at all; until 5.17 it dropped what the file system's own sync
 *       returned, such as an aborted journal. Either would let us claim data that is gone.
 *   <li>overlayfs does not pass up write-back errors of its upper layer; FUSE does not pass the call to its server; of network
 *       file systems we have no evidence.
 * </ul>
 */
// restricted: calling C is what this class is for; --enable-native-access says so on the command line.
@SuppressWarnings("restricted")
final class Syncfs {
    /** Local file systems whose sync_fs waits for data and journal, and returns errors of both. */
    private static final Set<String> TRUSTED_FILE_SYSTEMS =
            Set.of("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs");

    private static final int FIRST_TRUSTED_MAJOR = 5;
    private static final int FIRST_TRUSTED_MINOR = 17;
    private static final Pattern KERNEL_RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    private static final int O_RDONLY_CLOEXEC = 0x80000; // the same on x86-64, aarch64, riscv64, s390x and ppc64le
    private static final int EINTR = 4;

    private final Path directory;
    private final int descriptor;
    private final Calls calls;

    private Syncfs(Path directory, int descriptor, Calls calls) {
        this.directory = directory;
        this.descriptor = descriptor;
        this.calls = calls;
    }

    /** Why there is no {@code syncfs} to use; the message completes "cannot use syncfs on /data: ". */
    static final class UnavailableException extends Exception {
        UnavailableException(String message) {
            super(message);
        }
    }

    /** Opens the directory and calls syncfs once, to learn whether the kernel (or a seccomp filter) lets us. */
    static Syncfs open(Path directory, String fileSystemType) throws UnavailableException {
        String os = System.getProperty("os.name", "");
        if (!os.equals("Linux")) {
            throw new UnavailableException(os + " has none");
        }
        String release = System.getProperty("os.version", "");
        if (!kernelReportsErrors(release)) {
            throw new UnavailableException(
                    "Linux " + release + " does not report all its errors, 5.17 is the first that does");
        }
        if (!TRUSTED_FILE_SYSTEMS.contains(fileSystemType.toLowerCase(Locale.ROOT))) {
            throw new UnavailableException(
                    "a file system of type " + fileSystemType + " may not report all its errors");
        }
        try {
            Calls calls = new Calls();
            Syncfs syncfs = new Syncfs(directory, calls.open(directory), calls);
            syncfs.sync();
            return syncfs;
        } catch (IOException | IllegalCallerException | UnsupportedOperationException | UnsatisfiedLinkError e) {
            throw new UnavailableException(String.valueOf(e.getMessage()));
        }
    }

    /** @param release as uname(2) gives it, "6.1.0-28-amd64" */
    static boolean kernelReportsErrors(String release) {
        Matcher version = KERNEL_RELEASE.matcher(release);
        if (!version.matches()) {
            return false;
        }
        int major = Integer.parseInt(version.group(1));
        int minor = Integer.parseInt(version.group(2));
        return major > FIRST_TRUSTED_MAJOR || (major == FIRST_TRUSTED_MAJOR && minor >= FIRST_TRUSTED_MINOR);
    }

    /** Any thread. An error is told once: whoever sees it has to remember it. */
    void sync() throws IOException {
        calls.syncfs(descriptor, directory);
    }

    /** The C functions. */
    private static final class Calls {
        private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
        private static final VarHandle ERRNO =
                Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

        private final MethodHandle open;
        private final MethodHandle syncfs;
        private final MethodHandle strerror;

        Calls() {
            Linker linker = Linker.nativeLinker();
            // int open(const char *path, int flags, ...)
            open = linker.downcallHandle(
                    symbol(linker, "open"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                    CAPTURE_ERRNO,
                    Linker.Option.firstVariadicArg(2));
            syncfs = linker.downcallHandle(
                    symbol(linker, "syncfs"), FunctionDescriptor.of(JAVA_INT, JAVA_INT), CAPTURE_ERRNO);
            strerror = linker.downcallHandle(symbol(linker, "strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
        }

        private static MemorySegment symbol(Linker linker, String name) {
            return linker.defaultLookup()
                    .find(name)
                    .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + name));
        }

        int open(Path path) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment callState = arena.allocate(Linker.Option.captureStateLayout());
                MemorySegment name = arena.allocateFrom(
                        path.toString(), Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
                int descriptor;
                do {
                    descriptor = (int) open.invokeExact(callState, name, O_RDONLY_CLOEXEC);
                } while (descriptor < 0 && (int) ERRNO.get(callState, 0L) == EINTR);
                if (descriptor < 0) {
                    throw new IOException("open(" + path + "): " + message((int) ERRNO.get(callState, 0L)));
                }
                return descriptor;
            } catch (Throwable e) {
                throw rethrown(e);
            }
        }

        void syncfs(int descriptor, Path directory) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment callState = arena.allocate(Linker.Option.captureStateLayout());
                int result;
                do {
                    result = (int) syncfs.invokeExact(callState, descriptor);
                } while (result != 0 && (int) ERRNO.get(callState, 0L) == EINTR);
                if (result != 0) {
                    throw new IOException("syncfs(" + directory + "): " + message((int) ERRNO.get(callState, 0L)));
                }
            } catch (Throwable e) {
                throw rethrown(e);
            }
        }

        private String message(int errno) {
            try {
                MemorySegment text = (MemorySegment) strerror.invokeExact(errno);
                return text.reinterpret(Long.MAX_VALUE).getString(0) + " (errno " + errno + ")";
            } catch (Throwable e) {
                throw new IllegalStateException("strerror(" + errno + ")", e);
            }
        }

        /** {@code invokeExact} declares Throwable; ours throws nothing checked but {@link IOException}. */
        private static IOException rethrown(Throwable e) {
            return switch (e) {
                case IOException io -> io;
                case RuntimeException runtime -> throw runtime;
                case Error error -> throw error;
                default -> throw new IllegalStateException(e);
            };
        }
    }
}
