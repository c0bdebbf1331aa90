/**
 * The metadata quorum's host: {@link io.odradek.replication.quorum.QuorumMachine} decides, and here is what surrounds it. Kafka's
 * messages between controllers and back ({@code *Messages}), Kafka's control records, the hard state's file, the log and its snapshots.
 */
@NullMarked
package io.odradek.broker.quorum;

import org.jspecify.annotations.NullMarked;
