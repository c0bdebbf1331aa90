/** What the product must not know. */
@NullMarked
package io.odradek.spec.architecture.planted.spec;

import org.jspecify.annotations.NullMarked;
