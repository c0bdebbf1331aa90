package io.odradek.spec.simulation;

import java.util.IdentityHashMap;

/** The copies of the nodes of one store, each node once however many names it has. */
final class NodeCopies {
    private final IdentityHashMap<Node, Node> copies = new IdentityHashMap<>();

    void put(Node node, Node copy) {
        copies.put(node, copy);
    }

    Node of(Node node) {
        Node known = copies.get(node);
        if (known != null) {
            return known;
        }
        return switch (node) {
            case FileNode file -> {
                FileNode copy = file.copy();
                copies.put(file, copy);
                yield copy;
            }
            case DirectoryNode directory -> directory.copy(this);
        };
    }
}
