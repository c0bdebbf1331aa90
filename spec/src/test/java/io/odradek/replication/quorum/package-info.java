/** The quorum's machine against the reference model of its specification, and whether its checks notice mistakes. */
@NullMarked
package io.odradek.replication.quorum;

import org.jspecify.annotations.NullMarked;
