/** Hosts of the metadata quorum on simulated disks and a simulated network. */
@NullMarked
package io.odradek.broker.quorum;

import org.jspecify.annotations.NullMarked;
