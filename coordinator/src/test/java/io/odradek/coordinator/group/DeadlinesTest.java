package io.odradek.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

class DeadlinesTest {

    record Op(int kind, int key, int timeMs) {}

    @Provide
    Arbitrary<List<Op>> ops() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 4),
                        Arbitraries.integers().between(0, 20))
                .as(Op::new)
                .list()
                .ofMaxSize(60);
    }

    @Property
    void behaveAsAMapSearchedForItsSmallestTime(@ForAll("ops") List<Op> ops) {
        Deadlines<Integer> deadlines = new Deadlines<>();
        Map<Integer, Integer> model = new HashMap<>();
        for (Op op : ops) {
            switch (op.kind) {
                case 0, 1 -> {
                    deadlines.set(op.key, op.timeMs);
                    model.put(op.key, op.timeMs);
                }
                case 2 -> {
                    deadlines.cancel(op.key);
                    model.remove(op.key);
                }
                default -> {
                    Integer due = deadlines.takeDue(op.timeMs);
                    Integer earliest = earliest(model);
                    if (earliest == null || earliest > op.timeMs) {
                        assertThat(due).isNull();
                    } else {
                        assertThat(due).isNotNull();
                        assertThat(model.remove(due)).isEqualTo(earliest);
                    }
                }
            }
            Integer earliest = earliest(model);
            assertThat(deadlines.nextMs()).isEqualTo(earliest == null ? Deadlines.NEVER : earliest);
        }
    }

    private static @Nullable Integer earliest(Map<Integer, Integer> model) {
        return model.values().stream().min(Integer::compare).orElse(null);
    }
}
