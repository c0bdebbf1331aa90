/** A drawer. */
@NullMarked
package io.odradek.spec.architecture.planted.util;

import org.jspecify.annotations.NullMarked;
