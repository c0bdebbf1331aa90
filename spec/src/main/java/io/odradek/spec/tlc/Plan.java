package io.odradek.spec.tlc;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which tasks there are: models, mutants, and for each mutant the same bounds with no bug in them. */
final class Plan {
    /** What of the files is wanted. */
    enum Wanted {
        MODELS,
        MUTANTS,
        BOTH
    }

    private static final String NOT_REDUCED = ", not reduced";
    private static final String WITHOUT_THE_BUG = " without the bug";

    private final Profile profile;
    private final List<Model> models;
    private final Map<String, Task> tasks = new LinkedHashMap<>();

    private Plan(List<ModelFile> files, Profile profile) {
        this.profile = profile;
        models = files.stream().flatMap(file -> file.models().stream()).toList();
    }

    static List<Task> of(List<ModelFile> files, Profile profile, Wanted wanted) {
        Plan plan = new Plan(files, profile);
        if (wanted != Wanted.MUTANTS) {
            plan.models.stream()
                    .filter(model -> profile.includes(model.profile()))
                    .forEach(plan::add);
        }
        if (wanted != Wanted.MODELS) {
            files.stream()
                    .flatMap(file -> file.mutants().stream())
                    .filter(mutant -> profile.includes(mutant.profile()))
                    .forEach(plan::add);
        }
        return List.copyOf(plan.tasks.values());
    }

    /**
     * Those of these names, whatever their profile: {@code Isr}, {@code Isr.fence}, {@code fence}. Mutants come with their controls. A
     * name as only a task has it, {@code Isr.fence, not reduced}, stands for that task alone.
     *
     * @throws IllegalArgumentException for a name that nothing has
     */
    static List<Task> named(List<ModelFile> files, Profile profile, Wanted wanted, List<String> names) {
        Plan plan = new Plan(files, profile);
        for (String name : names) {
            int before = plan.tasks.size();
            boolean isKnown = plan.addDerived(files, name);
            for (ModelFile file : files) {
                boolean wholeFile = file.module().equals(name);
                for (Model model : file.models()) {
                    if (isCalled(model.name(), name)
                            || (wholeFile && wanted != Wanted.MUTANTS && profile.includes(model.profile()))) {
                        plan.add(model);
                        isKnown = true;
                    }
                }
                for (Mutant mutant : file.mutants()) {
                    if (isCalled(mutant.name(), name)
                            || (wholeFile && wanted != Wanted.MODELS && profile.includes(mutant.profile()))) {
                        plan.add(mutant);
                        isKnown = true;
                    }
                }
                isKnown |= wholeFile;
            }
            if (!isKnown && plan.tasks.size() == before) {
                throw new IllegalArgumentException("there is no module, model or mutant \"" + name + "\"");
            }
        }
        return List.copyOf(plan.tasks.values());
    }

    /** @return whether there is a task of this name which is neither a model's nor a mutant's own */
    private boolean addDerived(List<ModelFile> files, String name) {
        if (!name.endsWith(NOT_REDUCED) && !name.endsWith(WITHOUT_THE_BUG)) {
            return false;
        }
        Plan all = new Plan(files, Profile.NIGHTLY);
        models.forEach(all::addUnreduced);
        files.stream().flatMap(file -> file.mutants().stream()).forEach(all::add);
        Optional<Task> derived = all.tasks.values().stream()
                .filter(task -> isCalled(task.name(), name))
                .findFirst();
        derived.ifPresent(this::put);
        return derived.isPresent();
    }

    private static boolean isCalled(String full, String name) {
        return full.equals(name) || full.endsWith("." + name);
    }

    private void add(Model model) {
        boolean holds = model.expectation() instanceof Expectation.Holds;
        put(new Task(
                model.name(), Task.Kind.MODEL, model.check(), model.expectation(), model.neverFires(), holds, true));
        Optional<Expectation> counted = model.unreduced().expectation();
        // Most have so many states without reductions that nobody has counted them; that they fail takes less.
        if (profile == Profile.NIGHTLY && (counted.isPresent() || !holds)) {
            addUnreduced(model);
        }
    }

    private void addUnreduced(Model model) {
        if (!model.unreduced().changes(model.check())) {
            return;
        }
        Optional<Expectation> counted = model.unreduced().expectation();
        boolean holds = model.expectation() instanceof Expectation.Holds;
        put(new Task(
                unreduced(model.name()),
                Task.Kind.MODEL,
                model.unreduced().of(model.check()),
                counted.orElseGet(() -> uncounted(model.expectation())),
                model.neverFires(),
                holds,
                holds || counted.isPresent()));
    }

    private static Expectation uncounted(Expectation expectation) {
        return switch (expectation) {
            case Expectation.Holds _ -> Expectation.holds();
            case Expectation.Violates violates -> Expectation.violates(violates.property());
        };
    }

    private void add(Mutant mutant) {
        Expectation fate = switch (mutant.fate()) {
            case Mutant.Fate.Dies(String property) -> Expectation.violates(property);
            case Mutant.Fate.Survives _ -> Expectation.holds();
        };
        boolean hiddenByReductions = mutant.hiddenBy()
                .filter(Mutant.HiddenBy.Reductions.class::isInstance)
                .isPresent();
        boolean hiddenByFullStates = mutant.hiddenBy()
                .filter(Mutant.HiddenBy.FullStates.class::isInstance)
                .isPresent();
        mutant(mutant.name(), mutant.check(), hiddenByReductions ? Expectation.holds() : fate);
        if (profile == Profile.NIGHTLY && mutant.base().unreduced().changes(mutant.check())) {
            Check full = mutant.base().unreduced().of(mutant.check());
            mutant(
                    unreduced(mutant.name()),
                    limited(full, mutant.unreducedLimitSeconds()),
                    hiddenByFullStates ? Expectation.holds() : fate);
        }
        control(mutant);
    }

    private void mutant(String name, Check check, Expectation fate) {
        put(new Task(name, Task.Kind.MUTANT, check, fate, Map.of(), false, false));
    }

    /** The same with no bug: a model where there is one of these states, whose properties include those of the mutant. */
    private void control(Mutant mutant) {
        Check fixed = limited(mutant.check().withBugs(Optional.of(List.of())), mutant.controlLimitSeconds());
        Optional<Model> model = models.stream()
                .filter(candidate -> candidate.expectation() instanceof Expectation.Holds)
                .filter(candidate -> covers(candidate.check(), fixed))
                .findFirst();
        Profile when = mutant.controlProfile()
                .orElseGet(() -> model.map(Model::profile).orElse(mutant.profile()));
        if (!profile.includes(when)) {
            return;
        }
        if (model.isPresent()) {
            add(model.get());
            return;
        }
        boolean isThere = tasks.values().stream()
                .anyMatch(task -> task.kind() == Task.Kind.CONTROL && covers(task.check(), fixed));
        if (!isThere) {
            put(new Task(
                    mutant.name() + WITHOUT_THE_BUG,
                    Task.Kind.CONTROL,
                    fixed,
                    Expectation.holds(),
                    Map.of(),
                    false,
                    false));
        }
    }

    private static boolean covers(Check one, Check other) {
        return one.hasStatesOf(other)
                && one.invariants().containsAll(other.invariants())
                && one.properties().containsAll(other.properties())
                && (one.checkDeadlock() || !other.checkDeadlock());
    }

    private static Check limited(Check check, int seconds) {
        return check.withResources(new Check.Resources(
                seconds, check.resources().heapMb(), check.resources().workers()));
    }

    private static String unreduced(String name) {
        return name + NOT_REDUCED;
    }

    private void put(Task task) {
        tasks.putIfAbsent(task.name(), task);
    }
}
