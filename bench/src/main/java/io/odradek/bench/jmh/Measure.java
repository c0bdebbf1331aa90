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
        Function<Map<String, String>, Amount> amount,
        Map<String, String> brief,
        List<Goal> goals) {

    String name() {
        return type.getSimpleName();
    }

    /** Names of the parameters it can be run with. */
    List<String> params() {
        // Of its own states; those that several measures share are listed with what makes a look brief.
        return Stream.concat(
                        Stream.concat(Stream.of(type), Arrays.stream(type.getDeclaredClasses()))
                                .flatMap(state -> Arrays.stream(state.getDeclaredFields()))
                                .filter(field -> field.isAnnotationPresent(Param.class))
                                .map(Field::getName),
                        brief.keySet().stream())
                .distinct()
                .sorted()
                .toList();
    }

    /** Names of the benchmark methods. */
    List<String> systems() {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .map(Method::getName)
                .sorted()
                .toList();
    }
}
