package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A value as TLC prints it. What is compared part by part has a case of its own; everything else is its text. */
sealed interface TlaValue {
    /** A number, string, boolean, model value, or something that TLC prints in a way not read here. */
    record Atom(String text) implements TlaValue {
        @Override
        public String toString() {
            return text;
        }
    }

    record Sequence(List<TlaValue> elements) implements TlaValue {
        @Override
        public String toString() {
            return elements.isEmpty() ? "<<>>" : joined(elements, "<<", ">>");
        }
    }

    record Collection(List<TlaValue> elements) implements TlaValue {
        @Override
        public String toString() {
            return joined(elements, "{", "}");
        }
    }

    record Fields(Map<String, TlaValue> fields) implements TlaValue {
        @Override
        public String toString() {
            return fields.entrySet().stream()
                    .map(field -> field.getKey() + " |-> " + field.getValue())
                    .collect(Collectors.joining(", ", "[", "]"));
        }
    }

    /** A function, but for those that are sequences or records. */
    record Mapping(Map<TlaValue, TlaValue> entries) implements TlaValue {
        @Override
        public String toString() {
            return entries.entrySet().stream()
                    .map(entry -> entry.getKey() + " :> " + entry.getValue())
                    .collect(Collectors.joining(" @@ ", "(", ")"));
        }
    }

    static TlaValue parse(String text) {
        Reader reader = new Reader(text.strip());
        try {
            TlaValue value = reader.value();
            if (reader.atEnd()) {
                return value;
            }
        } catch (Reader.NotRead e) {
            // Then it is compared as a whole.
        }
        return new Atom(text.strip().replaceAll("\\s+", " "));
    }

    private static String joined(List<TlaValue> elements, String begin, String end) {
        return elements.stream().map(TlaValue::toString).collect(Collectors.joining(", ", begin, end));
    }

    /** Reads a value from left to right. */
    final class Reader {
        /** Not one of the values that are read. */
        static final class NotRead extends Exception {
            private static final long serialVersionUID = 1;

            NotRead(String message) {
                super(message);
            }
        }

        private final String text;
        private int at;

        private Reader(String text) {
            this.text = text;
        }

        private TlaValue value() throws NotRead {
            skipBlanks();
            if (next("<<")) {
                return new Sequence(elements(">>"));
            }
            if (next("{")) {
                return new Collection(elements("}"));
            }
            if (next("[")) {
                return new Fields(fields());
            }
            if (next("(")) {
                return new Mapping(entries());
            }
            return new Atom(text.startsWith("\"", at) ? quoted() : word());
        }

        private List<TlaValue> elements(String end) throws NotRead {
            List<TlaValue> elements = new ArrayList<>();
            if (next(end)) {
                return elements;
            }
            do {
                elements.add(value());
            } while (next(","));
            expect(end);
            return elements;
        }

        private Map<String, TlaValue> fields() throws NotRead {
            Map<String, TlaValue> fields = new LinkedHashMap<>();
            do {
                skipBlanks();
                String name = word();
                expect("|->");
                fields.put(name, value());
            } while (next(","));
            expect("]");
            return fields;
        }

        private Map<TlaValue, TlaValue> entries() throws NotRead {
            Map<TlaValue, TlaValue> entries = new LinkedHashMap<>();
            do {
                TlaValue key = value();
                expect(":>");
                entries.put(key, value());
            } while (next("@@"));
            expect(")");
            return entries;
        }

        private String quoted() throws NotRead {
            int end = at + 1;
            while (end < text.length() && text.charAt(end) != '"') {
                end += text.charAt(end) == '\\' ? 2 : 1;
            }
            if (end >= text.length()) {
                throw new NotRead("a string without an end");
            }
            String quoted = text.substring(at, end + 1);
            at = end + 1;
            return quoted;
        }

        private String word() throws NotRead {
            int begin = at;
            while (at < text.length() && isOfWord(text.charAt(at))) {
                at++;
            }
            if (at == begin) {
                throw new NotRead("a value expected");
            }
            return text.substring(begin, at);
        }

        /** The dot is of intervals, as in 1..3. */
        private static boolean isOfWord(char c) {
            return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
        }

        private boolean next(String symbol) {
            skipBlanks();
            if (!text.startsWith(symbol, at)) {
                return false;
            }
            at += symbol.length();
            return true;
        }

        private void expect(String symbol) throws NotRead {
            if (!next(symbol)) {
                throw new NotRead("'" + symbol + "' expected");
            }
        }

        private boolean atEnd() {
            skipBlanks();
            return at == text.length();
        }

        private void skipBlanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }
    }
}
