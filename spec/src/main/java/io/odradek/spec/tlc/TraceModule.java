package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A module under {@code tla/trace}, by what its text says. How such a module is written, {@code tla/lib/Recorded.tla} tells.
 *
 * @param machine the module whose steps the events are
 * @param constants those of the machine, for which it says what holds if a run does not
 * @param names constants that are values of their own, with what they are called where a run does not say it
 * @param actions names of events
 */
record TraceModule(String name, String machine, Set<String> constants, Map<String, String> names, Set<String> actions) {
    private static final String SUFFIX = "Trace";
    private static final Pattern GIVEN = Pattern.compile("(?m)^Given_(\\w+)\\s*==");
    private static final Pattern NAME =
            Pattern.compile("(?m)^Given_(\\w+)\\s*==\\s*TraceName\\(\"\\w+\", \"(\\w+)\"\\)");
    private static final Pattern ACTION = Pattern.compile("\\bIs\\(\"(\\w+)\"");
    private static final Pattern WORD = Pattern.compile("(\\w+)");
    private static final Pattern EXTENDS = Pattern.compile("(?m)^EXTENDS\\s+(.*)$");

    /**
     * @param name of a machine or of its trace module, in any case: {@code Isr}, {@code isr}, {@code IsrTrace}
     * @throws IllegalArgumentException if there is none
     */
    static TraceModule named(Path specifications, String name) throws IOException {
        List<TraceModule> all = all(specifications);
        return all.stream()
                .filter(module -> module.machine.equalsIgnoreCase(name) || module.name.equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no runs of \"" + name + "\" can be checked, but of "
                        + String.join(
                                ", ", all.stream().map(TraceModule::machine).toList())));
    }

    /** That of the machine that a module is, or extends. */
    static Optional<TraceModule> of(Path specifications, String module) throws IOException {
        Set<String> extended = new TreeSet<>();
        collect(specifications, module, extended);
        return all(specifications).stream()
                .filter(trace -> extended.contains(trace.machine))
                .findFirst();
    }

    static List<TraceModule> all(Path specifications) throws IOException {
        List<TraceModule> all = new ArrayList<>();
        for (Path file : modules(specifications)) {
            String name = nameOf(file);
            if (name.endsWith(SUFFIX)) {
                all.add(parse(name, Files.readString(file)));
            }
        }
        return all;
    }

    private static TraceModule parse(String name, String text) {
        return new TraceModule(
                name,
                name.substring(0, name.length() - SUFFIX.length()),
                found(GIVEN, text),
                names(text),
                found(ACTION, text));
    }

    private static void collect(Path specifications, String module, Set<String> extended) throws IOException {
        for (Path file : modules(specifications)) {
            if (nameOf(file).equals(module) && extended.add(module)) {
                for (String line : found(EXTENDS, Files.readString(file))) {
                    for (String other : found(WORD, line)) {
                        collect(specifications, other, extended);
                    }
                }
            }
        }
    }

    private static List<Path> modules(Path specifications) throws IOException {
        try (Stream<Path> files = Files.walk(specifications)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".tla"))
                    .sorted()
                    .toList();
        }
    }

    private static String nameOf(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.toLowerCase(Locale.ROOT).lastIndexOf(".tla"));
    }

    private static Map<String, String> names(String text) {
        return NAME.matcher(text).results().collect(Collectors.toMap(it -> it.group(1), it -> it.group(2)));
    }

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher next = pattern.matcher(text);
        while (next.find()) {
            found.add(next.group(1));
        }
        return found;
    }
}
