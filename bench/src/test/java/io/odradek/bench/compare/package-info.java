/** Tests of the arithmetic behind the comparisons. */
@NullMarked
package io.odradek.bench.compare;

import org.jspecify.annotations.NullMarked;
