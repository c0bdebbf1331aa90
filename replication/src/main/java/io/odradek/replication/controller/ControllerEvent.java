package io.odradek.replication.controller;

import java.util.SortedMap;

/** What happens to a controller. */
public sealed interface ControllerEvent {

    /**
     * This node may append to the metadata log, and has folded all of it.
     *
     * @param features to finalise when none is: the cluster begins
     */
    record BecameActive(SortedMap<String, Short> features) implements ControllerEvent {}

    /**
     * A request came in.
     *
     * @param requestId comes back in its {@link ControllerEffect.Reply}
     * @param seed for what has to be random: topic ids, where replicas begin
     */
    record Requested(long requestId, ControllerRequest<?> request, long seed) implements ControllerEvent {}

    /**
     * Time goes on. Heartbeats count from the first of these after them, so a host that is late gives brokers more time, never less.
     *
     * @param nowMs of a clock that does not go back; an earlier time than the last one is taken for the last one
     */
    record TimePassed(long nowMs) implements ControllerEvent {}

    /**
     * Somebody else has appended to the metadata log: the quorum, which keeps its voters there. What this controller appends next comes
     * behind that.
     *
     * @param lastOffset of the log, inclusive
     */
    record OthersAppended(long lastOffset) implements ControllerEvent {}
}
