@NullMarked
package io.odradek.bench;

import org.jspecify.annotations.NullMarked;
