package io.odradek.engine.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One open file of a {@link FileStore}. Written by one thread at a time, read by any. While a file is written, it is written
 * through one {@code StoreFile}.
 *
 * <p>After {@link #close()} every call that can throw throws {@link java.nio.channels.ClosedChannelException}. No thread that
 * uses a file may be interrupted: Java closes the channel under every user of the file.
 */
public interface StoreFile extends AutoCloseable {

    /** An append of so many bytes is worth preallocating for: a larger one costs as much by a system call. */
    int SMALL_APPEND_BYTES = 4096;

    /** The path it was opened at; a later {@link FileStore#rename} of the file or its directory does not change it. */
    Path path();

    /** Length in bytes, unsynced writes included. */
    long size() throws IOException;

    /**
     * Reads into {@code target} until it is full or the file ends.
     *
     * @param position byte in the file to begin at; at or beyond the end nothing is read
     * @return bytes read, 0 at the end
     */
    int read(ByteBuffer target, long position) throws IOException;

    /**
     * Makes the file {@code sizeBytes} long; what is added reads as zeros and need not take up space. Appends through this
     * opening go on where they would have gone without it, until the file is truncated or written to at a position. Does nothing
     * when the file is that long. The new length is as durable as any other change. Small appends to what was preallocated cost less
     * than such as lengthen the file ({@link #SMALL_APPEND_BYTES}).
     */
    void preallocate(long sizeBytes) throws IOException;

    /**
     * Writes the remaining bytes of {@code sources[0..count)} in order at the end of the file, or of what was appended to a
     * {@linkplain #preallocate preallocated} one, in as few system calls as the platform allows (gathering write). Positions of the buffers advance. On an exception the file may be longer by
     * any part of the data: the caller truncates or gives the file up.
     */
    void append(ByteBuffer[] sources, int count) throws IOException;

    /** Writes all remaining bytes at {@code position}. A gap between the end and {@code position} reads as zeros. */
    void write(ByteBuffer source, long position) throws IOException;

    /** Cuts the file to {@code sizeBytes}; does nothing when it is shorter. Durable after {@link #sync()}. */
    void truncate(long sizeBytes) throws IOException;

    /**
     * Makes content and length durable ({@code fdatasync(2)}); not the entry that names the file ({@link
     * FileStore#syncDirectory}). Call it on the opening that wrote, before closing that: a later opening need not be told of a
     * write-back that failed in between. Once it has failed, the file may have lost pages that look clean, so every later call on
     * this file throws as well, and so does {@code sync} on every other opening of it: nobody can retry by accident.
     */
    void sync() throws IOException;

    /**
     * Names the file system the file was opened on, see {@link FileStore#fileSystemId}; none when it was opened for reading only.
     */
    long fileSystemId();

    /**
     * The first {@code sizeBytes} bytes, read-only; valid until the file is closed. Each call maps anew. Later writes below
     * {@code sizeBytes} may or may not show; truncating below it makes the cut part unreadable.
     *
     * @param sizeBytes at most the file's size and {@link Integer#MAX_VALUE}
     */
    ByteBuffer map(long sizeBytes) throws IOException;

    /**
     * For {@code sendfile(2)}: the channel behind this file, or null when there is none, or none that may be used any more.
     * Never written through, never closed.
     */
    @Nullable
    FileChannel transferChannel();

    /** Closes; closing twice is harmless. Does not sync. */
    @Override
    void close() throws IOException;
}
