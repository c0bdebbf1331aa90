package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Each format of this package, byte for byte. */
class GoldenBytesTest {

    private static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return HexFormat.of().formatHex(copy);
    }

    @Test
    void offsetIndexEntriesAreRelativeOffsetAndPosition() {
        OffsetIndex index = OffsetIndex.empty(1000);
        index.append(1004, 4200);
        index.append(1300, 70000);
        assertThat(hex(index.bytes(0, 2))).isEqualTo("00000004" + "00001068" + "0000012c" + "00011170");
    }

    @Test
    void timeIndexEntriesAreTimestampAndRelativeOffset() {
        TimeIndex index = TimeIndex.empty(1000);
        index.appendIfLater(1_700_000_000_000L, 1004);
        index.appendIfLater(1_700_000_000_000L, 1005); // no later: no entry
        index.appendIfLater(1_700_000_000_001L, 1300);
        assertThat(hex(index.bytes(0, 2))).isEqualTo("0000018bcfe56800" + "00000004" + "0000018bcfe56801" + "0000012c");
    }

    @Test
    void abortedTransactionsTakeThirtyFourBytes() {
        ByteBuffer bytes = TransactionIndex.encode(new TransactionIndex.Aborted(7, 100, 120, 110));
        assertThat(hex(bytes))
                .isEqualTo("0000" + "0000000000000007" + "0000000000000064" + "0000000000000078" + "000000000000006e");
    }

    @Test
    void leaderEpochsAreLinesOfEpochAndStartOffset() throws Exception {
        LeaderEpochs epochs = LeaderEpochs.NONE.begin(3, 0).begin(7, 4200);
        assertThat(epochs.encode()).isEqualTo("0\n2\n3 0\n7 4200\n");
        assertThat(LeaderEpochs.parse(Path.of("x"), epochs.encode())).isEqualTo(epochs);
        assertThatThrownBy(() -> LeaderEpochs.parse(Path.of("x"), "0\n2\n7 4200\n3 0\n"))
                .isInstanceOf(CorruptLogException.class);
        assertThatThrownBy(() -> LeaderEpochs.parse(Path.of("x"), "1\n0\n")).hasMessageContaining("version 1");
        assertThatThrownBy(() -> LeaderEpochs.parse(Path.of("x"), "")).isInstanceOf(CorruptLogException.class);
    }

    @Test
    void namesHaveTwentyDigits() {
        assertThat(SegmentNames.of(368769, SegmentNames.LOG)).isEqualTo("00000000000000368769.log");
        assertThat(SegmentNames.baseOffset("00000000000000368769.log", ".log")).hasValue(368769);
        assertThat(SegmentNames.baseOffset("00000000000000368769.log.deleted", ".log"))
                .isEmpty();
        assertThat(SegmentNames.baseOffset("99999999999999999999.log", ".log")).isEmpty();
        assertThat(SegmentNames.baseOffset("leader-epoch-checkpoint", ".log")).isEmpty();
    }
}
