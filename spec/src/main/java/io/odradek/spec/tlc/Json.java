package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a JSON text says (RFC 8259), of numbers only whole ones: specifications have no others. */
sealed interface Json {
    /** @param members in the order of the text */
    record Members(Map<String, Json> members) implements Json {}

    record Elements(List<Json> elements) implements Json {}

    record Text(String value) implements Json {}

    record Whole(long value) implements Json {}

    record Truth(boolean value) implements Json {}

    record Nothing() implements Json {}

    static Json parse(String text) {
        Reader reader = new Reader(text);
        Json value = reader.value();
        reader.expectEnd();
        return value;
    }

    /** In one line. */
    static String write(Json value) {
        return switch (value) {
            case Members members ->
                members.members().entrySet().stream()
                        .map(member -> write(new Text(member.getKey())) + ": " + write(member.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            case Elements elements ->
                elements.elements().stream().map(Json::write).collect(Collectors.joining(", ", "[", "]"));
            case Text text -> quoted(text.value());
            case Whole whole -> Long.toString(whole.value());
            case Truth truth -> Boolean.toString(truth.value());
            case Nothing() -> "null";
        };
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }

    /** The text is no JSON. */
    final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Malformed(String message) {
            super(message);
        }
    }

    /** Reads a text from left to right. */
    final class Reader {
        private final String text;
        private int at;

        private Reader(String text) {
            this.text = text;
        }

        private Json value() {
            skipBlanks();
            return switch (peek()) {
                case '{' -> members();
                case '[' -> elements();
                case '"' -> new Text(string());
                case 't' -> word("true", new Truth(true));
                case 'f' -> word("false", new Truth(false));
                case 'n' -> word("null", new Nothing());
                default -> whole();
            };
        }

        private Json members() {
            Map<String, Json> members = new LinkedHashMap<>();
            expect('{');
            skipBlanks();
            if (peek() == '}') {
                at++;
                return new Members(members);
            }
            do {
                skipBlanks();
                String key = string();
                skipBlanks();
                expect(':');
                if (members.put(key, value()) != null) {
                    throw wrong("\"" + key + "\" for the second time");
                }
                skipBlanks();
            } while (goesOn('}'));
            return new Members(members);
        }

        private Json elements() {
            List<Json> elements = new ArrayList<>();
            expect('[');
            skipBlanks();
            if (peek() == ']') {
                at++;
                return new Elements(elements);
            }
            do {
                elements.add(value());
                skipBlanks();
            } while (goesOn(']'));
            return new Elements(elements);
        }

        private boolean goesOn(char end) {
            if (peek() == ',') {
                at++;
                return true;
            }
            expect(end);
            return false;
        }

        private String string() {
            expect('"');
            StringBuilder value = new StringBuilder();
            while (peek() != '"') {
                char next = text.charAt(at++);
                if (next < ' ') {
                    throw wrong("a control character within a string");
                }
                value.append(next == '\\' ? escaped() : next);
            }
            at++;
            return value.toString();
        }

        private char escaped() {
            char kind = peek();
            at++;
            return switch (kind) {
                case '"', '\\', '/' -> kind;
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'u' -> {
                    if (at + 4 > text.length()) {
                        throw wrong("the end within \\u");
                    }
                    at += 4;
                    try {
                        yield (char) Integer.parseInt(text, at - 4, at, 16);
                    } catch (NumberFormatException e) {
                        throw wrong("four hexadecimal digits expected after \\u");
                    }
                }
                default -> throw wrong("no escape: \\" + kind);
            };
        }

        private Json word(String word, Json value) {
            if (!text.startsWith(word, at)) {
                throw wrong("a value expected");
            }
            at += word.length();
            return value;
        }

        private Json whole() {
            int begin = at;
            if (peek() == '-') {
                at++;
            }
            while (at < text.length() && Character.isDigit(text.charAt(at))) {
                at++;
            }
            try {
                return new Whole(Long.parseLong(text, begin, at, 10));
            } catch (NumberFormatException e) {
                throw wrong("a value expected");
            }
        }

        private void skipBlanks() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            if (at >= text.length()) {
                throw wrong("more expected");
            }
            return text.charAt(at);
        }

        private void expect(char wanted) {
            if (peek() != wanted) {
                throw wrong("'" + wanted + "' expected");
            }
            at++;
        }

        private void expectEnd() {
            skipBlanks();
            if (at < text.length()) {
                throw wrong("the end expected");
            }
        }

        private Malformed wrong(String what) {
            long line = text.substring(0, Math.min(at, text.length()))
                            .chars()
                            .filter(c -> c == '\n')
                            .count()
                    + 1;
            return new Malformed("line " + line + ": " + what);
        }
    }
}
