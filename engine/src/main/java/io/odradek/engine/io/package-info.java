/** The port to the disk, its real implementation, and how a group of files is made durable. */
@NullMarked
package io.odradek.engine.io;

import org.jspecify.annotations.NullMarked;
