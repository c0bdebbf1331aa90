package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.NotedStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTextTest {
    private static final Path FILE = Path.of("checkpoint");

    @Test
    void whatIsEncodedIsParsed() throws Exception {
        for (List<String> entries : List.of(List.<String>of(), List.of("a 1"), List.of("a 1", "b 2"))) {
            assertThat(CheckpointText.parse(FILE, CheckpointText.encode(entries)))
                    .isEqualTo(entries);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',has 0 lines", // nothing
        "'0\n',has 1 lines", // no count
        "'1\n0\n',version 1 is unknown", // another version
        "'0\n2\na\n',announces 2 entries and has 1",
        "'0\n1\na\nb\n',announces 1 entries and has 2",
        "'0\nmany\n',announces many entries and has 0"
    })
    void aTextWhosePartsDoNotFitIsRefused(String text, String problem) {
        assertThatThrownBy(() -> CheckpointText.parse(FILE, text))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining(problem);
    }

    /** A crash leaves the old text or the new: the new is durable before it has the name, and the name before we go on. */
    @Test
    void aFileIsReplacedByOneThatIsDurableAlready(@TempDir Path directory) throws Exception {
        NotedStore store = new NotedStore(new DiskFileStore());
        Path file = directory.resolve("checkpoint");
        Files.writeString(directory.resolve("checkpoint.tmp"), "a longer text that a crash has left there");
        CheckpointText.replace(store, file, "0\n0\n");
        assertThat(store.operations)
                .containsExactly(
                        "truncate checkpoint.tmp",
                        "write checkpoint.tmp",
                        "sync checkpoint.tmp",
                        "close checkpoint.tmp",
                        "rename checkpoint.tmp to checkpoint",
                        "sync directory " + directory.getFileName());
        assertThat(CheckpointText.read(store, file)).isEqualTo("0\n0\n");
        assertThat(store.operations).last().isEqualTo("close checkpoint");
    }

    @Test
    void whoSyncsManyFilesAtOnceLeavesTheSyncOut(@TempDir Path directory) throws Exception {
        NotedStore store = new NotedStore(new DiskFileStore());
        CheckpointText.prepare(store, directory.resolve("checkpoint"), "0\n0\n", false);
        assertThat(store.operations).doesNotContain("sync checkpoint.tmp");
    }

    @Test
    void aFileWithoutADirectoryIsOurMistakeAndNothingIsWritten() {
        NotedStore store = new NotedStore(new DiskFileStore());
        assertThatThrownBy(() -> CheckpointText.replace(store, FILE, "")).isInstanceOf(IllegalArgumentException.class);
        assertThat(store.operations).isEmpty();
    }
}
