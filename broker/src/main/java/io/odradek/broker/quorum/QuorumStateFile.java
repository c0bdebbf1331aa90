package io.odradek.broker.quorum;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.ReplicaKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.Uuid;

/**
 * Kafka's {@code quorum-state}, version 1: which epoch a server is in, whom it voted for, and who leads. Beside the log, so that a lost
 * disk loses both.
 *
 * <pre>
 *  {"leaderId":-1,"leaderEpoch":2,"votedId":1,"votedDirectoryId":"J8aAPcfLQt2bqs1JT_rMgQ","data_version":1}
 * </pre>
 *
 * -1 is nobody. A file that says anything else is refused, never guessed at: with a vote that is forgotten, two servers may lead one
 * epoch. Confined to the metadata loop.
 */
final class QuorumStateFile {

    static final String FILE_NAME = "quorum-state";

    private static final String LEADER = "leaderId";
    private static final String EPOCH = "leaderEpoch";
    private static final String VOTED = "votedId";
    private static final String VOTED_DIRECTORY = "votedDirectoryId";
    private static final String VERSION = "data_version";
    private static final Set<String> FIELDS = Set.of(LEADER, EPOCH, VOTED, VOTED_DIRECTORY, VERSION);
    private static final int DATA_VERSION = 1;

    /** No value that we know of holds an escape, a fraction or another object. */
    private static final Pattern FIELD =
            Pattern.compile("\\s*+\"([^\"\\\\]*+)\"\\s*+:\\s*+(-?\\d++|\"[^\"\\\\]*+\")\\s*+");

    private static final int SHOWN_CHARACTERS = 200;

    private final FileStore store;
    private final Path file;

    /** @param directory the log's; its entry is durable */
    QuorumStateFile(FileStore store, Path directory) {
        this.store = store;
        this.file = directory.resolve(FILE_NAME);
    }

    Path path() {
        return file;
    }

    boolean exists() {
        return store.exists(file);
    }

    /**
     * @throws IOException there is no file, or it is not what {@link #write} has written: one line with the file and what it says
     */
    HardState read() throws IOException {
        String text = CheckpointText.read(store, file);
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage() + ", found " + shown(text)
                    + ". Without it this server may vote twice in an epoch: bring the file back, or take this server"
                    + " out of the quorum and let it begin with an empty directory");
        }
    }

    /** Durable when it returns; a crash before that leaves the old or the new. */
    void write(HardState state) throws IOException {
        CheckpointText.replace(store, file, encode(state));
    }

    static String encode(HardState state) {
        ReplicaKey voted = state.votedFor() == null ? ReplicaKey.of(HardState.NOBODY) : state.votedFor();
        return "{\"" + LEADER + "\":" + state.leader()
                + ",\"" + EPOCH + "\":" + state.epoch()
                + ",\"" + VOTED + "\":" + voted.id()
                + ",\"" + VOTED_DIRECTORY + "\":\"" + QuorumWire.directoryOf(voted)
                + "\",\"" + VERSION + "\":" + DATA_VERSION + "}";
    }

    /** @throws IllegalArgumentException what is expected in place of what is there */
    static HardState parse(String text) {
        Map<String, String> fields = fields(text);
        String version = fields.get(VERSION);
        if (!Integer.toString(DATA_VERSION).equals(version)) {
            throw new IllegalArgumentException("expected " + VERSION + " " + DATA_VERSION + ", not " + version);
        }
        if (!fields.keySet().equals(FIELDS)) {
            throw new IllegalArgumentException("expected exactly the fields "
                    + String.join(", ", FIELDS.stream().sorted().toList()));
        }
        int leader = number(fields, LEADER, HardState.NOBODY);
        int epoch = number(fields, EPOCH, 0);
        int voted = number(fields, VOTED, HardState.NOBODY);
        Uuid directory = directory(fields.getOrDefault(VOTED_DIRECTORY, ""));
        if (voted == HardState.NOBODY && !directory.equals(Uuid.ZERO_UUID)) {
            throw new IllegalArgumentException("expected no " + VOTED_DIRECTORY + " where " + VOTED + " is nobody");
        }
        if (epoch == 0 && (leader != HardState.NOBODY || voted != HardState.NOBODY)) {
            throw new IllegalArgumentException(
                    "expected neither leader nor vote in epoch 0, in which there is no election");
        }
        return new HardState(epoch, voted == HardState.NOBODY ? null : QuorumWire.key(voted, directory), leader);
    }

    private static Map<String, String> fields(String text) {
        String object = text.strip();
        if (object.length() < 2 || object.charAt(0) != '{' || object.charAt(object.length() - 1) != '}') {
            throw new IllegalArgumentException("expected one JSON object");
        }
        Map<String, String> fields = new HashMap<>();
        Matcher field = FIELD.matcher(object);
        int at = 1;
        boolean more = true;
        while (more) {
            field.region(at, object.length() - 1);
            if (!field.lookingAt() || fields.put(field.group(1), field.group(2)) != null) {
                throw new IllegalArgumentException(
                        "expected a JSON object whose fields are numbers and texts, each once");
            }
            at = field.end();
            more = at < object.length() - 1 && object.charAt(at++) == ',';
        }
        if (at != object.length() - 1) {
            throw new IllegalArgumentException("expected nothing behind the last field");
        }
        return fields;
    }

    private static int number(Map<String, String> fields, String name, int least) {
        String value = fields.getOrDefault(name, "");
        try {
            int number = Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected a number of 32 bits as " + name + ", not " + value, e);
        }
        throw new IllegalArgumentException("expected " + name + " to be at least " + least + ", not " + value);
    }

    private static Uuid directory(String value) {
        try {
            return Uuid.fromString(value.substring(1, value.length() - 1));
        } catch (RuntimeException e) { // Kafka's parser throws several
            throw new IllegalArgumentException("expected an id as " + VOTED_DIRECTORY + ", not " + value, e);
        }
    }

    private static String shown(String text) {
        String shortened = text.length() > SHOWN_CHARACTERS
                ? text.substring(0, SHOWN_CHARACTERS) + "... (" + text.length() + " characters)"
                : text;
        return "'" + shortened.replaceAll("\\p{Cntrl}", "?") + "'";
    }
}
