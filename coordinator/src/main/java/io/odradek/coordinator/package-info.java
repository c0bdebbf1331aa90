@NullMarked
package io.odradek.coordinator;

import org.jspecify.annotations.NullMarked;
