/**
 * A group of many files made durable by one sequential write: a redo log of bytes that lie in the segments' files already, in
 * the page cache.
 *
 * <pre>
 *   group ──▶ record in one half of the journal ──▶ acknowledged
 *                      │ half full, or old
 *                      ▼
 *             files really synced ──▶ recovery points move ──▶ half free
 * </pre>
 *
 * {@link Journal} writes, {@link JournalReplay} reads after a crash, {@link JournalFormat} knows the bytes.
 */
@NullMarked
package io.odradek.engine.journal;

import org.jspecify.annotations.NullMarked;
