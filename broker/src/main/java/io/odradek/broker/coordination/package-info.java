/**
 * The group coordinator's loops and its topic {@code __consumer_offsets}. A request goes from its handler to the loop that
 * owns the group's partition, is stepped through that partition's {@link io.odradek.coordinator.group.GroupMachine}, and
 * its answer leaves when the records behind it are committed.
 */
@NullMarked
package io.odradek.broker.coordination;

import org.jspecify.annotations.NullMarked;
