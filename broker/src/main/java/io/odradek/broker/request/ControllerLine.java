package io.odradek.broker.request;

import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import java.util.function.BooleanSupplier;

/** How this node reaches the active controller, wherever that is. Any thread; never blocks. */
public interface ControllerLine {

    /** Whether this node is the active controller. By the time that is known, it may be otherwise. */
    boolean isHere();

    /**
     * Asks the active controller, as far as one is known; sends nothing twice. Who is told that it has failed, or that whoever was asked is
     * not the controller, may ask again: by then another one may be known.
     *
     * @param timeoutMs from now on; after it the request has failed, whatever comes
     * @param outcome failed with {@code maybeDone} false when no controller is known
     */
    void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome);

    /** Of a node that has no line to any other. */
    static ControllerLine alone(BooleanSupplier isActive) {
        return new ControllerLine() {
            @Override
            public boolean isHere() {
                return isActive.getAsBoolean();
            }

            @Override
            public void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
                outcome.failed("this node is not the active controller, and has no line to another", false);
            }
        };
    }
}
