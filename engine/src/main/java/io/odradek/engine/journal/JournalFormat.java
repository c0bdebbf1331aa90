package io.odradek.engine.journal;

import io.odradek.engine.record.Crc32c;
import java.nio.ByteBuffer;

/**
 * The bytes of a journal's half. Everything begins at a block of 4 KiB, so that a write that is torn harms nothing that was
 * there before it. Big-endian.
 *
 * <pre>
 *  block 0, the label              a record: from block 1 on, one behind the other
 *   0  int   CRC-32C of 4..36       0  int   CRC-32C of 4..length
 *   4  int   magic "OdJl"           4  int   magic "OdJr"
 *   8  int   version 1              8  int   version 1
 *  12  long  journal's id          12  int   length, this header included
 *  20  long  live from generation  16  long  journal's id
 *  28  long  bytes of a half       24  long  generation
 *                                  32  long  sequence in the generation, from 0
 *                                  40  long  records of the generation before
 *                                  48  int   entries
 *                                  52  entries
 *  an entry
 *   0  long, long  topic id
 *  16  long        base offset of the segment
 *  24  int         byte in the segment's file
 *  28  int         length
 *  32  short       length of the directory's name
 *  34  the name, UTF-8; then the bytes of the file
 * </pre>
 */
final class JournalFormat {
    static final int BLOCK_BYTES = 4096;
    static final int VERSION = 1;

    static final int LABEL_MAGIC = 0x4F644A6C;
    static final int LABEL_BYTES = 36;
    static final int RECORD_MAGIC = 0x4F644A72;
    static final int HEADER_BYTES = 52;
    static final int ENTRY_BYTES = 34;

    private static final int MAGIC_AT = 4;
    private static final int VERSION_AT = 8;
    private static final int LABEL_ID_AT = 12;
    private static final int LABEL_LIVE_FROM_AT = 20;
    private static final int LABEL_HALF_BYTES_AT = 28;
    private static final int LENGTH_AT = 12;
    private static final int ID_AT = 16;
    private static final int GENERATION_AT = 24;
    private static final int SEQUENCE_AT = 32;
    private static final int RECORDS_BEFORE_AT = 40;
    private static final int ENTRIES_AT = 48;

    /**
     * Written to the first block of both halves, one after the other: while one of them is torn, the other is whole.
     *
     * @param journalId drawn when the journal is made: no bytes of a client's can pass for a record
     * @param liveFrom records of lower generations are void
     */
    record Label(long journalId, long liveFrom, long halfBytes) {}

    /**
     * @param lengthBytes without what fills it up to whole blocks
     * @param recordsBefore of generation {@code generation - 1}
     */
    record Header(int lengthBytes, long journalId, long generation, long sequence, long recordsBefore, int entries) {}

    private JournalFormat() {}

    static long wholeBlocks(long bytes) {
        return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    }

    static long entryBytes(LogName name, int lengthBytes) {
        return ENTRY_BYTES + name.encodedDirectory().length + (long) lengthBytes;
    }

    /** A whole block. */
    static ByteBuffer encode(Label label) {
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        block.putInt(MAGIC_AT, LABEL_MAGIC)
                .putInt(VERSION_AT, VERSION)
                .putLong(LABEL_ID_AT, label.journalId)
                .putLong(LABEL_LIVE_FROM_AT, label.liveFrom)
                .putLong(LABEL_HALF_BYTES_AT, label.halfBytes);
        return block.putInt(0, Crc32c.of(block, MAGIC_AT, LABEL_BYTES - MAGIC_AT));
    }

    /** What a label's magic and checksum say; {@code block} has at least {@link #LABEL_BYTES}. */
    static boolean isLabel(ByteBuffer block) {
        return block.getInt(MAGIC_AT) == LABEL_MAGIC
                && block.getInt(VERSION_AT) == VERSION
                && block.getInt(0) == Crc32c.of(block, MAGIC_AT, LABEL_BYTES - MAGIC_AT);
    }

    static Label label(ByteBuffer block) {
        return new Label(
                block.getLong(LABEL_ID_AT), block.getLong(LABEL_LIVE_FROM_AT), block.getLong(LABEL_HALF_BYTES_AT));
    }

    /** What stands before an entry's bytes, at the buffer's position. */
    static void putEntry(ByteBuffer record, LogName name, long baseOffset, int position, int lengthBytes) {
        byte[] directory = name.encodedDirectory();
        record.putLong(name.topicId().getMostSignificantBits())
                .putLong(name.topicId().getLeastSignificantBits())
                .putLong(baseOffset)
                .putInt(position)
                .putInt(lengthBytes)
                .putShort((short) directory.length)
                .put(directory);
    }

    /** Fills in the header before the entries, which end at the buffer's position. */
    static void seal(
            ByteBuffer record, long journalId, long generation, long sequence, long recordsBefore, int entries) {
        int length = record.position();
        record.putInt(MAGIC_AT, RECORD_MAGIC)
                .putInt(VERSION_AT, VERSION)
                .putInt(LENGTH_AT, length)
                .putLong(ID_AT, journalId)
                .putLong(GENERATION_AT, generation)
                .putLong(SEQUENCE_AT, sequence)
                .putLong(RECORDS_BEFORE_AT, recordsBefore)
                .putInt(ENTRIES_AT, entries);
        record.putInt(0, Crc32c.of(record, MAGIC_AT, length - MAGIC_AT));
    }

    /** Length that a record at {@code at} claims; 0 when there is no record's magic, or no room for what it claims. */
    static int claimedLength(ByteBuffer half, int at) {
        if (half.limit() - at < HEADER_BYTES
                || half.getInt(at + MAGIC_AT) != RECORD_MAGIC
                || half.getInt(at + VERSION_AT) != VERSION) {
            return 0;
        }
        int length = half.getInt(at + LENGTH_AT);
        return length >= HEADER_BYTES && length <= half.limit() - at ? length : 0;
    }

    /** Whether an intact record of {@code lengthBytes} lies at {@code at}. */
    static boolean isIntact(ByteBuffer half, int at, int lengthBytes) {
        return half.getInt(at) == Crc32c.of(half, at + MAGIC_AT, lengthBytes - MAGIC_AT);
    }

    static Header header(ByteBuffer half, int at) {
        return new Header(
                half.getInt(at + LENGTH_AT),
                half.getLong(at + ID_AT),
                half.getLong(at + GENERATION_AT),
                half.getLong(at + SEQUENCE_AT),
                half.getLong(at + RECORDS_BEFORE_AT),
                half.getInt(at + ENTRIES_AT));
    }
}
