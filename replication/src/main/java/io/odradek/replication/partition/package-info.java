/** One partition and its replicas: who has which records, what is therefore committed, who should be in sync. Pure. */
@NullMarked
package io.odradek.replication.partition;

import org.jspecify.annotations.NullMarked;
