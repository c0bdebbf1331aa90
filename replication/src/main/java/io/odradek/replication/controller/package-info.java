/**
 * The cluster's metadata: records, the {@link io.odradek.replication.controller.ClusterImage} they fold into, and the machine
 * that turns requests into records. Pure: no I/O, clock, thread or unseeded randomness.
 */
@NullMarked
package io.odradek.replication.controller;

import org.jspecify.annotations.NullMarked;
