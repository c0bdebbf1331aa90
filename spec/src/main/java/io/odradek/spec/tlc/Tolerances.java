package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which protocol bears which failures, as TLC found it.
 *
 * <p>With a larger budget of faults a model has all the behaviours of a smaller one, and more. So what holds with a budget holds with
 * every smaller one, and what fails with it fails with every larger one: models at the edges fill the table.
 */
final class Tolerances {
    private static final String NOT_ASKED = "?";
    private static final String BLOCKS = "blocks";
    private static final String PAD = "  ";

    private Tolerances() {}

    /** What a part of the table has in common. */
    private record Setting(int replicas, String durability) {}

    private record Budget(int lossyCrashes, int fences) {
        boolean isWithin(Budget other) {
            return lossyCrashes <= other.lossyCrashes && fences <= other.fences;
        }
    }

    /** @param fails whether that comes to pass which was asked about */
    private record Answer(Model.Tolerance to, boolean fails) {
        Setting setting() {
            return new Setting(to.replicas(), to.durability());
        }

        Budget budget() {
            return new Budget(to.lossyCrashes(), to.fences());
        }
    }

    /** The names of the models that say something about it. */
    static List<String> modelsOf(List<ModelFile> files) {
        return models(files)
                .filter(model -> model.tolerance().isPresent())
                .map(Model::name)
                .toList();
    }

    static String table(List<ModelFile> files, List<Suite.Outcome> outcomes) {
        Map<String, Verdict> verdicts = outcomes.stream()
                .collect(Collectors.toMap(
                        outcome -> outcome.task().name(),
                        outcome -> outcome.result().verdict()));
        return table(models(files).toList(), verdicts);
    }

    static String table(List<Model> models, Map<String, Verdict> verdicts) {
        Map<Setting, List<Answer>> settings =
                new TreeMap<>(Comparator.comparingInt(Setting::replicas).thenComparing(Setting::durability));
        for (Model model : models) {
            Verdict verdict = verdicts.get(model.name());
            if (verdict != null && saysSomething(verdict)) {
                model.tolerance()
                        .map(to -> new Answer(to, !(verdict instanceof Verdict.Holds)))
                        .ifPresent(answer -> settings.computeIfAbsent(answer.setting(), _ -> new ArrayList<>())
                                .add(answer));
            }
        }
        StringBuilder table = new StringBuilder();
        settings.forEach((setting, answers) -> table.append(part(setting, answers)));
        return table.toString();
    }

    private static Stream<Model> models(List<ModelFile> files) {
        return files.stream().flatMap(file -> file.models().stream());
    }

    private static boolean saysSomething(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Holds(), Verdict.UnsafeBy _, Verdict.Unnamed _, Verdict.Deadlock() -> true;
            case Verdict.Failed _, Verdict.TooSlow _ -> false;
        };
    }

    /** A row for each budget, a column for each protocol. */
    private static String part(Setting setting, List<Answer> answers) {
        Set<String> protocols =
                answers.stream().map(answer -> answer.to().protocol()).collect(Collectors.toCollection(TreeSet::new));
        StringBuilder part = new StringBuilder(
                String.format(Locale.ROOT, "%n%d replicas, %s%n", setting.replicas(), setting.durability()));
        part.append("lossy crashes  fences");
        protocols.forEach(protocol -> part.append(PAD).append(padded(protocol, protocol)));
        part.append('\n');
        for (Budget budget : budgets(setting.replicas())) {
            part.append(String.format(Locale.ROOT, "%13d  %6d", budget.lossyCrashes(), budget.fences()));
            for (String protocol : protocols) {
                List<Answer> ofProtocol = answers.stream()
                        .filter(answer -> answer.to().protocol().equals(protocol))
                        .toList();
                part.append(PAD).append(padded(outcome(budget, ofProtocol), protocol));
            }
            part.append('\n');
        }
        return part.toString().lines().map(line -> line.stripTrailing() + "\n").collect(Collectors.joining());
    }

    /** As wide as the widest in the protocol's column. */
    private static String padded(String text, String protocol) {
        return text + " ".repeat(Math.max(protocol.length(), BLOCKS.length()) - text.length());
    }

    /** All of as many faults as there are replicas. */
    private static List<Budget> budgets(int replicas) {
        List<Budget> budgets = new ArrayList<>();
        for (int crashes = 0; crashes <= replicas; crashes++) {
            for (int fences = crashes == 0 ? 1 : 0; crashes + fences <= replicas; fences++) {
                budgets.add(new Budget(crashes, fences));
            }
        }
        return budgets;
    }

    private static String outcome(Budget budget, List<Answer> answers) {
        List<Answer> onLoss = about(Model.Question.LOSES, answers);
        List<Answer> onBlocking = about(Model.Question.BLOCKS, answers);
        if (fails(budget, onLoss)) {
            return "loses";
        }
        if (!holds(budget, onLoss)) {
            return NOT_ASKED;
        }
        if (fails(budget, onBlocking)) {
            return BLOCKS;
        }
        return holds(budget, onBlocking) ? "safe" : NOT_ASKED;
    }

    private static List<Answer> about(Model.Question question, List<Answer> answers) {
        return answers.stream().filter(answer -> answer.to().asks() == question).toList();
    }

    private static boolean fails(Budget budget, List<Answer> answers) {
        return answers.stream()
                .anyMatch(answer -> answer.fails() && answer.budget().isWithin(budget));
    }

    private static boolean holds(Budget budget, List<Answer> answers) {
        return answers.stream().anyMatch(answer -> !answer.fails() && budget.isWithin(answer.budget()));
    }
}
