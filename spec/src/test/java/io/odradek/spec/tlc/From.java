package io.odradek.spec.tlc;

import io.odradek.spec.protocol.ReferenceModel;
import io.odradek.spec.protocol.Step;
import java.util.List;

/** A model that begins elsewhere. */
record From<S>(List<S> initialStates, ReferenceModel<S> model) implements ReferenceModel<S> {
    @Override
    public List<Step<S>> successors(S state) {
        return model.successors(state);
    }
}
