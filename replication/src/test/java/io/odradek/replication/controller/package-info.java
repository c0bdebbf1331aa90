/** Tests. */
@NullMarked
package io.odradek.replication.controller;

import org.jspecify.annotations.NullMarked;
