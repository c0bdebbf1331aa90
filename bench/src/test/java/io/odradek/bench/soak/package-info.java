/** What can be told of a soak without running one. */
@NullMarked
package io.odradek.bench.soak;

import org.jspecify.annotations.NullMarked;
