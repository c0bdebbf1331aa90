package io.odradek.broker.cli;

import io.odradek.broker.metadata.TopicIds;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * What a local cluster was decided to be, in {@code cluster.properties} beside its brokers' directories: written before the first of them is
 * formatted, so that formatting that was interrupted is finished with the same ids. Once all are formatted, no directory gets a first voter's id
 * again: a new disk has nothing of what that voter promised.
 *
 * @param port of broker 1 for clients; the quorum knows its voters by ports that follow from it
 * @param voters who vote first, and the ids of their metadata directories
 * @param formatted whether all of them have been formatted
 */
record LocalPlan(String clusterId, int port, SortedMap<Integer, UUID> voters, boolean formatted) {

    static final String FILE_NAME = "cluster.properties";

    private static final String VOTER = "voter.";

    LocalPlan {
        voters = Collections.unmodifiableSortedMap(new TreeMap<>(voters));
    }

    static LocalPlan drawn(int brokers, int port) {
        SortedMap<Integer, UUID> voters = new TreeMap<>();
        for (int node = 1; node <= brokers; node++) {
            voters.put(node, TopicIds.fromKafka(Uuid.randomUuid()));
        }
        return new LocalPlan(Uuid.randomUuid().toString(), port, voters, false);
    }

    LocalPlan done() {
        return new LocalPlan(clusterId, port, voters, true);
    }

    /** How many of the first voters have to be there for the quorum to decide. */
    int majority() {
        return voters.size() / 2 + 1;
    }

    /** Null when there is none. */
    static @Nullable LocalPlan read(FileStore store, Path data) throws IOException {
        Path file = data.resolve(FILE_NAME).toAbsolutePath();
        if (!store.exists(file)) {
            return null;
        }
        Properties properties = new Properties();
        String text = CheckpointText.read(store, file);
        try {
            properties.load(new StringReader(text));
            SortedMap<Integer, UUID> voters = new TreeMap<>();
            for (String key : properties.stringPropertyNames()) {
                if (key.startsWith(VOTER)) {
                    voters.put(
                            Integer.valueOf(key.substring(VOTER.length())),
                            TopicIds.fromKafka(Uuid.fromString(properties.getProperty(key))));
                }
            }
            String clusterId = properties.getProperty("cluster.id");
            String port = properties.getProperty("port");
            String formatted = properties.getProperty("formatted");
            if ("1".equals(properties.getProperty("version"))
                    && clusterId != null
                    && port != null
                    && ("true".equals(formatted) || "false".equals(formatted))
                    && !voters.isEmpty()) {
                return new LocalPlan(clusterId, Integer.parseInt(port), voters, "true".equals(formatted));
            }
        } catch (IllegalArgumentException e) {
            throw unreadable(file, e);
        }
        throw unreadable(file, null);
    }

    private static IOException unreadable(Path file, @Nullable Exception cause) {
        return new IOException(
                file
                        + " is not what describes a local cluster: it needs version=1, cluster.id, port, formatted and"
                        + " a voter.N for each first voter; restore it, or give an empty --data",
                cause);
    }

    /** Survives a crash from when it returns. */
    void write(FileStore store, Path data) throws IOException {
        StringBuilder text = new StringBuilder("version=1\n");
        text.append("cluster.id=").append(clusterId).append('\n');
        text.append("port=").append(port).append('\n');
        voters.forEach((node, directory) -> text.append(VOTER)
                .append(node)
                .append('=')
                .append(TopicIds.toKafka(directory))
                .append('\n'));
        text.append("formatted=").append(formatted).append('\n');
        CheckpointText.replace(store, data.resolve(FILE_NAME).toAbsolutePath(), text.toString());
    }
}
