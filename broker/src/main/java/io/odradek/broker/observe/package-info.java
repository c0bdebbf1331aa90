/** Metrics and their endpoint. */
@NullMarked
package io.odradek.broker.observe;

import org.jspecify.annotations.NullMarked;
