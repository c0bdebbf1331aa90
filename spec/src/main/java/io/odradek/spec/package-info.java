@NullMarked
package io.odradek.spec;

import org.jspecify.annotations.NullMarked;
