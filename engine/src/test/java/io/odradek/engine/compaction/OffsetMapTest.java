package io.odradek.engine.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class OffsetMapTest {

    private static ByteBuffer key(int n) {
        return ByteBuffer.wrap(("key " + n).getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 50)
    void itKnowsTheLastOffsetOfEveryKeyUpToItsLoadFactor(@ForAll long seed) {
        Random random = new Random(seed);
        long keys = 1L + random.nextInt(500);
        double loadFactor = 0.05 + 0.94 * random.nextDouble();
        Map<Integer, Long> model = new HashMap<>();
        try (OffsetMap map = new OffsetMap(OffsetMap.bytesFor(keys, loadFactor), loadFactor)) {
            assertThat(map.hasRoomFor(keys)).isTrue();
            for (long offset = 0; model.size() < keys; offset += 1 + random.nextInt(3)) {
                int key = random.nextInt((int) (2 * keys));
                map.put(key(key), offset);
                model.put(key, offset);
                assertThat(map.latestOffset()).isEqualTo(offset);
            }
            assertThat(map.size()).isEqualTo(keys);
            for (int key = 0; key < 2 * keys; key++) {
                assertThat(map.latest(key(key))).isEqualTo(model.getOrDefault(key, -1L));
            }
        }
    }

    @Test
    void aFullMapTakesNoNewKeyButNewOffsets() {
        try (OffsetMap map = new OffsetMap(10 * OffsetMap.ENTRY_BYTES, 0.5)) {
            for (int n = 0; n < 5; n++) {
                assertThat(map.hasRoomFor(1)).isTrue();
                map.put(key(n), n);
            }
            assertThat(map.hasRoomFor(1)).isFalse();
            assertThatThrownBy(() -> map.put(key(5), 5)).hasMessageContaining("full with 5 keys");
            map.put(key(3), 9);
            assertThat(map.latest(key(3))).isEqualTo(9);
        }
    }

    @Test
    void keysAreReadFromWherePositionAndLimitSay() {
        try (OffsetMap map = new OffsetMap(100 * OffsetMap.ENTRY_BYTES, 0.9)) {
            ByteBuffer around = ByteBuffer.allocateDirect(20).put(3, new byte[] {1, 2, 3});
            map.put(around.position(3).limit(6), 7);
            assertThat(around.position()).isEqualTo(3);
            assertThat(map.latest(ByteBuffer.wrap(new byte[] {1, 2, 3}))).isEqualTo(7);
            assertThat(map.latest(ByteBuffer.wrap(new byte[] {1, 2}))).isEqualTo(-1);
            assertThat(map.latest(ByteBuffer.allocate(0))).isEqualTo(-1);
        }
    }
}
