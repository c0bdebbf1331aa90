/** Stores that stand between the engine and another store, for tests of any module. */
@NullMarked
package io.odradek.engine.io;

import org.jspecify.annotations.NullMarked;
