package io.odradek.spec.architecture.planted.engine;

import java.lang.foreign.Linker;

/** Planted: a native call. */
final class CallsC {
    static Linker linker() {
        return Linker.nativeLinker();
    }

    private CallsC() {}
}
