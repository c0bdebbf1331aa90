package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table at the head of a trace module: its first column has the fields of events. */
final class TraceTable {
    private static final String HEAD = "field of the event";
    private static final int COLUMN = 5;
    private static final Pattern FIELD = Pattern.compile("\\w+");

    private TraceTable() {}

    static Set<String> fields(Path module) throws IOException {
        Set<String> fields = new TreeSet<>();
        boolean within = false;
        int next = 0;
        for (String line : Files.readAllLines(module)) {
            if (line.contains(HEAD)) {
                within = true;
                next = line.indexOf("variable");
            } else if (line.startsWith("EXTENDS")) {
                return fields;
            } else if (within) {
                Matcher field = FIELD.matcher(line.substring(COLUMN, next));
                while (field.find()) {
                    fields.add(field.group());
                }
            }
        }
        throw new IllegalArgumentException(module + " has no table");
    }
}
