/** Breaks the rules of the broker. */
@NullMarked
package io.odradek.spec.architecture.planted.broker;

import org.jspecify.annotations.NullMarked;
