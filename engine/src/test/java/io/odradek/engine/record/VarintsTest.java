package io.odradek.engine.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.apache.kafka.common.utils.ByteUtils;

final class VarintsTest {

    @Property
    void intsAreWrittenAndReadAsKafkaDoes(@ForAll int value) {
        ByteBuffer theirs = ByteBuffer.allocate(10);
        ByteUtils.writeVarint(value, theirs);
        ByteBuffer ours = ByteBuffer.allocate(10);
        int end = Varints.writeInt(ours, 0, value);

        assertThat(end).isEqualTo(theirs.position()).isEqualTo(Varints.sizeOf(value));
        assertThat(ours.array()).isEqualTo(theirs.array());
        long read = Varints.readInt(ours, 0, end);
        assertThat(Varints.value(read)).isEqualTo(value);
        assertThat(Varints.end(read)).isEqualTo(end);
        assertThat(Varints.readInt(ours, 0, end - 1)).isEqualTo(Varints.MALFORMED);
    }

    @Property
    void longsAreWrittenAndReadAsKafkaDoes(@ForAll long value) {
        ByteBuffer theirs = ByteBuffer.allocate(12);
        ByteUtils.writeVarlong(value, theirs);
        ByteBuffer ours = ByteBuffer.allocate(12);
        int end = Varints.writeLong(ours, 0, value);

        assertThat(end).isEqualTo(theirs.position()).isEqualTo(Varints.sizeOf(value));
        assertThat(ours.array()).isEqualTo(theirs.array());
        assertThat(Varints.longEnd(ours, 0, end)).isEqualTo(end);
        assertThat(Varints.readLong(ours, 0)).isEqualTo(value);
        assertThat(Varints.longEnd(ours, 0, end - 1)).isEqualTo(-1);
    }

    /** Bits that do not fit the type, too many bytes, too few: the same value, the same end, the same refusal. */
    @Property
    void anyBytesAreReadAsKafkaReadsThem(@ForAll @Size(max = 12) byte[] bytes) {
        ByteBuffer ints = ByteBuffer.wrap(bytes);
        long read = Varints.readInt(ByteBuffer.wrap(bytes), 0, bytes.length);
        try {
            int expected = ByteUtils.readVarint(ints);
            assertThat(Varints.value(read)).isEqualTo(expected);
            assertThat(Varints.end(read)).isEqualTo(ints.position());
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            assertThat(read).isEqualTo(Varints.MALFORMED);
        }

        ByteBuffer longs = ByteBuffer.wrap(bytes);
        int end = Varints.longEnd(ByteBuffer.wrap(bytes), 0, bytes.length);
        try {
            long expected = ByteUtils.readVarlong(longs);
            assertThat(end).isEqualTo(longs.position());
            assertThat(Varints.readLong(ByteBuffer.wrap(bytes), 0)).isEqualTo(expected);
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            assertThat(end).isEqualTo(-1);
        }
    }
}
