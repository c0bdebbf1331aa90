package io.odradek.spec.protocol;

import java.util.List;
import java.util.stream.IntStream;

/** A broker or a server, by its number: the first is 1. */
public record Node(int number) {
    /** Who leads when nobody does. */
    public static final Node NOBODY = new Node(0);

    static List<Node> first(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(Node::new).toList();
    }

    @Override
    public String toString() {
        return this.equals(NOBODY) ? "nobody" : Integer.toString(number);
    }
}
