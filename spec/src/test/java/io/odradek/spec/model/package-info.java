/** A log against a list: histories of operations, shrunk to the shortest that fails. */
@NullMarked
package io.odradek.spec.model;

import org.jspecify.annotations.NullMarked;
