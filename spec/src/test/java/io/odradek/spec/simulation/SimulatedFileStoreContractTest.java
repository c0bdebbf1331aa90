package io.odradek.spec.simulation;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;

/** The simulated store under the same contract as the real one. */
class SimulatedFileStoreContractTest extends FileStoreContract {
    @Override
    FileStore createStore() {
        return new SimulatedFileStore(1);
    }

    @Override
    Path createDirectory() throws IOException {
        Path directory = Path.of("/data");
        store().createDirectories(directory);
        return directory;
    }
}
