package io.odradek.broker.net;

import io.odradek.engine.record.BufferLease;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;

/** The place of one answer in the order of its connection's answers. Filled from any thread, emptied on the loop. */
final class ReplySlot implements Reply {

    private static final VarHandle OUTCOME;

    static {
        try {
            OUTCOME = MethodHandles.lookup().findVarHandle(ReplySlot.class, "outcome", Outcome.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** What the handler decided. */
    sealed interface Outcome {
        record Answer(ApiMessage response) implements Outcome {}

        record Silence() implements Outcome {}

        record Hangup(String reason) implements Outcome {}
    }

    private static final Outcome.Silence SILENCE = new Outcome.Silence();

    final KafkaConnection connection;
    final RequestHeader header;
    private final BufferLease frame;
    final long receivedNanos;
    /** Loop only. */
    long handledNanos;
    /** How long its client has to wait for what the request used; 0: not. Loop only. */
    int throttleMs;
    /** The time it takes counts for its client. Loop only. */
    boolean isTimed;

    /** Next in the stack of slots that were filled since the loop last looked ({@link NetworkLoop}). */
    @Nullable
    ReplySlot nextFilled;

    @SuppressWarnings("FieldMayBeFinal") // written through OUTCOME
    private volatile @Nullable Outcome outcome;
    /** Loop only. */
    private boolean finished;

    ReplySlot(KafkaConnection connection, RequestHeader header, BufferLease frame, long receivedNanos) {
        this.connection = connection;
        this.header = header;
        this.frame = frame;
        this.receivedNanos = receivedNanos;
    }

    @Override
    public void send(ApiMessage response) {
        fill(new Outcome.Answer(response));
    }

    @Override
    public void nothing() {
        fill(SILENCE);
    }

    @Override
    public void close(String reason) {
        fill(new Outcome.Hangup(reason));
    }

    private void fill(Outcome decided) {
        if (!tryFill(decided)) {
            throw new IllegalStateException(header.apiKey() + " was answered twice");
        }
    }

    /** False: it has its outcome already. What {@code decided} holds is given up then. */
    boolean tryFill(Outcome decided) {
        if (!OUTCOME.compareAndSet(this, (Outcome) null, decided)) {
            giveUp(decided);
            return false;
        }
        connection.loop().filled(this);
        return true;
    }

    @Nullable
    Outcome outcome() {
        return outcome;
    }

    /** Written, or never to be written: the request's memory may go. Loop only; once is enough. */
    void finish(boolean written) {
        if (finished) {
            return;
        }
        finished = true;
        Outcome decided = outcome;
        if (!written && decided != null) {
            giveUp(decided);
        }
        frame.release();
    }

    private static void giveUp(Outcome unsent) {
        if (unsent instanceof Outcome.Answer(ApiMessage response)) {
            SlicedRecords.closeAll(response);
        }
    }
}
