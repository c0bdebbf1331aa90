package io.odradek.spec.tlc;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The constants of a check, as values. Each has to be asked for, or the model in Java is not of the same module. */
final class Constants {
    private static final Pattern FIELD = Pattern.compile("(\\w+) \\|-> (\\d+)");

    private final Check check;
    private final Map<String, String> unread = new HashMap<>();

    Constants(Check check) {
        this.check = check;
        unread.putAll(check.constants());
        unread.putAll(check.definitions());
    }

    int number(String name) {
        return Integer.parseInt(value(name));
    }

    boolean truth(String name) {
        return Boolean.parseBoolean(value(name));
    }

    /** What a string holds. */
    String string(String name) {
        String quoted = value(name);
        return quoted.substring(1, quoted.length() - 1);
    }

    String modelValue(String name) {
        return value(name);
    }

    /** What stands between the braces of a set. */
    List<String> set(String name) {
        String braced = value(name);
        return Stream.of(braced.substring(1, braced.length() - 1).split(", ?"))
                .filter(element -> !element.isEmpty())
                .toList();
    }

    /** The fields of a record of numbers. */
    Map<String, Integer> record(String name) {
        Map<String, Integer> fields = new TreeMap<>();
        Matcher field = FIELD.matcher(value(name));
        while (field.find()) {
            fields.put(field.group(1), Integer.parseInt(field.group(2)));
        }
        return fields;
    }

    private String value(String name) {
        String value = unread.remove(name);
        if (value == null) {
            throw new IllegalArgumentException(check.module() + " has no constant " + name + " left");
        }
        return value;
    }

    void expectAllRead() {
        if (!unread.isEmpty()) {
            throw new IllegalArgumentException("nobody asked for the constants " + unread);
        }
    }
}
