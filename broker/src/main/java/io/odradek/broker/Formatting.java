package io.odradek.broker;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.quorum.QuorumStorage;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.FileStore;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * Makes a node's empty log directories those of a certain cluster, and of a certain voter of it: docs/decisions/0027. A node that is alone
 * needs none of it.
 */
public final class Formatting {

    /** {@code id@host:port:directory}; a host may be an IPv6 address in brackets. */
    private static final Pattern CONTROLLER =
            Pattern.compile("([0-9]{1,9})@(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]@,\\s]+):([0-9]{1,5}):([0-9a-zA-Z_-]{22})");

    private static final int LARGEST_PORT = 65_535;

    /** A voter of a cluster that is to begin. */
    public record InitialController(int id, String host, int port, UUID directory) {

        /** Null when it is not {@code id@host:port:directory}, with Kafka's text of an id. */
        public static @Nullable InitialController parse(String text) {
            Matcher parts = CONTROLLER.matcher(text.trim());
            if (!parts.matches()) {
                return null;
            }
            int port = Integer.parseInt(parts.group(3));
            UUID directory;
            try {
                directory = TopicIds.fromKafka(Uuid.fromString(parts.group(4)));
            } catch (IllegalArgumentException e) {
                return null;
            }
            return port < 1 || port > LARGEST_PORT || directory.equals(ReplicaKey.ANY_DIRECTORY)
                    ? null
                    : new InitialController(Integer.parseInt(parts.group(1)), parts.group(2), port, directory);
        }
    }

    /**
     * Formats all of a node's directories. What was interrupted is finished by doing it again; what has been formatted otherwise is left alone,
     * and refused.
     *
     * @param controllers who votes first; empty: that is known elsewhere, and this node will be told
     */
    public static void format(
            BrokerConfig config, FileStore store, String clusterId, List<InitialController> controllers)
            throws IOException {
        Path metadata = config.metadataLogDirectory().toAbsolutePath().normalize();
        List<Voter> voters = new ArrayList<>();
        @Nullable UUID own = null;
        for (InitialController controller : controllers) {
            voters.add(new Voter(
                    new ReplicaKey(controller.id(), controller.directory()),
                    List.of(new Endpoint(
                            config.quorum().listener(), controller.host(), controller.port(), (short) 0))));
            if (controller.id() == config.nodeId()) {
                own = controller.directory();
            }
        }
        VoterSet voterSet = VoterSet.of(voters);
        for (Path directory : config.logDirectories()) {
            Path path = directory.toAbsolutePath().normalize();
            UUID wanted = path.equals(metadata) ? own : null;
            Optional<LogDirectory.Identity> found =
                    store.isDirectory(path) ? LogDirectory.identityOf(store, path) : Optional.empty();
            if (found.isPresent()
                    && wanted == null
                    && (!found.get().clusterId().equals(clusterId)
                            || found.get().nodeId() != config.nodeId()
                            || own == null)) {
                throw new IOException("log directory " + path + " is formatted already, as " + found.get()
                        + ": it is not formatted anew");
            }
            if (found.isEmpty() || wanted != null) {
                LogDirectory.format(
                        store,
                        path,
                        new LogDirectory.Identity(
                                clusterId, config.nodeId(), wanted != null ? wanted : LogDirectory.Identity.newId()));
            }
        }
        if (own != null) {
            writeFirstVoters(config, store, metadata, clusterId, voterSet);
        }
    }

    private static void writeFirstVoters(
            BrokerConfig config, FileStore store, Path path, String clusterId, VoterSet voters) throws IOException {
        try (LogDirectory directory = LogDirectory.open(store, path, clusterId, config.nodeId())) {
            QuorumStorage.open(store, directory, MetadataNode.logConfig(config), voters, InstantSource.system());
        }
    }

    private Formatting() {}
}
