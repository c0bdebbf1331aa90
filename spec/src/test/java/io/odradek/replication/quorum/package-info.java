/** The quorum's machine against the reference model of its specification. */
@NullMarked
package io.odradek.replication.quorum;

import org.jspecify.annotations.NullMarked;
