/**
 * The replication protocol as immutable records: what may happen next in any state. The same as {@code tla/core} says, action by action and
 * in the same words, where it can be asked millions of times.
 *
 * <p>{@link io.odradek.spec.protocol.Truncation}, {@link io.odradek.spec.protocol.Isr} and {@link io.odradek.spec.protocol.Quorum} are the
 * modules of these names. A model holds the constants of its module; a state is the values of its variables, and what a module calls
 * {@code UNCHANGED} is what a copy keeps. {@link io.odradek.spec.protocol.StateGraph} walks through all states. The comments that say
 * why a rule is as it is are in the modules, and so are the mistakes that they can be given; here is the product alone.
 */
@NullMarked
package io.odradek.spec.protocol;

import org.jspecify.annotations.NullMarked;
