package io.odradek.engine.segment;

import java.io.IOException;
import java.nio.file.Path;

/** Stored bytes are not what was written. Names the file, the byte and the offset; the log is out of service. */
public final class CorruptLogException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long position;
    private final long offset;
    private final String problem;

    /**
     * @param position byte in {@code file}; -1 when the whole file is meant
     * @param offset the first offset that is affected; -1 when unknown
     */
    public CorruptLogException(Path file, long position, long offset, String problem) {
        super(file + (position < 0 ? "" : " at byte " + position) + (offset < 0 ? "" : " (offset " + offset + ")")
                + ": " + problem);
        this.file = file;
        this.position = position;
        this.offset = offset;
        this.problem = problem;
    }

    /** What is wrong, without the place. */
    public String problem() {
        return problem;
    }

    public Path file() {
        return file;
    }

    public long position() {
        return position;
    }

    public long offset() {
        return offset;
    }
}
