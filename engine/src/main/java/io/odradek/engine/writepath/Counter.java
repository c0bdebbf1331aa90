package io.odradek.engine.writepath;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A count with one writing thread; any thread may read it and sees some recent value. Costs as much as a plain field. */
final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long value;

    void add(long increment) {
        VALUE.setOpaque(this, value + increment);
    }

    long get() {
        return (long) VALUE.getOpaque(this);
    }
}
