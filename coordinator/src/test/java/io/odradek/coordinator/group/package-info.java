/** Tests of the consumer-group machine: event by event, known histories, and random ones against invariants. */
@NullMarked
package io.odradek.coordinator.group;

import org.jspecify.annotations.NullMarked;
