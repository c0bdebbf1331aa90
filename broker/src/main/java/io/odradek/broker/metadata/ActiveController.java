package io.odradek.broker.metadata;

import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerRequest;

/** Whoever decides about the cluster's metadata, on this node or on another. */
public interface ActiveController {

    /** Where a reply goes; exactly one method is called, once, on any thread, which it must not hold up. */
    interface ReplyTo<R> {

        void reply(R reply);

        /**
         * @param error {@link ControllerError#NOT_CONTROLLER}: the request was not looked at; everything else: it may or may not have been
         *     carried out
         */
        void failed(ControllerError error, String message);
    }

    /** Never blocks. Any thread. */
    <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to);
}
