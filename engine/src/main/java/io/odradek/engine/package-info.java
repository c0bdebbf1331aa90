@NullMarked
package io.odradek.engine;

import org.jspecify.annotations.NullMarked;
