package io.odradek.replication.controller;

import org.jspecify.annotations.Nullable;

/** Which names a topic may have. */
public final class TopicNames {

    /** With the partition's number and a suffix the name is a directory's, for which 255 bytes is the common bound. */
    public static final int MAX_LENGTH = 249;

    /** What is wrong with the name, as Kafka words it; null when nothing is. */
    public static @Nullable String problem(String name) {
        if (name.isEmpty()) {
            return "Topic name is invalid: the empty string is not allowed";
        }
        if (name.equals(".") || name.equals("..")) {
            return "Topic name is invalid: '" + name + "' is not allowed";
        }
        if (name.length() > MAX_LENGTH) {
            return "Topic name is invalid: the length of '" + name + "' is longer than the max allowed length "
                    + MAX_LENGTH;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean allowed = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '.'
                    || c == '_'
                    || c == '-';
            if (!allowed) {
                return "Topic name is invalid: '" + name
                        + "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
            }
        }
        return null;
    }

    /** Names that differ only in '.' and '_' would share their metrics' names, so a cluster has one of them at most. */
    static String collisionKey(String name) {
        return name.replace('.', '_');
    }

    private TopicNames() {}
}
