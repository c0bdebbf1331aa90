package io.odradek.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FioTest {
    @Test
    void theRatesAreThoseOfTheWrites() throws IOException {
        // 4,096 KiB written in 1,740 ms by blocks of 4 KiB
        String line = "3;fio-3.33;odradek;0;0" + ";0".repeat(41) + ";4096;2354;588;1740;0;0;0.000000";

        assertThat(Fio.rate("fio: a note\n" + line + "\n")).isEqualTo("2.4 MB/s, 588 IOPS");
    }

    @Test
    void whatIsNoTerseLineIsSaid() {
        assertThatThrownBy(() -> Fio.rate("fio: out of space")).hasMessageContaining("out of space");
    }

    @Test
    void withoutFioOneLineSaysSo(@TempDir Path directory) {
        assertThat(new Fio("fio-that-nobody-installed").figures(directory, true))
                .singleElement()
                .asString()
                .startsWith("fio, no figure")
                .contains("fio-that-nobody-installed");
        assertThat(directory).isEmptyDirectory();
    }
}
