package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
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
    private static final int MAX_DIGITS = 9;

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

    /** Null when there is none that can be read. A torn one is no more than none: its creation was never acknowledged. */
    static @Nullable UUID topicId(FileStore store, Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        try {
            return parse(file, CheckpointText.read(store, file));
        } catch (NoSuchFileException | CorruptLogException unreadable) {
            return null;
        }
    }

    /** @param found the directory's {@link #topicId} */
    static void requireTopicId(Path directory, UUID found, TopicPartition partition) throws CorruptLogException {
        if (!found.equals(partition.topicId())) {
            throw new CorruptLogException(
                    directory.resolve(FILE_NAME),
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

    /** Where the number begins in the name of a partition's directory; -1 when it is not one. */
    static int numberIn(String directoryName) {
        int number = directoryName.lastIndexOf('-') + 1;
        int digits = directoryName.length() - number;
        if (number <= 1 || digits < 1 || digits > MAX_DIGITS) {
            return -1;
        }
        for (int i = number; i < directoryName.length(); i++) {
            if (directoryName.charAt(i) < '0' || directoryName.charAt(i) > '9') {
                return -1;
            }
        }
        return number;
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
