package io.odradek.broker.net;

import io.odradek.engine.record.BufferLease;
import java.util.concurrent.Future;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request to another server and who waits for its outcome. Confined to the connection's loop. */
final class PeerQuestion {

    private static final Logger LOG = LoggerFactory.getLogger(PeerQuestion.class);

    final PeerRequest request;
    final int timeoutMs;
    private final PeerOutcome outcome;
    private @Nullable Future<?> timer;
    private boolean done;

    /** Of the request as it was sent. */
    int correlationId;

    short version;

    PeerQuestion(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
        this.request = request;
        this.timeoutMs = timeoutMs;
        this.outcome = outcome;
    }

    ApiKeys api() {
        return request.api();
    }

    /** Cancelled when there is an outcome. */
    void timedBy(Future<?> scheduled) {
        timer = scheduled;
    }

    void answered(ApiMessage response, BufferLease memory) {
        if (end()) {
            try {
                outcome.answered(response, version, memory);
            } catch (RuntimeException | Error failure) {
                LOG.error("the answer to {} was not taken", api(), failure);
            }
        }
    }

    void failed(String why, boolean maybeDone) {
        if (end()) {
            try {
                outcome.failed(why, maybeDone);
            } catch (RuntimeException | Error failure) {
                LOG.error("nobody took it that {} has failed: {}", api(), why, failure);
            }
        }
    }

    private boolean end() {
        if (done) {
            return false;
        }
        done = true;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        return true;
    }
}
