package io.odradek.spec.simulation;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/** The simulated store under the same contract as the real one. */
class SimulatedFileStoreContractTest extends FileStoreContract {
    private static final long NOW_MS = 1_780_000_000_000L;

    @Override
    FileStore createStore() {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.useClock(() -> Instant.ofEpochMilli(NOW_MS));
        return store;
    }

    @Override
    long nowMs() {
        return NOW_MS;
    }

    @Override
    Path createDirectory() throws IOException {
        Path directory = Path.of("/data");
        store().createDirectories(directory);
        return directory;
    }
}
