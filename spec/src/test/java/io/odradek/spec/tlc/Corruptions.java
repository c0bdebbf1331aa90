package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Everything that can be wrong with one place of a recorded run. */
final class Corruptions {
    private Corruptions() {}

    enum Kind {
        FIELD("a field has another value"),
        NODE("another node"),
        NAME("another action"),
        DROPPED("an event is missing"),
        DROPPED_LAST("a node's last event is missing"),
        SWAPPED("two events of one node are swapped"),
        SWAPPED_APART("two events of different nodes are swapped");

        final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /**
     * @param event where, from 1
     * @param what the mistake, for who reads that it was accepted
     */
    record Corrupted(Kind kind, int event, String what, RecordedRun run) {
        String describe() {
            return "event " + event + ": " + what + ", now "
                    + Json.write(run.events().get(event - 1))
                    + (event < run.events().size()
                            ? ", " + Json.write(run.events().get(event))
                            : "");
        }
    }

    /** @param actor who took a step: events of one actor have an order */
    static List<Corrupted> of(RecordedRun run, Set<String> actions, Function<Map<String, Json>, String> actor) {
        List<String> actors =
                run.events().stream().map(event -> actor.apply(event.members())).toList();
        List<Corrupted> corrupted = new ArrayList<>();
        int last = run.events().size();
        for (int n = 2; n <= last; n++) {
            Map<String, Json> event = run.event(n);
            for (Map.Entry<String, Json> field : event.entrySet()) {
                Kind kind = switch (field.getKey()) {
                    case "event" -> Kind.NAME;
                    case "node" -> Kind.NODE;
                    default -> Kind.FIELD;
                };
                Set<String> names = kind == Kind.NAME ? actions : texts(run, field.getKey());
                for (Json wrong : others(field.getValue(), names)) {
                    corrupted.add(new Corrupted(
                            kind,
                            n,
                            field.getKey() + " is " + Json.write(wrong) + ", not " + Json.write(field.getValue()),
                            run.with(n, field.getKey(), wrong)));
                }
            }
            // Without its last event a run is one that ended earlier.
            if (n < last) {
                corrupted.add(new Corrupted(
                        actors.subList(n, last).contains(actors.get(n - 1)) ? Kind.DROPPED : Kind.DROPPED_LAST,
                        n,
                        "it is missing",
                        run.without(n)));
                if (!run.event(n).equals(run.event(n + 1))) {
                    corrupted.add(new Corrupted(
                            actors.get(n - 1).equals(actors.get(n)) ? Kind.SWAPPED : Kind.SWAPPED_APART,
                            n,
                            "it is swapped with the next",
                            run.swapped(n)));
                }
            }
        }
        return corrupted;
    }

    private static Set<String> texts(RecordedRun run, String field) {
        Set<String> texts = new TreeSet<>();
        run.events().forEach(event -> {
            if (event.members().get(field) instanceof Json.Text(String text)) {
                texts.add(text);
            }
        });
        return texts;
    }

    private static List<Json> others(Json right, Set<String> names) {
        return switch (right) {
            case Json.Whole(long number) -> List.of(new Json.Whole(number - 1), new Json.Whole(number + 1));
            case Json.Truth(boolean truth) -> List.of(new Json.Truth(!truth));
            case Json.Text(String text) ->
                names.stream()
                        .filter(name -> !name.equals(text))
                        .<Json>map(Json.Text::new)
                        .toList();
            case Json.Elements(List<Json> elements)
            when elements.isEmpty() -> List.of(new Json.Elements(List.of(new Json.Whole(1))));
            case Json.Elements(List<Json> elements) -> List.of(new Json.Elements(elements.subList(1, elements.size())));
            case Json.Members _, Json.Nothing() -> List.of();
        };
    }

    /** At most so many of each kind, drawn by the seed. */
    static List<Corrupted> sample(List<Corrupted> all, int ofAKind, long seed) {
        Map<Kind, List<Corrupted>> byKind = new LinkedHashMap<>();
        all.forEach(one ->
                byKind.computeIfAbsent(one.kind(), _ -> new ArrayList<>()).add(one));
        RandomGenerator random = new SplittableRandom(seed);
        List<Corrupted> sample = new ArrayList<>();
        for (List<Corrupted> kind : byKind.values()) {
            for (int i = 0; i < ofAKind && !kind.isEmpty(); i++) {
                int drawn = random.nextInt(kind.size());
                sample.add(kind.get(drawn));
                kind.set(drawn, kind.getLast());
                kind.removeLast();
            }
        }
        return sample;
    }
}
