package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's {@code partition.metadata}: which topic a partition's directory belongs to (KIP-516).
 *
 * <pre>
 *  version: 0
 *  topic_id: 4jHkdNvyRXqVBVcQjBwpdQ      16 bytes, base64url without padding
 * </pre>
 */
final class PartitionMetadata {
    static final String FILE_NAME = "partition.metadata";

    private PartitionMetadata() {}

    static String encode(UUID topicId) {
        return "version: 0\ntopic_id: " + Ids.encode(topicId);
    }

    static UUID parse(Path file, String text) throws CorruptLogException {
        String[] lines = text.strip().split("\n", -1);
        if (lines.length == 2 && lines[0].strip().equals("version: 0") && lines[1].startsWith("topic_id: ")) {
            UUID id = Ids.parse(lines[1].substring("topic_id: ".length()).strip());
            if (id != null) {
                return id;
            }
        }
        throw new CorruptLogException(file, -1, -1, "expected 'version: 0' and 'topic_id: <id>'");
    }

    /** Whether there is one that can be read. A torn one is no more than none: its creation was never acknowledged. */
    static boolean exists(FileStore store, Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (!store.exists(file)) {
            return false;
        }
        try {
            parse(file, CheckpointText.read(store, file));
            return true;
        } catch (CorruptLogException unreadable) {
            return false;
        }
    }

    static void requireTopicId(FileStore store, Path directory, TopicPartition partition) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        UUID found = parse(file, CheckpointText.read(store, file));
        if (!found.equals(partition.topicId())) {
            throw new CorruptLogException(
                    file,
                    -1,
                    -1,
                    "the directory belongs to topic id " + Ids.encode(found) + ", expected "
                            + Ids.encode(partition.topicId()));
        }
    }

    static void prepare(FileStore store, Path directory, TopicPartition partition, boolean durably) throws IOException {
        CheckpointText.prepare(store, directory.resolve(FILE_NAME), encode(partition.topicId()), durably);
    }

    static void publish(FileStore store, Path directory) throws IOException {
        CheckpointText.publish(store, directory.resolve(FILE_NAME));
    }

    /** Null when {@code directory} is not there, or does not say whose it is. */
    static @Nullable UUID topicIdOf(FileStore store, Path directory) throws IOException {
        return exists(store, directory)
                ? parse(directory.resolve(FILE_NAME), CheckpointText.read(store, directory.resolve(FILE_NAME)))
                : null;
    }

    /** Null when {@code directory} is not a partition's, or does not say whose. */
    static @Nullable TopicPartition partitionOf(FileStore store, Path directory) throws IOException {
        String name = directory.getFileName().toString();
        int dash = name.lastIndexOf('-');
        if (dash <= 0 || !name.substring(dash + 1).matches("[0-9]{1,9}") || !exists(store, directory)) {
            return null;
        }
        Path file = directory.resolve(FILE_NAME);
        UUID topicId = parse(file, CheckpointText.read(store, file));
        return new TopicPartition(name.substring(0, dash), topicId, Integer.parseInt(name.substring(dash + 1)));
    }

    /** Kafka's text form of 128-bit ids. */
    static final class Ids {
        private Ids() {}

        static String encode(UUID id) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(16).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
        }

        static @Nullable UUID parse(String text) {
            try {
                byte[] bytes = Base64.getUrlDecoder().decode(text);
                if (bytes.length != 16) {
                    return null;
                }
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                return new UUID(buffer.getLong(), buffer.getLong());
            } catch (IllegalArgumentException notBase64) {
                return null;
            }
        }
    }
}
