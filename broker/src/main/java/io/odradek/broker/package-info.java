@NullMarked
package io.odradek.broker;

import org.jspecify.annotations.NullMarked;
