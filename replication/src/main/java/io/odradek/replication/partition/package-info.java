/** One partition's leadership: who has which records, and what is therefore committed. Pure. */
@NullMarked
package io.odradek.replication.partition;

import org.jspecify.annotations.NullMarked;
