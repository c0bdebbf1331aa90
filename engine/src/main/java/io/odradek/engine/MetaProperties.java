package io.odradek.engine;

import io.odradek.engine.PartitionMetadata.Ids;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Kafka's {@code meta.properties}, version 1: whose data a log directory holds. */
final class MetaProperties {
    private static final Logger LOG = LoggerFactory.getLogger(MetaProperties.class);

    static final String FILE_NAME = "meta.properties";

    private MetaProperties() {}

    static LogDirectory.Identity readOrFormat(FileStore store, Path directory, @Nullable String clusterId, int nodeId)
            throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (store.exists(file)) {
            LogDirectory.Identity found = parse(file, CheckpointText.read(store, file));
            if (clusterId != null && !clusterId.equals(found.clusterId())) {
                throw new UnsuitableDirectoryException("log directory " + directory + " belongs to cluster "
                        + found.clusterId() + ", this broker to cluster " + clusterId + " (" + file
                        + "); start it with another log.dirs");
            }
            if (found.nodeId() != nodeId) {
                throw new UnsuitableDirectoryException("log directory " + directory + " belongs to node "
                        + found.nodeId() + ", this is node " + nodeId + " (" + file + "); correct node.id or log.dirs");
            }
            return found;
        }
        refuseForeignFiles(store, directory);
        LogDirectory.Identity made = new LogDirectory.Identity(
                clusterId != null ? clusterId : Ids.encode(LogDirectory.Identity.newId()),
                nodeId,
                LogDirectory.Identity.newId());
        CheckpointText.replace(store, file, encode(made));
        LOG.info("Formatted {} for node {} of cluster {}", directory, nodeId, made.clusterId());
        return made;
    }

    static Optional<LogDirectory.Identity> read(FileStore store, Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        return store.exists(file) ? Optional.of(parse(file, CheckpointText.read(store, file))) : Optional.empty();
    }

    static void format(FileStore store, Path directory, LogDirectory.Identity identity) throws IOException {
        Optional<LogDirectory.Identity> found = read(store, directory);
        if (found.isEmpty()) {
            refuseForeignFiles(store, directory);
            CheckpointText.replace(store, directory.resolve(FILE_NAME), encode(identity));
        } else if (!found.get().equals(identity)) {
            throw new UnsuitableDirectoryException("log directory " + directory + " is formatted already, as "
                    + found.get() + "; it is not formatted anew, as " + identity
                    + ": empty it, if what it holds is of no use any more");
        }
    }

    private static void refuseForeignFiles(FileStore store, Path directory) throws IOException {
        List<Path> foreign = store.list(directory).stream()
                .filter(path -> !isOurs(path.getFileName().toString()))
                .toList();
        if (!foreign.isEmpty()) {
            throw new UnsuitableDirectoryException(
                    "log directory " + directory + " has no " + FILE_NAME + " but is not empty ("
                            + foreign.getFirst().getFileName() + " and " + (foreign.size() - 1)
                            + " more); it is not formatted over: give an empty directory, or restore the file");
        }
    }

    /** What an interrupted formatting leaves, and what a file system of its own begins with. */
    private static boolean isOurs(String name) {
        return name.equals(LogDirectory.LOCK) || name.equals(FILE_NAME + ".tmp") || name.equals("lost+found");
    }

    static String encode(LogDirectory.Identity identity) {
        return "version=1\ncluster.id=" + identity.clusterId() + "\nnode.id=" + identity.nodeId() + "\ndirectory.id="
                + Ids.encode(identity.directoryId()) + "\n";
    }

    static LogDirectory.Identity parse(Path file, String text) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        if (!"1".equals(properties.getProperty("version"))) {
            throw new UnsuitableDirectoryException(
                    file + " has version " + properties.getProperty("version") + ", expected 1");
        }
        String cluster = properties.getProperty("cluster.id");
        String node = properties.getProperty("node.id");
        String directory = properties.getProperty("directory.id");
        UUID directoryId = directory == null ? null : Ids.parse(directory);
        if (cluster == null || node == null || !node.matches("[0-9]{1,9}") || directoryId == null) {
            throw new UnsuitableDirectoryException(file + " lacks a readable cluster.id, node.id or directory.id");
        }
        return new LogDirectory.Identity(cluster, Integer.parseInt(node), directoryId);
    }
}
