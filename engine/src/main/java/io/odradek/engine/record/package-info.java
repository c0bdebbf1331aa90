/** Record batch v2: its layout, its checking, its building. No object per record on the way in. */
@NullMarked
package io.odradek.engine.record;

import org.jspecify.annotations.NullMarked;
