/** The contract of the disk, asked of the real and of the simulated one, and what a simulated crash may and may not do. */
@NullMarked
package io.odradek.spec.simulation;

import org.jspecify.annotations.NullMarked;
