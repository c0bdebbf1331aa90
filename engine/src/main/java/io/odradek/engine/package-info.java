/** One machine's logs: what is on disk, who may append to it, and what a reader may see. */
@NullMarked
package io.odradek.engine;

import org.jspecify.annotations.NullMarked;
