/**
 * The port to the disk, its real implementation, and how a group of files is made durable.
 *
 * <pre>
 *   PartitionLog, recovery, checkpoints        Syncer (one thread)
 *        | open, rename, syncDirectory ...          | sync(files)
 *        v                                          v
 *   FileStore --- StoreFile  <----------------  GroupSync --- SyncCosts: which is cheaper?
 *        |
 *        +-- DiskFileStore:  FileChannel, and syncfs(2) through the FFM API
 *        +-- spec.simulation.SimulatedFileStore:  forgets, tears, fails, by seed
 * </pre>
 *
 * <p>The only package that opens file channels or calls C. What has to be synced when is in docs/disk-format.md, "Durability
 * rules".
 */
@NullMarked
package io.odradek.engine.io;

import org.jspecify.annotations.NullMarked;
