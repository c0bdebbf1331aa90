/** Tests. */
@NullMarked
package io.odradek.replication.quorum;

import org.jspecify.annotations.NullMarked;
