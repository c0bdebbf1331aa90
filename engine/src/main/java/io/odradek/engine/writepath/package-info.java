/**
 * A shard: one ring, and behind it append, sync and settle. {@link io.odradek.engine.writepath.Shard} has the threads, {@link
 * io.odradek.engine.writepath.WritePath} the ring, its bounds and the stages, which the simulator calls without a thread.
 *
 * <pre>
 *              Admission            Appender            Syncer              Settler
 *  tryWrite -> bytes, slots -> ring -> stage, write --SyncGroup--> GroupSync     |
 *                                          |  appended                 | synced  |
 *                                          +---------------------------+-------> settle what either allows
 * </pre>
 *
 * An entry that needs no sync depends on the first sequence alone, one that needs it on the second; along one log what an
 * entry depends on never decreases.
 */
@NullMarked
package io.odradek.engine.writepath;

import org.jspecify.annotations.NullMarked;
