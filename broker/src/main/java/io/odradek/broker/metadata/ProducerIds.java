package io.odradek.broker.metadata;

import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * Gives out producer ids from blocks that the controller allocated to this broker; each id once in the life of the cluster,
 * because a block counts as used up as soon as it is allocated. The next block is asked for when a tenth of the current one is
 * left. Any thread; the lock guards a few fields and is never held while anything is awaited or answered.
 */
public final class ProducerIds {

    /** Requests that wait for a block; further ones are refused, and clients try again. */
    private static final int MAX_WAITING = 10_000;

    /** Where an id goes; exactly one method is called, once. */
    public interface Taker {
        void take(long producerId);

        void refused(ControllerError error, String message);
    }

    private final ActiveController controller;
    private final int brokerId;
    private final LongSupplier brokerEpoch;

    // Guarded by this.
    private final ArrayDeque<Taker> waiting = new ArrayDeque<>();
    private long next;
    private long end;
    private ProducerIdBlock spare = new ProducerIdBlock(0, 0);
    private boolean asking;

    /** @param brokerEpoch of the current registration */
    public ProducerIds(ActiveController controller, int brokerId, LongSupplier brokerEpoch) {
        this.controller = controller;
        this.brokerId = brokerId;
        this.brokerEpoch = brokerEpoch;
    }

    /** Answers at once when there is an id, later when a block has to be allocated first. */
    public void next(Taker taker) {
        long id;
        boolean ask;
        boolean full = false;
        synchronized (this) {
            id = takeLocked();
            if (id < 0) {
                full = waiting.size() >= MAX_WAITING;
                if (!full) {
                    waiting.add(taker);
                }
            }
            ask = wantsBlockLocked();
        }
        if (ask) {
            ask();
        }
        if (id >= 0) {
            taker.take(id);
        } else if (full) {
            taker.refused(ControllerError.CONTROLLER_UNAVAILABLE, MAX_WAITING + " producers already wait for an id");
        }
    }

    /** -1 when there is none. */
    private long takeLocked() {
        if (next == end && spare.count() > 0) {
            next = spare.firstId();
            end = spare.firstId() + spare.count();
            spare = new ProducerIdBlock(0, 0);
        }
        return next < end ? next++ : -1;
    }

    private boolean wantsBlockLocked() {
        boolean wants = !asking && spare.count() == 0 && (end - next < 100 || !waiting.isEmpty());
        asking |= wants;
        return wants;
    }

    private void ask() {
        controller.submit(
                new AllocateProducerIds(brokerId, brokerEpoch.getAsLong()),
                new ActiveController.ReplyTo<ProducerIdsAllocated>() {
                    @Override
                    public void reply(ProducerIdsAllocated reply) {
                        Outcome<ProducerIdBlock> block = reply.block();
                        switch (block) {
                            case Done<ProducerIdBlock>(ProducerIdBlock value) -> onBlock(value);
                            case Refused<ProducerIdBlock>(ControllerError error, String message) ->
                                onRefused(error, message);
                        }
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        onRefused(error, message);
                    }
                });
    }

    private void onBlock(ProducerIdBlock block) {
        ArrayDeque<Taker> served = new ArrayDeque<>();
        ArrayDeque<Long> ids = new ArrayDeque<>();
        boolean ask;
        synchronized (this) {
            asking = false;
            spare = block;
            while (!waiting.isEmpty()) {
                long id = takeLocked();
                if (id < 0) {
                    break;
                }
                served.add(waiting.remove());
                ids.add(id);
            }
            ask = wantsBlockLocked();
        }
        if (ask) {
            ask();
        }
        while (!served.isEmpty()) {
            served.remove().take(ids.remove());
        }
    }

    private void onRefused(ControllerError error, String message) {
        ArrayDeque<Taker> refused;
        synchronized (this) {
            asking = false;
            refused = new ArrayDeque<>(waiting);
            waiting.clear();
        }
        refused.forEach(taker -> taker.refused(error, message));
    }
}
