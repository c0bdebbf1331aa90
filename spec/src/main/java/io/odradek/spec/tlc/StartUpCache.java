package io.odradek.spec.tlc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The classes of a JVM that runs TLC, and beside them what such a JVM would find out anew at each start: its classes parsed, verified and
 * linked (JEP 483, JEP 514). That is a fifth of the processor time of a brief run, and a build has some hundred of these. One JVM goes
 * through a rehearsal and writes it down; the file is there for all that are started later, also from other processes.
 *
 * <p>Nothing depends on it. A JVM that finds none, or one that was cut or made by another JDK, does without and says nothing. One of other
 * classes it may believe (25.0.3 does, when a jar of another name stands in for the first): hence the file is named after its jars.
 */
final class StartUpCache {
    private static final String PATH_SEPARATOR = System.getProperty("path.separator");

    /** Of whatever we make: the same jar has to have the same time, which the JVM compares. */
    private static final Instant WHEN = Instant.parse("2026-01-01T00:00:00Z");

    private static @Nullable StartUpCache ofThisProcess;

    private final String classPath;
    private final Optional<Path> cache;

    private StartUpCache(String classPath, Optional<Path> cache) {
        this.classPath = classPath;
        this.cache = cache;
    }

    /** Starts a JVM of TLC. */
    interface Rehearsal {
        /** @return whether it ended as it should */
        boolean succeeds(List<String> jvmOptions) throws IOException, InterruptedException;
    }

    /** Who comes first makes it, when there is none yet; others wait. */
    static synchronized StartUpCache get(Rehearsal rehearsal) throws InterruptedException {
        StartUpCache known = ofThisProcess;
        if (known == null) {
            known = find(rehearsal);
            ofThisProcess = known;
        }
        return known;
    }

    List<String> jvmOptions() {
        List<String> options = new ArrayList<>(List.of("-cp", classPath));
        // The JVM would tell in the midst of what TLC says why it can't use a cache.
        cache.ifPresent(file -> options.addAll(List.of("-XX:AOTCache=" + file, "-Xlog:disable")));
        return options;
    }

    private static StartUpCache find(Rehearsal rehearsal) throws InterruptedException {
        Path ours = location(CheckedTlc.class);
        Path tlc = location(tlc2.TLC.class);
        try {
            Path directory = Files.createDirectories(ours.resolveSibling("tlc-start"));
            Path jar = Files.isDirectory(ours) ? jarOf(ours, directory) : ours;
            String classPath = jar + PATH_SEPARATOR + tlc;
            Path file = directory.resolve(digest(List.of(identity(jar), identity(tlc), jdk())) + ".aot");
            boolean isThere = Files.exists(file) || make(file, classPath, rehearsal);
            return new StartUpCache(classPath, isThere ? Optional.of(file) : Optional.empty());
        } catch (IOException e) {
            // As where nothing can be written.
            return new StartUpCache(ours + PATH_SEPARATOR + tlc, Optional.empty());
        }
    }

    private static boolean make(Path file, String classPath, Rehearsal rehearsal)
            throws IOException, InterruptedException {
        removeCaches(file.resolveSibling(""));
        Path scratch = Files.createTempDirectory(file.resolveSibling(""), "rehearsal-");
        try {
            Path made = scratch.resolve("made");
            boolean succeeded = rehearsal.succeeds(
                    List.of("-cp", classPath, "-XX:AOTCacheOutput=" + made.toAbsolutePath(), "-Xlog:disable"));
            if (!succeeded || !Files.exists(made)) {
                return false;
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } finally {
            TlcJvm.remove(scratch);
        }
    }

    /** Those of earlier classes: who has one open goes on with it, who finds none does without. */
    private static void removeCaches(Path directory) throws IOException {
        List<Path> caches;
        try (Stream<Path> files = Files.list(directory)) {
            caches = files.filter(file -> file.toString().endsWith(".aot")).toList();
        }
        for (Path cache : caches) {
            Files.deleteIfExists(cache);
        }
    }

    /** The JVM has caches of jars only. It is named after what is in it, so that several processes may make it at once. */
    private static Path jarOf(Path classes, Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream jar = new ZipOutputStream(bytes)) {
            for (Path file : files) {
                ZipEntry entry = new ZipEntry(classes.relativize(file).toString());
                entry.setTimeLocal(LocalDateTime.of(2026, 1, 1, 0, 0));
                jar.putNextEntry(entry);
                jar.write(Files.readAllBytes(file));
            }
        }
        Path jar = directory.resolve("classes-" + digest(bytes.toByteArray()) + ".jar");
        if (!Files.exists(jar)) {
            Path made = Files.createTempFile(directory, "classes-", ".made");
            Files.write(made, bytes.toByteArray());
            Files.setLastModifiedTime(made, FileTime.from(WHEN));
            Files.move(made, jar, StandardCopyOption.ATOMIC_MOVE);
        }
        return jar;
    }

    private static String identity(Path jar) throws IOException {
        return jar + " " + Files.size(jar) + " "
                + Files.getLastModifiedTime(jar).toMillis();
    }

    private static String jdk() {
        return System.getProperty("java.home") + " " + System.getProperty("java.vm.version");
    }

    private static String digest(List<String> lines) {
        return digest(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    private static String digest(byte[] bytes) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(sha, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("a JDK without SHA-256", e);
        }
    }

    private static Path location(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
