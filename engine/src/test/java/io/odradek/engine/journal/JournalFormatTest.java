package io.odradek.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.journal.JournalFormat.Header;
import io.odradek.engine.journal.JournalFormat.Label;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The format, byte for byte. */
class JournalFormatTest {
    private static final LogName NAME = new LogName(new UUID(0x0102030405060708L, 0x090A0B0C0D0E0F10L), "t-7");

    private static String hex(ByteBuffer bytes, int count) {
        byte[] copy = new byte[count];
        bytes.get(0, copy);
        return HexFormat.of().formatHex(copy);
    }

    private static ByteBuffer oneRecord() {
        ByteBuffer record = ByteBuffer.allocate(JournalFormat.BLOCK_BYTES).position(JournalFormat.HEADER_BYTES);
        JournalFormat.putEntry(record, NAME, 4200, 300, 5);
        record.put("bytes".getBytes(StandardCharsets.US_ASCII));
        JournalFormat.seal(record, 0x1122334455667788L, 3, 2, 9, 1);
        return record;
    }

    @Test
    void aLabelSaysWhichGenerationsAreLive() {
        ByteBuffer block = JournalFormat.encode(new Label(0x1122334455667788L, 6, 32 << 20));
        assertThat(block.remaining()).isEqualTo(JournalFormat.BLOCK_BYTES);
        assertThat(hex(block, JournalFormat.LABEL_BYTES))
                .isEqualTo("03e0da04" + "4f644a6c" + "00000001" + "1122334455667788" + "0000000000000006"
                        + "0000000002000000");
        assertThat(JournalFormat.isLabel(block)).isTrue();
        assertThat(JournalFormat.label(block)).isEqualTo(new Label(0x1122334455667788L, 6, 32 << 20));
    }

    @Test
    void aRecordIsAHeaderAndBytesOfSegmentsWithTheirPlaces() {
        ByteBuffer record = oneRecord();
        int length = JournalFormat.HEADER_BYTES + JournalFormat.ENTRY_BYTES + 3 + 5;
        assertThat(record.position()).isEqualTo(length);
        assertThat(hex(record, length))
                .isEqualTo("8ef899bc" + "4f644a72" + "00000001" + "0000005e" + "1122334455667788" + "0000000000000003"
                        + "0000000000000002" + "0000000000000009" + "00000001"
                        + "0102030405060708090a0b0c0d0e0f10" + "0000000000001068" + "0000012c" + "00000005"
                        + "0003" + "742d37" + "6279746573");
        assertThat(JournalFormat.claimedLength(record.clear(), 0)).isEqualTo(length);
        assertThat(JournalFormat.isIntact(record, 0, length)).isTrue();
        assertThat(JournalFormat.header(record, 0)).isEqualTo(new Header(length, 0x1122334455667788L, 3, 2, 9, 1));
    }

    @Test
    void aFlippedBitAnywhereIsNoticed() {
        ByteBuffer record = oneRecord();
        int length = record.position();
        record.clear();
        for (int bit = 0; bit < 8 * length; bit++) {
            record.put(bit / 8, (byte) (record.get(bit / 8) ^ 1 << bit % 8));
            int claimed = JournalFormat.claimedLength(record, 0);
            assertThat(claimed != 0 && JournalFormat.isIntact(record, 0, claimed))
                    .as("bit %d", bit)
                    .isFalse();
            record.put(bit / 8, (byte) (record.get(bit / 8) ^ 1 << bit % 8));
        }
        ByteBuffer label = JournalFormat.encode(new Label(5, 6, 7));
        for (int bit = 0; bit < 8 * JournalFormat.LABEL_BYTES; bit++) {
            label.put(bit / 8, (byte) (label.get(bit / 8) ^ 1 << bit % 8));
            assertThat(JournalFormat.isLabel(label)).as("bit %d", bit).isFalse();
            label.put(bit / 8, (byte) (label.get(bit / 8) ^ 1 << bit % 8));
        }
    }
}
