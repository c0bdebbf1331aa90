/** Tests. */
@NullMarked
package io.odradek.broker.metadata;

import org.jspecify.annotations.NullMarked;
