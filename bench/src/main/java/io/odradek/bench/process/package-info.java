/** What the operating system knows of a broker's process. */
@NullMarked
package io.odradek.bench.process;

import org.jspecify.annotations.NullMarked;
