package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The models and mutants of one module, as the file beside it has them; {@code tla/README.md} says what its keys mean. */
record ModelFile(String module, List<Model> models, List<Mutant> mutants) {
    private static final String SUFFIX = ".models.json";
    private static final int UNHURRIED = 10;

    /** All below a directory, in the order of their paths. */
    static List<ModelFile> below(Path directory) throws IOException {
        List<Path> paths;
        try (Stream<Path> files = Files.walk(directory)) {
            paths = files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        }
        List<ModelFile> found = new ArrayList<>();
        for (Path path : paths) {
            String name = path.getFileName().toString();
            ModelFile file = parse(name, Files.readString(path));
            if (!name.equals(file.module + SUFFIX)) {
                throw new IllegalArgumentException(name + ": is of the module " + file.module);
            }
            found.add(file);
        }
        return found;
    }

    static ModelFile parse(String name, String text) {
        Json json;
        try {
            json = Json.parse(text);
        } catch (Json.Malformed e) {
            throw new IllegalArgumentException(name + ", " + e.getMessage(), e);
        }
        JsonFields fields = new JsonFields(name, json);
        String module = fields.text("module");
        Map<String, Model> models = new LinkedHashMap<>();
        fields.object("models")
                .ifPresent(entries ->
                        entries.objects().forEach((key, entry) -> models.put(key, model(module, key, entry, models))));
        Map<String, Mutant> mutants = new LinkedHashMap<>();
        fields.object("mutants")
                .ifPresent(entries -> entries.objects().forEach((key, entry) -> {
                    if (models.containsKey(key)) {
                        throw entry.wrong("a model has this name");
                    }
                    mutants.put(key, mutant(module, key, entry, models));
                }));
        fields.expectNoOthers();
        boolean hasBugs = !mutants.isEmpty();
        return new ModelFile(
                module,
                models.values().stream()
                        .map(model -> hasBugs ? withoutBugs(model) : model)
                        .toList(),
                List.copyOf(mutants.values()));
    }

    private static Model withoutBugs(Model model) {
        return model.withCheck(withBugs(model.check(), List.of()));
    }

    /** In place of what the file may have said of them. */
    private static Check withBugs(Check check, List<String> bugs) {
        Map<String, String> constants = new LinkedHashMap<>(check.constants());
        constants.remove("Bugs");
        return check.with(it -> it.constants(constants).bugs(Optional.of(bugs)));
    }

    /** What is in {@code changes} wins; the order stays. */
    static Map<String, String> over(Map<String, String> base, Map<String, String> changes) {
        Map<String, String> merged = new LinkedHashMap<>(base);
        merged.putAll(changes);
        return merged;
    }

    private static Model model(String module, String key, JsonFields fields, Map<String, Model> before) {
        Optional<Model> like = fields.optionalText("like").map(name -> named(fields, name, before));
        Check base = like.map(Model::check).orElseGet(() -> Check.of(module));
        Check check = base.with(it -> it.constants(over(base.constants(), fields.values("constants")))
                .definitions(over(base.definitions(), fields.values("definitions")))
                .behaviour(behaviour(fields).orElse(base.behaviour()))
                .invariants(fields.texts("invariants").orElse(base.invariants()))
                .properties(fields.texts("properties").orElse(base.properties()))
                .symmetry(fields.texts("symmetry").orElse(base.symmetry()))
                .view(fields.optionalText("view").or(base::view).filter(view -> !view.isEmpty()))
                .constraints(fields.texts("constraints").orElse(base.constraints()))
                .actionConstraints(fields.texts("actionConstraints").orElse(base.actionConstraints()))
                .checkDeadlock(fields.truth("checkDeadlock", base.checkDeadlock()))
                .reached(fields.texts("reached").orElse(base.reached()))
                .resources(new Check.Resources(
                        fields.smallWhole("limitSeconds")
                                .orElse(base.resources().limitSeconds()),
                        fields.smallWhole("heapMb").orElse(base.resources().heapMb()),
                        fields.smallWhole("workers").orElse(base.resources().workers()))));
        Expectation expectation = fields.object("expect")
                .map(ModelFile::expectation)
                .orElseThrow(() -> fields.wrong("\"expect\" is missing"));
        if (expectation instanceof Expectation.Violates) {
            // Its search ends at the counterexample, so what is reached and fired says nothing.
            check = check.withReached(List.of());
        }
        Model model = new Model(
                module + "." + key,
                fields.text("claim"),
                fields.optionalText("profile").map(Profile::named).orElse(Profile.CI),
                check,
                expectation,
                fields.has("neverFires")
                        ? fields.values("neverFires")
                        : like.map(Model::neverFires).orElse(Map.of()),
                fields.object("unreduced")
                        .map(ModelFile::unreduced)
                        .or(() -> like.map(Model::unreduced)
                                .map(it -> new Model.Unreduced(it.constants(), it.definitions(), Optional.empty())))
                        .orElse(Model.Unreduced.NOTHING),
                fields.object("tolerance").map(ModelFile::tolerance));
        fields.expectNoOthers();
        return model;
    }

    private static Optional<Check.Behaviour> behaviour(JsonFields fields) {
        Optional<String> spec = fields.optionalText("spec");
        Optional<String> init = fields.optionalText("init");
        Optional<String> next = fields.optionalText("next");
        if (init.isPresent() != next.isPresent() || (spec.isPresent() && init.isPresent())) {
            throw fields.wrong("either \"spec\" or \"init\" and \"next\"");
        }
        if (init.isPresent()) {
            return Optional.of(new Check.Behaviour.InitNext(init.get(), next.orElseThrow()));
        }
        return spec.map(Check.Behaviour.Formula::new);
    }

    private static Expectation expectation(JsonFields fields) {
        Optional<String> violates = fields.optionalText("violates");
        OptionalLong distinct = fields.whole("distinct");
        OptionalInt depth = fields.smallWhole("depth");
        if (violates.isPresent() && distinct.isPresent()) {
            throw fields.wrong("where a property fails, not all states are found");
        }
        fields.expectNoOthers();
        return violates.<Expectation>map(property -> new Expectation.Violates(property, depth))
                .orElseGet(() -> new Expectation.Holds(distinct, depth));
    }

    private static Model.Unreduced unreduced(JsonFields fields) {
        Model.Unreduced unreduced = new Model.Unreduced(
                fields.values("constants"),
                fields.values("definitions"),
                fields.object("expect").map(ModelFile::expectation));
        fields.expectNoOthers();
        return unreduced;
    }

    private static Model.Tolerance tolerance(JsonFields fields) {
        Model.Tolerance tolerance = new Model.Tolerance(
                fields.text("protocol"),
                fields.text("durability"),
                number(fields, "replicas"),
                number(fields, "lossyCrashes"),
                number(fields, "fences"),
                question(fields));
        fields.expectNoOthers();
        return tolerance;
    }

    private static Model.Question question(JsonFields fields) {
        return switch (fields.text("asks")) {
            case "loses" -> Model.Question.LOSES;
            case "blocks" -> Model.Question.BLOCKS;
            default -> throw fields.wrong("\"asks\" is \"loses\" or \"blocks\"");
        };
    }

    private static int number(JsonFields fields, String key) {
        return fields.smallWhole(key).orElseThrow(() -> fields.wrong("\"" + key + "\" is missing"));
    }

    private static Mutant mutant(String module, String key, JsonFields fields, Map<String, Model> models) {
        Model base = named(fields, fields.text("base"), models);
        Check from = base.check();
        int limit = fields.smallWhole("limitSeconds").orElse(Check.LIMIT_SECONDS);
        List<String> actionConstraints = new ArrayList<>(from.actionConstraints());
        fields.optionalText("focus").ifPresent(actionConstraints::add);
        Check.Behaviour behaviour = fields.optionalText("spec")
                .<Check.Behaviour>map(Check.Behaviour.Formula::new)
                .orElse(from.behaviour());
        List<String> bugs = fields.texts("bugs")
                .filter(flags -> !flags.isEmpty())
                .orElseThrow(() -> fields.wrong("\"bugs\" is missing"));
        Check bounds = from.with(it -> it.constants(over(from.constants(), fields.values("constants")))
                .definitions(over(from.definitions(), fields.values("definitions")))
                .behaviour(fields.optionalText("init")
                        .map(init -> seeded(fields, behaviour, init))
                        .orElse(behaviour))
                .invariants(fields.texts("invariants").orElse(from.invariants()))
                .properties(fields.texts("properties").orElse(from.properties()))
                .symmetry(fields.texts("symmetry").orElse(from.symmetry()))
                .view(fields.optionalText("view").or(from::view).filter(view -> !view.isEmpty()))
                .actionConstraints(List.copyOf(actionConstraints))
                .reached(List.of())
                .resources(new Check.Resources(
                        limit, from.resources().heapMb(), from.resources().workers())));
        Check check = withBugs(bounds, bugs);
        Mutant mutant = new Mutant(
                module + "." + key,
                fields.optionalText("id"),
                base,
                check,
                fate(fields),
                fields.optionalText("profile").map(Profile::named).orElse(Profile.CI),
                fields.optionalText("control").map(Profile::named),
                fields.smallWhole("controlLimitSeconds").orElse(UNHURRIED * limit),
                fields.smallWhole("unreducedLimitSeconds").orElse(UNHURRIED * limit),
                fields.object("hiddenBy").map(ModelFile::hiddenBy),
                fields.text("cites"),
                fields.text("story"));
        fields.expectNoOthers();
        return mutant;
    }

    /** Fairness is not taken over: from a seed, safety is checked. */
    private static Check.Behaviour seeded(JsonFields fields, Check.Behaviour behaviour, String init) {
        return switch (behaviour) {
            case Check.Behaviour.InitNext from -> new Check.Behaviour.InitNext(init, from.next());
            case Check.Behaviour.Formula(String spec)
            when spec.equals("Spec") -> new Check.Behaviour.InitNext(init, "Next");
            case Check.Behaviour.Formula(String spec) ->
                throw fields.wrong(
                        "\"init\" instead of that of Spec, or of a model with \"init\" and \"next\", not of " + spec);
        };
    }

    private static Mutant.Fate fate(JsonFields fields) {
        Optional<String> property = fields.optionalText("fails");
        Optional<String> reason = fields.optionalText("equivalent");
        if (property.isPresent() == reason.isPresent()) {
            throw fields.wrong("either \"fails\" or \"equivalent\"");
        }
        return property.<Mutant.Fate>map(Mutant.Fate.Dies::new)
                .orElseGet(() -> new Mutant.Fate.Survives(reason.orElseThrow()));
    }

    private static Mutant.HiddenBy hiddenBy(JsonFields fields) {
        Optional<String> reduced = fields.optionalText("reduced");
        Optional<String> unreduced = fields.optionalText("unreduced");
        if (reduced.isPresent() == unreduced.isPresent()) {
            throw fields.wrong("either \"reduced\" or \"unreduced\"");
        }
        fields.expectNoOthers();
        return reduced.<Mutant.HiddenBy>map(Mutant.HiddenBy.Reductions::new)
                .orElseGet(() -> new Mutant.HiddenBy.FullStates(unreduced.orElseThrow()));
    }

    private static Model named(JsonFields fields, String name, Map<String, Model> models) {
        Model model = models.get(name);
        if (model == null) {
            throw fields.wrong("there is no model \"" + name + "\" before it");
        }
        return model;
    }
}
