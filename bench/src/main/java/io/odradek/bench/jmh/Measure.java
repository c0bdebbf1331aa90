package io.odradek.bench.jmh;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * A benchmark class and what its figures mean.
 *
 * @param what it measures, a line
 * @param durability class of its writes: D1 page cache, D3 synced; a dash where nothing is written
 * @param amount what one operation, in JMH's sense, does with these parameters
 * @param brief parameters of a quick look
 */
record Measure(
        Class<?> type,
        String what,
        String durability,
        Function<Params, Amount> amount,
        Map<String, String> brief,
        List<Goal> goals) {

    String name() {
        return type.getSimpleName();
    }

    /** Names of the parameters it can be run with. */
    List<String> params() {
        // Of the states its benchmarks take; those of what these states take are listed with what makes a look brief.
        Stream<Class<?>> states = benchmarks().flatMap(method -> Arrays.stream(method.getParameterTypes()));
        return Stream.concat(
                        Stream.concat(Stream.of(type), states)
                                .flatMap(state -> Arrays.stream(state.getFields()))
                                .filter(field -> field.isAnnotationPresent(Param.class))
                                .map(Field::getName),
                        brief.keySet().stream())
                .distinct()
                .sorted()
                .toList();
    }

    /** Names of the benchmark methods. */
    List<String> systems() {
        return benchmarks().map(Method::getName).sorted().toList();
    }

    private Stream<Method> benchmarks() {
        return Arrays.stream(type.getMethods()).filter(method -> method.isAnnotationPresent(Benchmark.class));
    }
}
