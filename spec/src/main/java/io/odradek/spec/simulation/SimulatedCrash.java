package io.odradek.spec.simulation;

/**
 * The machine stopped here: thrown out of the operation it stopped in, and out of every later one on the same store. Nothing
 * but a test's harness catches it.
 */
public final class SimulatedCrash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(String message) {
        super(message);
    }
}
