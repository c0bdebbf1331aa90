/**
 * The world in one thread under one seed: disks that forget, tear and fail.
 *
 * <p>A {@link io.odradek.spec.simulation.SimulatedFileStore} stands in for the disk. It is run against the same contract test
 * as the real one, so that it cannot drift from it.
 */
@NullMarked
package io.odradek.spec.simulation;

import org.jspecify.annotations.NullMarked;
