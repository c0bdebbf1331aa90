@NullMarked
package io.odradek.broker.cluster;

import org.jspecify.annotations.NullMarked;
