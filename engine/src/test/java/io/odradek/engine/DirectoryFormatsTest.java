package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The small files of a log directory, byte for byte. */
class DirectoryFormatsTest {
    private static final UUID ID = new UUID(0x0123456789abcdefL, 0xfedcba9876543210L);

    @Test
    void metaPropertiesAreKafkasVersionOne() throws Exception {
        LogDirectory.Identity identity = new LogDirectory.Identity("MkU3OEVBNTcwNTJENDM2Qk", 1, ID);
        String text = "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\nnode.id=1\ndirectory.id=ASNFZ4mrze_-3LqYdlQyEA\n";
        assertThat(MetaProperties.encode(identity)).isEqualTo(text);
        assertThat(MetaProperties.parse(Path.of("x"), "#\n#a comment of Kafka's\n" + text))
                .isEqualTo(identity);
        assertThatThrownBy(() -> MetaProperties.parse(Path.of("x"), "version=0\nbroker.id=1\n"))
                .hasMessageContaining("version 0");
    }

    @Test
    void partitionMetadataNamesTheTopicId() throws Exception {
        assertThat(PartitionMetadata.encode(ID)).isEqualTo("version: 0\ntopic_id: ASNFZ4mrze_-3LqYdlQyEA");
        assertThat(PartitionMetadata.parse(Path.of("x"), PartitionMetadata.encode(ID)))
                .isEqualTo(ID);
        assertThatThrownBy(() -> PartitionMetadata.parse(Path.of("x"), "version: 1\ntopic_id: A"))
                .hasMessageContaining("expected 'version: 0'");
    }

    @Test
    void offsetCheckpointsAreLinesOfTopicPartitionAndOffset() throws Exception {
        Map<String, Long> offsets = new TreeMap<>(Map.of("orders-12", 5L, "a-b-0", 7L));
        assertThat(OffsetCheckpoint.encode(offsets)).isEqualTo("0\n2\na-b 0 7\norders 12 5\n");
        assertThat(OffsetCheckpoint.parse(Path.of("x"), OffsetCheckpoint.encode(offsets)))
                .isEqualTo(offsets);
        assertThatThrownBy(() -> OffsetCheckpoint.parse(Path.of("x"), "0\n2\na 0 7\n"))
                .hasMessageContaining("announces 2 entries and has 1");
    }
}
