package io.odradek.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SyncedAppendsTest {
    @ParameterizedTest
    @CsvSource({
        "unifiedLog, 1x100B, 8, 1, 256, 2500", // 20,000 batches
        "unifiedLog, 1x100B, 8, 100, 256, 200",
        "unifiedLog, 1x100B, 8, 1000, 256, 20",
        "unifiedLog, 16x1KiB, 8, 100, 256, 163", // 256 MiB are 16,384 batches
        "rawFile, 64x1KiB, 1, 1, 256, 4096",
        "rawFile, 64x1KiB, 8, 1000, 256, 10", // at least
        "rawFile, 1x100B, 8, 100, 16, 12", // a sixteenth of the work
        "rawFile, 64x1KiB, 8, 1000, 16, 1",
        "rawFile, 1x100B, 8, 100, 512, 200", // more than all of it is no more
        "odradek, 1x100B, 8, 1, 256, 2500",
        "odradek, 1x100B, 8, 100, 256, 2500",
        "odradek, 1x100B, 8, 1000, 256, 400", // 400,000 batches
        "odradek, 1x100B, 8, 1000, 16, 25",
        "odradek, 16x1KiB, 8, 100, 256, 163",
    })
    void aRunIsLongEnoughToBeCompiledAndWritesNoMoreThanItsVolume(
            String system, String shape, String submitters, String partitions, String volumeMiB, int rounds) {
        Params params = new Params(
                system,
                Map.of("shape", shape, "submitters", submitters, "partitions", partitions, "volumeMiB", volumeMiB));

        int batchesOfARound = Math.max(Integer.parseInt(submitters), Integer.parseInt(partitions));
        assertThat(SyncedAppends.of(params).rounds()).isEqualTo(rounds);
        assertThat(SyncedAppends.perRun(params).operations()).isEqualTo(rounds * batchesOfARound);
    }
}
