/** Tests. */
@NullMarked
package io.odradek.replication.partition;

import org.jspecify.annotations.NullMarked;
