/**
 * Runs the stress tests: the classes named {@code *Stress}, each in the package of what it looks at. They run their actors on two
 * processors at once, millions of times, in each combination of interpreter and compilers, and say what may come out.
 */
@NullMarked
package io.odradek.spec.stress;

import org.jspecify.annotations.NullMarked;
