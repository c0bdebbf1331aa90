/** Every benchmark runs, and what the tables say follows from JMH's results. Nothing here is timed. */
@NullMarked
package io.odradek.bench.jmh;

import org.jspecify.annotations.NullMarked;
