/** What the metrics say. */
@NullMarked
package io.odradek.broker.observe;

import org.jspecify.annotations.NullMarked;
