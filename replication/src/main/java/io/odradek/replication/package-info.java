@NullMarked
package io.odradek.replication;

import org.jspecify.annotations.NullMarked;
