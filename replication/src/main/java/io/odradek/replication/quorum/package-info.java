/**
 * The metadata quorum: Raft in the shape that KRaft gave it (KIP-595, 630, 853, 996), as {@code tla/core/Quorum} specifies it. {@link
 * io.odradek.replication.quorum.QuorumMachine} is one server of it.
 */
@NullMarked
package io.odradek.replication.quorum;

import org.jspecify.annotations.NullMarked;
