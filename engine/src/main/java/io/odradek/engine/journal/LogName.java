package io.odradek.engine.journal;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** What a journal calls a log: its topic's id, and the name of its directory below the log directory. */
public final class LogName {
    private final UUID topicId;
    private final String directory;
    private final byte[] encodedDirectory;

    public LogName(UUID topicId, String directory) {
        this.topicId = topicId;
        this.directory = directory;
        this.encodedDirectory = directory.getBytes(StandardCharsets.UTF_8);
    }

    UUID topicId() {
        return topicId;
    }

    /** UTF-8. Not to be changed. */
    byte[] encodedDirectory() {
        return encodedDirectory;
    }

    @Override
    public String toString() {
        return directory;
    }
}
