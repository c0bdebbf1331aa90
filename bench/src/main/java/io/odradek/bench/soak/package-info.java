/** A day in the life of a broker: everything at once, for as long as one likes, with kill -9 in between. */
@NullMarked
package io.odradek.bench.soak;

import org.jspecify.annotations.NullMarked;
