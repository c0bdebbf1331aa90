/** What threads share of a segment, under stress. */
@NullMarked
package io.odradek.engine.segment;

import org.jspecify.annotations.NullMarked;
