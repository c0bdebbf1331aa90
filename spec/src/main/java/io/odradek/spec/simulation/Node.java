package io.odradek.spec.simulation;

/** What a directory entry names. */
sealed interface Node permits FileNode, DirectoryNode {

    /** The file system it lives on. */
    int mount();
}
