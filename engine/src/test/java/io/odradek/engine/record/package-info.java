/** What tests build batches with. */
@NullMarked
package io.odradek.engine.record;

import org.jspecify.annotations.NullMarked;
