package io.odradek.spec.simulation;

/**
 * How often the disk misbehaves by itself, drawn from the store's seed: chances from 0 to 1 per call.
 *
 * @param syncFails a file's, directory's or file system's sync fails, and drops part of what it should have written
 * @param writeFails an append or write fails after some prefix of its bytes
 * @param readFails a read throws
 * @param readFlipsBit a read returns one wrong bit; the stored bytes stay right
 */
public record DiskFaults(double syncFails, double writeFails, double readFails, double readFlipsBit) {
    public static final DiskFaults NONE = new DiskFaults(0, 0, 0, 0);
}
