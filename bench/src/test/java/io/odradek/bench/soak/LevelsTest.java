package io.odradek.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LevelsTest {
    private static List<SoakSample> samples(int count, IntToDoubleFunction dataMib) {
        return IntStream.range(0, count)
                .mapToObj(i -> new SoakSample(
                        i / 2.0,
                        i % 50 == 7 ? Double.NaN : 140 + i % 5, // while it is restarted
                        60,
                        dataMib.applyAsDouble(i),
                        i * 100L,
                        i / 50))
                .toList();
    }

    @Test
    void whatFillsUpAndThenSwingsIsLevel() {
        List<String> judged = Levels.judge(samples(600, i -> Math.min(i, 100) + i % 10));
        assertThat(judged).hasSize(3);
        assertThat(Levels.areLevel(judged)).isTrue();
    }

    @Test
    void whatGrowsIsNot() {
        List<String> judged = Levels.judge(samples(600, i -> i));
        assertThat(Levels.areLevel(judged)).isFalse();
        assertThat(judged)
                .filteredOn(line -> line.startsWith("NOT LEVEL"))
                .singleElement()
                .asString()
                .contains("disk");
    }

    @Test
    void aShortRunSaysNothing() {
        List<String> judged = Levels.judge(samples(Levels.LEAST_SAMPLES - 1, i -> i));
        assertThat(Levels.areLevel(judged)).isTrue();
        assertThat(judged).singleElement().asString().contains("too short");
    }

    @Test
    void aPlotIsDrawnOverTheGapsOfRestarts(@TempDir Path directory) throws IOException {
        Path plot = directory.resolve("soak.png");
        SoakPlot.draw(samples(200, i -> i), plot);
        assertThat(Files.size(plot)).isGreaterThan(10_000);
    }
}
