package io.odradek.bench.jmh;

import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The parameters of one row, by name.
 *
 * @param system name of the benchmark's method
 */
record Params(String system, Map<String, String> values) {
    Params {
        values = Map.copyOf(values);
    }

    static Params of(BenchmarkParams benchmark) {
        Map<String, String> values = new TreeMap<>();
        for (String key : benchmark.getParamsKeys()) {
            values.put(key, benchmark.getParam(key));
        }
        String method = benchmark.getBenchmark();
        return new Params(method.substring(method.lastIndexOf('.') + 1), values);
    }

    boolean areOurs() {
        return system.equals("odradek");
    }

    /** @throws IllegalArgumentException there is none of this name */
    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the benchmark has no parameter " + name);
        }
        return value;
    }

    int number(String name) {
        return Integer.parseInt(text(name));
    }

    /** Of a measure that may have it. */
    int number(String name, int otherwise) {
        return values.containsKey(name) ? number(name) : otherwise;
    }

    /** {@code shape}. */
    Shape shape() {
        return Shape.of(text("shape"));
    }
}
