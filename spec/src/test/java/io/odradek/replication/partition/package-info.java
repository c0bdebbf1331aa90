/** The machines of a partition against the reference model of their specification. */
@NullMarked
package io.odradek.replication.partition;

import org.jspecify.annotations.NullMarked;
