@NullMarked
package io.odradek.broker.quota;

import org.jspecify.annotations.NullMarked;
