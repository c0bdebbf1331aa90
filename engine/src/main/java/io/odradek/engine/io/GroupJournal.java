package io.odradek.engine.io;

import java.io.IOException;

/** Can make one group durable without syncing its files. Sync thread. */
public interface GroupJournal {

    /** Takes nothing. */
    GroupJournal NONE = new GroupJournal() {
        @Override
        public long bytes() {
            return -1;
        }

        @Override
        public double laterNanosPerByte() {
            return 0;
        }

        @Override
        public boolean write() {
            return false;
        }
    };

    /** What it would write for the group; -1 when it can't take it, whenever that were. */
    long bytes();

    /** What will be spent later, for a byte written now, to sync the files after all. */
    double laterNanosPerByte();

    /**
     * Makes the group durable.
     *
     * @return false when it can't be taken now, and nothing was done
     * @throws IOException nothing more may be claimed to be durable
     */
    boolean write() throws IOException;
}
