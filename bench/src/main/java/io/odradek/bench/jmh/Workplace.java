package io.odradek.bench.jmh;

import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A directory of its own for what one benchmark writes, on the disk that is measured; deleted at the end. What is still in the
 * page cache then never reaches the disk, so one benchmark's write-back does not run under the next.
 */
final class Workplace implements AutoCloseable {
    /** System property: where workplaces are made. A property, since JMH forks the process that measures. */
    static final String ROOT_PROPERTY = "odradek.bench.jmh.dir";

    private static final DiskFileStore DISK = new DiskFileStore();

    private final Path path;

    private Workplace(Path path) {
        this.path = path;
    }

    /**
     * When it returns, nothing that earlier runs have written or deleted is on its way to the disk any more, if the file system can be
     * asked: else its journal would hold up the first appends of one run and not of another.
     */
    static Workplace create() throws IOException {
        Path root = Path.of(System.getProperty(ROOT_PROPERTY, "bench/target/jmh"));
        Files.createDirectories(root);
        Path path = Files.createTempDirectory(root, "run");
        if (DISK.canSyncFileSystem(root)) {
            DISK.syncFileSystem(root);
        }
        return new Workplace(path);
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
