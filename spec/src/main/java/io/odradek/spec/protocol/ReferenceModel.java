package io.odradek.spec.protocol;

import java.util.List;

/**
 * A specification that can be run: where it begins, and what may happen next. The same state has the same successors, always.
 *
 * @param <S> a state, immutable: two are equal when all their variables are
 */
public interface ReferenceModel<S> {

    List<S> initialStates();

    /** Every step that may be taken, in the order of the module's actions; one that leads back to the state is among them. */
    List<Step<S>> successors(S state);
}
