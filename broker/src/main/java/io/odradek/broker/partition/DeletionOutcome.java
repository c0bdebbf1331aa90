package io.odradek.broker.partition;

import org.apache.kafka.common.protocol.Errors;

/** Is told what came of a deletion of records, once. */
public interface DeletionOutcome {

    /** @param lowWatermark what lies below does not come back; -1 with an error */
    void done(Errors error, long lowWatermark);
}
