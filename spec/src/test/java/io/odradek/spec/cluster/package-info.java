/**
 * Whole clusters under one seed: brokers and controllers as shipped, from the requests' handlers down to the file system's calls, over a network,
 * disks and a clock that are simulated; in one thread.
 */
@NullMarked
package io.odradek.spec.cluster;

import org.jspecify.annotations.NullMarked;
