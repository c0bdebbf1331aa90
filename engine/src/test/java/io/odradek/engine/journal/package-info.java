/** The journal's bytes. What it survives is tested on the simulated disk, in spec. */
@NullMarked
package io.odradek.engine.journal;

import org.jspecify.annotations.NullMarked;
