package io.odradek.replication.controller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SortedTreeTest {

    /** Positive: bind; negative: remove. */
    @Property
    void behavesAsATreeMapAndOldCopiesDoNotChange(
            @ForAll @Size(max = 200) List<@IntRange(min = -40, max = 40) Integer> changes) {
        TreeMap<Integer, String> model = new TreeMap<>();
        SortedTree<Integer, String> tree = SortedTree.empty();
        List<SortedTree<Integer, String>> copies = new ArrayList<>();
        List<TreeMap<Integer, String>> models = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            int key = Math.abs(changes.get(i));
            if (changes.get(i) < 0) {
                model.remove(key);
                tree = tree.without(key);
            } else {
                model.put(key, "v" + i);
                tree = tree.with(key, "v" + i);
            }
            copies.add(tree);
            models.add(new TreeMap<>(model));
        }
        for (int i = 0; i < copies.size(); i++) {
            assertSame(copies.get(i), models.get(i));
        }
    }

    private static void assertSame(SortedTree<Integer, String> tree, NavigableMap<Integer, String> model) {
        assertThat(tree.size()).isEqualTo(model.size());
        assertThat(List.copyOf(entries(tree))).isEqualTo(List.copyOf(model.entrySet()));
        for (int key = 0; key <= 41; key++) {
            assertThat(tree.get(key)).isEqualTo(model.get(key));
        }
        assertThat(entries(tree.from(20)))
                .isEqualTo(List.copyOf(model.tailMap(20).entrySet()));
    }

    private static <K, V> List<Map.Entry<K, V>> entries(Iterable<Map.Entry<K, V>> entries) {
        List<Map.Entry<K, V>> list = new ArrayList<>();
        entries.forEach(list::add);
        return list;
    }

    @Test
    void aHundredThousandKeysInOrderStayShallowEnoughForTheStack() {
        SortedTree<Integer, Integer> tree = SortedTree.empty();
        for (int i = 0; i < 100_000; i++) {
            tree = tree.with(i, i);
        }
        for (int i = 0; i < 100_000; i += 2) {
            tree = tree.without(i);
        }
        assertThat(tree.size()).isEqualTo(50_000);
        assertThat(tree.get(99_999)).isEqualTo(99_999);
        assertThat(tree.get(99_998)).isNull();
    }

    @Test
    void equalityIsOfBindingsNotOfShape() {
        SortedTree<Integer, Integer> up = SortedTree.empty();
        SortedTree<Integer, Integer> down = SortedTree.empty();
        for (int i = 0; i < 100; i++) {
            up = up.with(i, i);
            down = down.with(99 - i, 99 - i);
        }
        assertThat(up).isEqualTo(down).hasSameHashCodeAs(down);
        assertThat(up).isNotEqualTo(down.with(5, 6));
    }
}
