package io.odradek.engine.recovery;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.record.Crc32c;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

        CleanStopRecord written = CleanStopRecord.none();
        written.put("orders-3", log);
        written.prepare(store, directory, STOP);
        CleanStopRecord.publish(store, directory);
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file)))
                .isEqualTo(HexFormat.of().formatHex(record()));
    }

    @Test
    void aRecordOfAnotherStopOrVersionSaysNothing(@TempDir Path directory) throws Exception {
        DiskFileStore store = new DiskFileStore();
        Path file = directory.resolve(CleanStopRecord.FILE_NAME);
        Files.write(file, record());
        assertThat(CleanStopRecord.read(store, directory, null).get("orders-3")).isNull();
        assertThat(CleanStopRecord.read(store, directory, new UUID(1, 2)).get("orders-3"))
                .isNull();
        ByteBuffer other = ByteBuffer.wrap(record()).putInt(8, 2);
        other.putInt(0, Crc32c.of(other, 4, other.limit() - 4));
        Files.write(file, other.array());
        assertThat(CleanStopRecord.read(store, directory, STOP).get("orders-3")).isNull();
        Files.delete(file);
        assertThat(CleanStopRecord.read(store, directory, STOP).get("orders-3")).isNull();
    }
}
