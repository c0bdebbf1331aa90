package io.odradek.engine.segment;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Compares the CRC of a stored batch with what its header says, piece by piece: a length that lies costs no memory. Any thread. */
public final class BatchCrc {
    private static final int PIECE_BYTES = 1 << 16;

    private BatchCrc() {}

    /**
     * @param sizeBytes of the whole batch, at least a header, within the file
     * @throws CorruptLogException when they differ
     */
    public static void require(StoreFile file, int position, int sizeBytes) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(Math.min(sizeBytes, PIECE_BYTES));
        CRC32C crc = new CRC32C();
        long baseOffset = -1;
        int stored = 0;
        int done = 0;
        while (done < sizeBytes) {
            piece.clear().limit(Math.min(piece.capacity(), sizeBytes - done));
            int read = file.read(piece, (long) position + done);
            if (read < piece.limit()) {
                throw new CorruptLogException(file.path(), position, baseOffset, "the file ends in this batch");
            }
            int from = 0;
            if (done == 0) {
                baseOffset = piece.getLong(BatchLayout.BASE_OFFSET_AT);
                stored = piece.getInt(BatchLayout.CRC_AT);
                from = BatchLayout.ATTRIBUTES_AT;
            }
            crc.update(piece.array(), from, read - from);
            done += read;
        }
        if ((int) crc.getValue() != stored) {
            throw new CorruptLogException(
                    file.path(),
                    position,
                    baseOffset,
                    "the batch has CRC " + Integer.toHexString((int) crc.getValue()) + ", its header says "
                            + Integer.toHexString(stored)
                            + "; restore the file from a replica or a backup");
        }
    }
}
