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
}
