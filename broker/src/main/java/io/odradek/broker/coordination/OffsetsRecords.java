package io.odradek.broker.coordination;

import io.odradek.coordinator.group.GroupRecord;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import io.odradek.coordinator.group.GroupRecord.GroupRemoved;
import io.odradek.coordinator.group.GroupRecord.GroupStored;
import io.odradek.coordinator.group.GroupRecord.OffsetCommitted;
import io.odradek.coordinator.group.GroupRecord.OffsetRemoved;
import io.odradek.coordinator.group.GroupRecord.StoredMember;
import io.odradek.coordinator.group.Opaque;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's bytes of the records in {@code __consumer_offsets}, as 4.3 writes them and as everything since 0.8.2 wrote them.
 *
 * <pre>
 *  key     int16 version, then
 *    0, 1  string group, string topic, int32 partition                              an offset
 *    2     string group                                                             a group
 *    3...  consumer groups of KIP-848, share and streams groups                     not ours
 *
 *  offset  int16 version, then
 *    0     int64 offset, string metadata, int64 committed at
 *    1     int64 offset, string metadata, int64 committed at, int64 expires at      written when a client set its own expiry
 *    2     as 0
 *    3     int64 offset, int32 leader epoch, string metadata, int64 committed at
 *    4     as 3 with compact strings and tagged fields                              written otherwise
 *
 *  group   int16 version, string protocol type, int32 generation, string? protocol, string? leader,
 *          2+: int64 since, int32 count, members                                    3 is written; 4 is compact
 *  member  string id, 3+: string? instance id, string client id, string client host,
 *          1+: int32 rebalance timeout, int32 session timeout, bytes subscription, bytes assignment
 * </pre>
 *
 * A string is int16 length (-1 for null) and UTF-8, bytes are int32 length; the compact ones have length + 1 as an unsigned
 * varint (0 for null).
 */
public final class OffsetsRecords {

    private static final short OFFSET_KEY = 1;
    private static final short GROUP_KEY = 2;
    private static final short OFFSET_VALUE_WITH_EXPIRY = 1;
    private static final short OFFSET_VALUE = 4;
    private static final short GROUP_VALUE = 3;
    private static final short LAST_KNOWN_VALUE = 4;
    private static final short FIRST_COMPACT = 4;

    private OffsetsRecords() {}

    // ---- writing

    public static ByteBuffer key(GroupRecord record) {
        Writer out = new Writer(64);
        switch (record) {
            case OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) ->
                offsetKey(out, groupId, topic, partition);
            case OffsetRemoved(String groupId, String topic, int partition) ->
                offsetKey(out, groupId, topic, partition);
            case GroupStored stored -> groupKey(out, stored.groupId());
            case GroupRemoved(String groupId) -> groupKey(out, groupId);
        }
        return out.take();
    }

    private static void offsetKey(Writer out, String groupId, String topic, int partition) {
        out.int16(OFFSET_KEY);
        out.string(groupId);
        out.string(topic);
        out.int32(partition);
    }

    private static void groupKey(Writer out, String groupId) {
        out.int16(GROUP_KEY);
        out.string(groupId);
    }

    /** Null for a tombstone. */
    public static @Nullable ByteBuffer value(GroupRecord record) {
        return switch (record) {
            case OffsetCommitted commit -> offsetValue(commit.value());
            case GroupStored stored -> groupValue(stored);
            case OffsetRemoved removed -> null;
            case GroupRemoved removed -> null;
        };
    }

    private static ByteBuffer offsetValue(CommittedOffset value) {
        Writer out = new Writer(48 + value.metadata().length());
        if (value.expireTimestampMs() == -1) {
            out.int16(OFFSET_VALUE);
            out.int64(value.offset());
            out.int32(value.leaderEpoch());
            out.compactString(value.metadata());
            out.int64(value.commitTimestampMs());
            out.varint(0);
        } else {
            // Only version 1 has room for an expiry; it has none for the leader epoch.
            out.int16(OFFSET_VALUE_WITH_EXPIRY);
            out.int64(value.offset());
            out.string(value.metadata());
            out.int64(value.commitTimestampMs());
            out.int64(value.expireTimestampMs());
        }
        return out.take();
    }

    private static ByteBuffer groupValue(GroupStored stored) {
        Writer out = new Writer(256 * (1 + stored.members().size()));
        out.int16(GROUP_VALUE);
        out.string(stored.protocolType());
        out.int32(stored.generationId());
        out.nullableString(stored.protocolName());
        out.nullableString(stored.leaderId());
        out.int64(stored.sinceMs());
        out.int32(stored.members().size());
        for (StoredMember member : stored.members()) {
            out.string(member.memberId());
            out.nullableString(member.groupInstanceId());
            out.string(member.clientId());
            out.string(member.clientHost());
            out.int32(member.rebalanceTimeoutMs());
            out.int32(member.sessionTimeoutMs());
            out.bytes(member.subscription().bytes());
            out.bytes(member.assignment().bytes());
        }
        return out.take();
    }

    // ---- reading

    /**
     * What the record says; null when it is of a kind the classic protocol does not know.
     *
     * @throws IllegalArgumentException when the bytes are of a kind we know and not well-formed
     */
    public static @Nullable GroupRecord read(ByteBuffer key, @Nullable ByteBuffer value) {
        Reader keyIn = new Reader(key.duplicate());
        try {
            return switch (keyIn.int16()) {
                case 0, OFFSET_KEY -> {
                    String groupId = keyIn.string();
                    String topic = keyIn.string();
                    int partition = keyIn.int32();
                    yield value == null
                            ? new OffsetRemoved(groupId, topic, partition)
                            : new OffsetCommitted(groupId, topic, partition, readOffset(value));
                }
                case GROUP_KEY -> {
                    String groupId = keyIn.string();
                    yield value == null ? new GroupRemoved(groupId) : readGroup(groupId, value);
                }
                default -> null;
            };
        } catch (BufferUnderflowException tooShort) {
            throw new IllegalArgumentException("the record ends too early", tooShort);
        }
    }

    private static short version(Reader in) {
        short version = in.int16();
        if (version < 0 || version > LAST_KNOWN_VALUE) {
            throw new IllegalArgumentException("value version " + version + " is unknown");
        }
        return version;
    }

    private static CommittedOffset readOffset(ByteBuffer value) {
        Reader in = new Reader(value.duplicate());
        short version = version(in);
        boolean compact = version >= FIRST_COMPACT;
        long offset = in.int64();
        int leaderEpoch = version >= 3 ? in.int32() : -1;
        String metadata = in.string(compact);
        long commitTimestampMs = in.int64();
        long expireTimestampMs = version == OFFSET_VALUE_WITH_EXPIRY ? in.int64() : -1;
        return new CommittedOffset(offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs);
    }

    private static GroupStored readGroup(String groupId, ByteBuffer value) {
        Reader in = new Reader(value.duplicate());
        short version = version(in);
        boolean compact = version >= FIRST_COMPACT;
        String protocolType = in.string(compact);
        int generationId = in.int32();
        String protocolName = in.nullableString(compact);
        String leaderId = in.nullableString(compact);
        long sinceMs = version >= 2 ? in.int64() : -1;
        int count = compact ? in.varint() - 1 : in.int32();
        if (count < 0 || count > in.remaining()) {
            throw new IllegalArgumentException("a group of " + count + " members");
        }
        List<StoredMember> members = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String memberId = in.string(compact);
            String groupInstanceId = version >= 3 ? in.nullableString(compact) : null;
            String clientId = in.string(compact);
            String clientHost = in.string(compact);
            int rebalanceTimeoutMs = version >= 1 ? in.int32() : -1;
            int sessionTimeoutMs = in.int32();
            Opaque subscription = in.bytes(compact);
            Opaque assignment = in.bytes(compact);
            if (compact) {
                in.skipTaggedFields();
            }
            members.add(new StoredMember(
                    memberId,
                    groupInstanceId,
                    clientId,
                    clientHost,
                    rebalanceTimeoutMs,
                    sessionTimeoutMs,
                    subscription,
                    assignment));
        }
        return new GroupStored(groupId, protocolType, generationId, protocolName, leaderId, sinceMs, members);
    }

    /** Grows as it is written. */
    private static final class Writer {
        private ByteBuffer buffer;

        Writer(int sizeBytes) {
            buffer = ByteBuffer.allocate(sizeBytes);
        }

        private ByteBuffer room(int bytes) {
            if (buffer.remaining() < bytes) {
                int wanted = Math.max(2 * buffer.capacity(), buffer.position() + bytes);
                buffer = ByteBuffer.allocate(wanted).put(buffer.flip());
            }
            return buffer;
        }

        ByteBuffer take() {
            return buffer.flip();
        }

        void int16(int value) {
            room(Short.BYTES).putShort((short) value);
        }

        void int32(int value) {
            room(Integer.BYTES).putInt(value);
        }

        void int64(long value) {
            room(Long.BYTES).putLong(value);
        }

        void varint(int value) {
            int rest = value;
            while ((rest & ~0x7f) != 0) {
                room(1).put((byte) ((rest & 0x7f) | 0x80));
                rest >>>= 7;
            }
            room(1).put((byte) rest);
        }

        void string(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            if (utf8.length > Short.MAX_VALUE) {
                throw new IllegalArgumentException("a string of " + utf8.length + " bytes");
            }
            int16(utf8.length);
            room(utf8.length).put(utf8);
        }

        void nullableString(@Nullable String value) {
            if (value == null) {
                int16(-1);
            } else {
                string(value);
            }
        }

        void compactString(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            varint(utf8.length + 1);
            room(utf8.length).put(utf8);
        }

        void bytes(byte[] value) {
            int32(value.length);
            room(value.length).put(value);
        }
    }

    private static final class Reader {
        private final ByteBuffer in;

        Reader(ByteBuffer in) {
            this.in = in;
        }

        int remaining() {
            return in.remaining();
        }

        short int16() {
            return in.getShort();
        }

        int int32() {
            return in.getInt();
        }

        long int64() {
            return in.getLong();
        }

        int varint() {
            int value = 0;
            for (int shift = 0; shift < 35; shift += 7) {
                byte next = in.get();
                value |= (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IllegalArgumentException("a varint of more than five bytes");
        }

        String string() {
            return string(false);
        }

        String string(boolean compact) {
            String value = nullableString(compact);
            if (value == null) {
                throw new IllegalArgumentException("null where a string must be");
            }
            return value;
        }

        @Nullable
        String nullableString(boolean compact) {
            byte[] utf8 = take(compact ? varint() - 1 : int16());
            return utf8 == null ? null : new String(utf8, StandardCharsets.UTF_8);
        }

        Opaque bytes(boolean compact) {
            byte[] value = take(compact ? varint() - 1 : int32());
            if (value == null) {
                throw new IllegalArgumentException("null where bytes must be");
            }
            return Opaque.of(value);
        }

        private byte @Nullable [] take(int length) {
            if (length < 0) {
                return null;
            }
            if (length > in.remaining()) {
                throw new BufferUnderflowException();
            }
            byte[] bytes = new byte[length];
            in.get(bytes);
            return bytes;
        }

        void skipTaggedFields() {
            int count = varint();
            for (int i = 0; i < count; i++) {
                varint();
                take(varint());
            }
        }
    }
}
