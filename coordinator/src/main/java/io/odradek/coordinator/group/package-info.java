/**
 * Consumer groups of the classic protocol and their committed offsets, as one pure machine per partition of
 * {@code __consumer_offsets}: events in, records to append and answers out. No I/O, clock, thread or randomness.
 */
@NullMarked
package io.odradek.coordinator.group;

import org.jspecify.annotations.NullMarked;
