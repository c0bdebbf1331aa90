package io.odradek.spec.cluster;

/** An operator wants a node's controller to vote, or not to vote any more (KIP-853). */
record VoterChange(int node, boolean added) implements Happening {
    @Override
    public String toString() {
        return "an operator " + (added ? "adds node " : "removes node ") + node + (added ? " to" : " from")
                + " the voters";
    }
}
