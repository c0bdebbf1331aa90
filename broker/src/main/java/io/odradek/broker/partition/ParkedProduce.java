package io.odradek.broker.partition;

import org.apache.kafka.common.protocol.Errors;

/** A written batch whose producer asked for {@code acks=all}. */
public interface ParkedProduce {

    /** Exclusive: the high watermark must reach it. */
    long endOffset();

    /** It waits from now on: the time to begin counting its time-out. Settle thread. */
    void parked();

    /** Whether it has been answered otherwise, by a time-out. Any thread. */
    boolean isAnswered();

    /** The high watermark has passed. Settle thread. */
    void committed();

    /** It is not known whether the records will ever be committed. Settle thread. */
    void failed(Errors error);
}
