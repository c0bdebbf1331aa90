package io.odradek.spec.tlc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tla2sany.drivers.FrontEndException;
import tla2sany.drivers.SANY;
import tla2sany.modanalyzer.SpecObj;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.ModuleNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.StringNode;
import util.SimpleFilenameToStream;
import util.ToolIO;

/** Modules as TLA+'s own parser reads them. */
final class SanyModules {
    private static final List<String> STANDARD = List.of("Naturals", "Integers", "Sequences", "FiniteSets", "TLC");

    private final ModuleNode module;

    private SanyModules(ModuleNode module) {
        this.module = module;
    }

    /** @param directory with the module, and those that it extends */
    static SanyModules read(Path directory, String name) {
        SpecObj read = new SpecObj(
                directory.resolve(name + ".tla").toString(), new SimpleFilenameToStream(directory.toString()));
        PrintStream said = ToolIO.out;
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)) {
            ToolIO.out = nowhere;
            SANY.frontEndMain(read, name, nowhere);
        } catch (FrontEndException e) {
            throw new IllegalArgumentException(name, e);
        } finally {
            ToolIO.out = said;
        }
        ModuleNode root = read.getRootModule();
        if (root == null || read.getErrorLevel() > 0) {
            throw new IllegalArgumentException(
                    name + " is no TLA+: " + read.getParseErrors() + read.getSemanticErrors());
        }
        return new SanyModules(root);
    }

    /** All modules side by side, where the parser looks for them: with those of TLA+, which it would unpack somewhere for good. */
    static void layOut(Path specifications, Path directory) throws IOException {
        for (String standard : STANDARD) {
            try (InputStream text = Objects.requireNonNull(
                    SANY.class.getResourceAsStream("/tla2sany/StandardModules/" + standard + ".tla"), standard)) {
                Files.copy(text, directory.resolve(standard + ".tla"));
            }
        }
        try (Stream<Path> files = Files.walk(specifications)) {
            files.filter(file -> file.getFileName().toString().endsWith(".tla")).forEach(file -> {
                try {
                    Files.copy(file, directory.resolve(file.getFileName().toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    /**
     * What one conjunction says of an event.
     *
     * @param actions steps of the machine that it takes
     * @param is what it asks of the event's name
     * @param shows under which name it shows it
     */
    record Explanation(Set<String> actions, Set<String> is, Set<String> shows) {
        boolean isOfOneName() {
            return is.size() == 1 && is.equals(actions) && is.equals(shows);
        }
    }

    /** Of a trace module: its explanations of events, each wherever an event's name is asked for or shown. */
    List<Explanation> explanations(String machine) {
        List<Explanation> explanations = new ArrayList<>();
        explanations(body("TraceNext"), machine, explanations);
        return explanations;
    }

    /** Actions of a machine: disjuncts of {@code Next} with a name of their own, under any number of quantifiers. */
    Set<String> actions() {
        Set<String> actions = new TreeSet<>();
        actions(body("Next"), actions);
        return actions;
    }

    private SemanticNode body(String operator) {
        return module.getOpDef(operator).getBody();
    }

    private static void explanations(SemanticNode node, String machine, List<Explanation> found) {
        Explanation here = new Explanation(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
        List<SemanticNode> further = new ArrayList<>();
        for (SemanticNode conjunct : conjuncts(node)) {
            OpApplNode application = conjunct instanceof OpApplNode it ? it : null;
            String name = application == null
                    ? ""
                    : application.getOperator().getName().toString();
            if (application != null && name.equals("Is")) {
                here.is().add(string(application));
            } else if (application != null && name.equals("Shows")) {
                here.shows().add(string(application));
            } else if (application != null && isActionOf(application, machine)) {
                here.actions().add(actionOf((OpDefNode) application.getOperator()));
            } else {
                further.add(conjunct);
            }
        }
        if (!here.is().isEmpty() || !here.shows().isEmpty() || !here.actions().isEmpty()) {
            found.add(here);
        }
        for (SemanticNode conjunct : further) {
            if (conjunct instanceof OpApplNode application) {
                for (SemanticNode argument : arguments(application)) {
                    explanations(argument, machine, found);
                }
            }
        }
    }

    private static List<SemanticNode> conjuncts(SemanticNode node) {
        if (!(node instanceof OpApplNode application)
                || !Set.of("$ConjList", "\\land")
                        .contains(application.getOperator().getName().toString())) {
            return List.of(node);
        }
        return arguments(application).stream()
                .flatMap(argument -> conjuncts(argument).stream())
                .toList();
    }

    private static void actions(SemanticNode node, Set<String> actions) {
        if (node instanceof OpApplNode application) {
            if (application.getOperator() instanceof OpDefNode operator
                    && operator.getOriginallyDefinedInModuleNode() != null
                    && operator.getBody() != null) {
                actions.add(operator.getName().toString());
            } else {
                arguments(application).forEach(argument -> actions(argument, actions));
            }
        }
    }

    private static boolean isActionOf(OpApplNode application, String machine) {
        return application.getOperator() instanceof OpDefNode operator
                && operator.getOriginallyDefinedInModuleNode() != null
                && operator.getOriginallyDefinedInModuleNode()
                        .getName()
                        .toString()
                        .equals(machine)
                && operator.getBody() != null
                && operator.getBody().getLevel() == LevelConstants.ActionLevel;
    }

    /** Of a step for one choice, as {@code DecideOn(c, q)}, the action that leaves it open: {@code Decide(c)}, which is one for some q. */
    private static String actionOf(OpDefNode step) {
        for (OpDefNode action : step.getOriginallyDefinedInModuleNode().getOpDefs()) {
            if (action.getBody() instanceof OpApplNode quantified
                    && quantified.getOperator().getName().toString().equals("$BoundedExists")
                    && quantified.getArgs()[0] instanceof OpApplNode applied
                    && step.getName().equals(applied.getOperator().getName())) {
                return action.getName().toString();
            }
        }
        return step.getName().toString();
    }

    private static String string(OpApplNode application) {
        return ((StringNode) application.getArgs()[0]).getRep().toString();
    }

    private static List<SemanticNode> arguments(OpApplNode application) {
        List<SemanticNode> arguments = new ArrayList<>();
        for (@Nullable SemanticNode argument : application.getArgs()) {
            if (argument != null) {
                arguments.add(argument);
            }
        }
        return arguments;
    }
}
