/** The command line of the benchmarks. */
@NullMarked
package io.odradek.bench.cli;

import org.jspecify.annotations.NullMarked;
