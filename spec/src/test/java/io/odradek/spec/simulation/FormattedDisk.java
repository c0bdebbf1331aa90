package io.odradek.spec.simulation;

import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.kafka.common.Uuid;

/** A disk as {@code storage format} leaves it, with an identity that the seed decides: formatting would draw one. */
public final class FormattedDisk {
    private FormattedDisk() {}

    /** @param directory gets meta.properties, synced with all that leads there */
    public static void format(
            SimulatedFileStore store, Path directory, String clusterId, int nodeId, UUID directoryId) {
        Uuid id = new Uuid(directoryId.getMostSignificantBits(), directoryId.getLeastSignificantBits());
        String text = "version=1\ncluster.id=" + clusterId + "\nnode.id=" + nodeId + "\ndirectory.id=" + id + "\n";
        try {
            store.prepare(directory);
            try (StoreFile file = store.open(directory.resolve("meta.properties"), OpenMode.CREATE_NEW)) {
                file.append(new ByteBuffer[] {ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))}, 1);
                file.sync();
            }
            store.syncDirectory(directory);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
