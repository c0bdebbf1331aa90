@NullMarked
package io.odradek.broker.quorum;

import org.jspecify.annotations.NullMarked;
