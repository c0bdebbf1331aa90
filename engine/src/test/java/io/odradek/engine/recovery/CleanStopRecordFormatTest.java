package io.odradek.engine.recovery;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.NotedStore;
import io.odradek.engine.record.Crc32c;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** {@code .odradek-clean-stop}, byte for byte. */
class CleanStopRecordFormatTest {
    private static final UUID STOP = new UUID(0x0123456789abcdefL, 0xfedcba9876543210L);
    private static final String TOPIC = "00112233445566778899aabbccddeeff";
    private static final String ENTRY = TOPIC
            + "0000000000000abc" // the directory's time
            + "01" // no leftovers
            + "00000000000003e8" // first timestamp
            + "00000002"
            + name("00000000000000000000.log") + "0000000000010000" + "0000000000000def" + "ffff" // no content
            + name("leader-epoch-checkpoint") + "0000000000000004" + "0000000000000fed" + "0004" + "300a300a";
    private static final String RECORD = "4f644373" // "OdCs"
            + "00000001"
            + "0123456789abcdeffedcba9876543210"
            + "00000001"
            + name("orders-3")
            + String.format("%08x", ENTRY.length() / 2)
            + ENTRY;

    private static String name(String name) {
        return String.format("%04x", name.length()) + HexFormat.of().formatHex(name.getBytes(US_ASCII));
    }

    private static byte[] record() {
        byte[] covered = HexFormat.of().parseHex(RECORD);
        int crc = Crc32c.of(ByteBuffer.wrap(covered), 0, covered.length);
        return ByteBuffer.allocate(4 + covered.length).putInt(crc).put(covered).array();
    }

    @Test
    void aRecordIsWrittenAndReadAsDescribed(@TempDir Path directory) throws Exception {
        DiskFileStore store = new DiskFileStore();
        Path file = directory.resolve(CleanStopRecord.FILE_NAME);
        Files.write(file, record());
        CleanStopRecord read = CleanStopRecord.read(store, directory, STOP);
        StoppedLog log = Objects.requireNonNull(read.get("orders-3"));
        assertThat(log.topicId()).isEqualTo(new UUID(0x0011223344556677L, 0x8899aabbccddeeffL));
        assertThat(log.firstTimestamp()).isEqualTo(1000);
        assertThat(log.content("leader-epoch-checkpoint")).isEqualTo(ByteBuffer.wrap("0\n0\n".getBytes(US_ASCII)));
        assertThat(log.content("00000000000000000000.log")).isNull();
        assertThat(log.content("partition.metadata")).isNull();
        Files.writeString(directory.resolve("partition.metadata"), "");
        assertThat(log.isAsItWas(store, directory, "partition.metadata"))
                .as("nothing is said of it")
                .isFalse();

        CleanStopRecord written = CleanStopRecord.none();
        written.put("orders-3", log);
        written.prepare(store, directory, STOP);
        CleanStopRecord.publish(store, directory);
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file)))
                .isEqualTo(HexFormat.of().formatHex(record()));
    }

    /** What is warned of while the record is read; it says nothing of a log then. */
    private static List<String> warnings(FileStore store, Path directory, @Nullable UUID id) {
        Logger logger = (Logger) LoggerFactory.getLogger(CleanStopRecord.class);
        ListAppender<ILoggingEvent> listening = new ListAppender<>();
        listening.start();
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        logger.addAppender(listening);
        try {
            assertThat(CleanStopRecord.read(store, directory, id).get("orders-3"))
                    .isNull();
        } finally {
            logger.detachAppender(listening);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
        return listening.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private static ByteBuffer sealed(ByteBuffer record) {
        return record.putInt(0, Crc32c.of(record, 4, record.limit() - 4));
    }

    /** Else a start that takes longer, and does not look at sealed segments, would go unnoticed. */
    @Test
    void aRecordThatIsNotUsedSaysNothingAndItIsSaidWhy(@TempDir Path directory) throws Exception {
        DiskFileStore store = new DiskFileStore();
        Path file = directory.resolve(CleanStopRecord.FILE_NAME);
        record Unusable(ByteBuffer record, String why) {}
        ByteBuffer shorter = ByteBuffer.wrap(Arrays.copyOf(record(), record().length - 1));
        List<Unusable> all = List.of(
                new Unusable(ByteBuffer.allocate(0), "it is no record of a clean stop"),
                new Unusable(ByteBuffer.wrap(Arrays.copyOf(record(), 31)), "it is no record of a clean stop"),
                new Unusable(sealed(ByteBuffer.wrap(record()).put(4, (byte) 0)), "it is no record of a clean stop"),
                new Unusable(shorter, "it has CRC "),
                new Unusable(ByteBuffer.wrap(record()).put(100, (byte) 0x55), "it has CRC "),
                new Unusable(sealed(ByteBuffer.wrap(record()).putInt(8, 2)), "it has version 2, expected 1"),
                new Unusable(
                        sealed(ByteBuffer.wrap(record()).putLong(20, 7)), "it is of another stop than the marker"));
        for (Unusable one : all) {
            Files.write(file, one.record().array());
            assertThat(warnings(store, directory, STOP))
                    .singleElement()
                    .asString()
                    .contains(one.why());
        }
        Files.write(file, record());
        assertThat(warnings(store, directory, null))
                .as("the marker of somebody else names none")
                .isEmpty();
        Files.delete(file);
        assertThat(warnings(store, directory, STOP)).singleElement().asString().contains("it is missing");
        Files.createDirectory(file);
        assertThat(warnings(store, directory, STOP)).singleElement().asString().contains("Not using " + file);
        Files.delete(file);
        CleanStopRecord.none().prepare(store, directory, STOP);
        CleanStopRecord.publish(store, directory);
        assertThat(warnings(store, directory, STOP))
                .as("a broker may have no log")
                .isEmpty();
    }

    /** Of each log those small files that a start reads, and no others: a broker has very many. */
    @Test
    void theRecordHoldsWhatAStartReadsAsFarAsItIsSmall(@TempDir Path directory) throws Exception {
        DiskFileStore store = new DiskFileStore();
        List<String> read = List.of(
                "leader-epoch-checkpoint",
                "00000000000000000012.index",
                "00000000000000000012.timeindex",
                "00000000000000000020.snapshot");
        List<String> others = List.of(
                "00000000000000000000.index",
                "00000000000000000000.log",
                "00000000000000000000.timeindex",
                "00000000000000000012.log",
                "00000000000000000012.snapshot",
                "00000000000000000012.txnindex",
                "partition.metadata");
        for (int sizeBytes : new int[] {0, 1, StoppedLog.CONTENT_UP_TO, StoppedLog.CONTENT_UP_TO + 1}) {
            byte[] content = new byte[sizeBytes];
            for (List<String> names : List.of(read, others)) {
                for (String name : names) {
                    Files.write(directory.resolve(name), content);
                }
            }
            StoppedLog log = Objects.requireNonNull(StoppedLog.of(store, directory, STOP, 7));
            for (String name : read) {
                assertThat(log.content(name))
                        .as(name)
                        .isEqualTo(sizeBytes <= StoppedLog.CONTENT_UP_TO ? ByteBuffer.wrap(content) : null);
            }
            assertThat(others).allMatch(name -> log.content(name) == null);
        }
        // Of indexes that are alone nothing is read.
        Files.delete(directory.resolve("00000000000000000000.log"));
        Files.delete(directory.resolve("00000000000000000012.log"));
        Files.write(directory.resolve("00000000000000000012.index"), new byte[1]);
        StoppedLog alone = Objects.requireNonNull(StoppedLog.of(store, directory, STOP, 7));
        assertThat(alone.content("00000000000000000012.index")).isNull();
    }

    /** The marker that names it is durable after it: a crash leaves both, or one that is void. */
    @Test
    void aRecordIsSyncedBeforeItGetsItsNameOverWhateverWasThere(@TempDir Path directory) throws Exception {
        NotedStore store = new NotedStore(new DiskFileStore());
        Path file = directory.resolve(CleanStopRecord.FILE_NAME);
        Files.write(file, new byte[10_000]);
        Files.write(directory.resolve(CleanStopRecord.FILE_NAME + ".tmp"), new byte[10_000]);
        CleanStopRecord written = CleanStopRecord.none();
        written.put("orders-3", StoppedLog.read(ByteBuffer.wrap(HexFormat.of().parseHex(ENTRY))));
        written.prepare(store, directory, STOP);
        CleanStopRecord.publish(store, directory);
        assertThat(Files.readAllBytes(file)).isEqualTo(record());
        assertThat(store.operations)
                .containsSubsequence(
                        "write " + CleanStopRecord.FILE_NAME + ".tmp",
                        "sync " + CleanStopRecord.FILE_NAME + ".tmp",
                        "rename " + CleanStopRecord.FILE_NAME + ".tmp to " + CleanStopRecord.FILE_NAME);
    }

    /** A log that nobody has opened since is still what the stop before has found, unless it is gone. */
    @Test
    void whatTheStopBeforeSaidIsKeptOfLogsThatNobodyHasOpened(@TempDir Path directory) throws Exception {
        DiskFileStore store = new DiskFileStore();
        StoppedLog before = StoppedLog.read(ByteBuffer.wrap(HexFormat.of().parseHex(ENTRY)));
        StoppedLog now = StoppedLog.read(ByteBuffer.wrap(HexFormat.of().parseHex(ENTRY.replace("03e8", "03e9"))));
        CleanStopRecord earlier = CleanStopRecord.none();
        for (String name : List.of("kept-0", "opened-0", "deleted-0", "forgotten-0", "file-0")) {
            earlier.put(name, before);
            if (name.equals("file-0")) {
                Files.createFile(directory.resolve(name));
            } else if (!name.equals("deleted-0")) {
                Files.createDirectory(directory.resolve(name));
            }
        }
        earlier.forget("forgotten-0");
        CleanStopRecord record = CleanStopRecord.none();
        record.put("opened-0", now);
        record.keep(earlier, store, directory);
        assertThat(Objects.requireNonNull(record.get("kept-0")).firstTimestamp())
                .isEqualTo(1000);
        assertThat(Objects.requireNonNull(record.get("opened-0")).firstTimestamp())
                .isEqualTo(1001);
        assertThat(record.get("deleted-0")).isNull();
        assertThat(record.get("forgotten-0")).isNull();
        assertThat(record.get("file-0")).isNull();
    }
}
